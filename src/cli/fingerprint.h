// A short text that stands for every number that this program computes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/experiment_config.h"

namespace deadrelu {

// The configs behind the fingerprint, made from the names of everything that can be chosen, and so wider with
// each that is added: every activation, loss, optimizer, schedule and initialization, every kind of data in
// each of its forms. Their data files are written into `folder`.
std::vector<ConfigSource> fingerprint_configs(const std::filesystem::path& folder);

// Of the tables of these configs, which it trains in a temporary folder: 16 hex digits. Throws
// UserError(kInputOutput) where nothing can be written there.
std::string fingerprint();

}  // namespace deadrelu
