// Where results lie: a result directory, or the shards below one.
#pragma once

#include <filesystem>
#include <vector>

namespace deadrelu {

// DIR/shards/I-of-N that hold a store, by N and I; empty where DIR has none.
std::vector<std::filesystem::path> find_shards(const std::filesystem::path& directory);

// The stores of several directories: each one's own, then its shards'; none of them twice. Throws
// UserError(kInputOutput) for a directory with neither.
std::vector<std::filesystem::path> find_stores(const std::vector<std::filesystem::path>& directories);

}  // namespace deadrelu
