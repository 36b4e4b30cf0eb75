// The config that a store carries, as a sweep to be walked.
#pragma once

#include <filesystem>

#include "config/experiment_config.h"
#include "store/result_store.h"

namespace deadrelu {

// `directory`: of the store, for messages. Throws UserError where this program does not understand the
// config.
ExperimentConfig stored_config(const StoreHeader& header, const std::filesystem::path& directory);

}  // namespace deadrelu
