// Where results lie, a result directory or the shards below one, and the config that they carry.
#pragma once

#include <filesystem>
#include <vector>

#include "config/experiment_config.h"
#include "store/store_reader.h"

namespace deadrelu {

// DIR/shards/I-of-N that hold a store, by N and I; empty where DIR has none.
std::vector<std::filesystem::path> find_shards(const std::filesystem::path& directory);

// The stores of several directories: each one's own, then its shards'; none of them twice. Throws
// UserError(kInputOutput) for a directory with neither.
std::vector<std::filesystem::path> find_stores(const std::vector<std::filesystem::path>& directories);

// The config that a store carries, as a sweep to be walked. `directory`: of the store, for messages. Throws
// UserError where this program does not understand the config.
ExperimentConfig stored_config(const StoreHeader& header, const std::filesystem::path& directory);

}  // namespace deadrelu
