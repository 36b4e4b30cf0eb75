#include "cli/result_directories.h"

#include <cstdio>
#include <set>
#include <tuple>

#include "base/error.h"

namespace deadrelu {

std::vector<std::filesystem::path> find_shards(const std::filesystem::path& directory) {
  std::set<std::tuple<unsigned long long, unsigned long long, std::filesystem::path>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "shards", error)) {
    unsigned long long index = 0, count = 0;
    if (std::sscanf(entry.path().filename().c_str(), "%llu-of-%llu", &index, &count) != 2) continue;
    if (has_store(entry.path())) found.emplace(count, index, entry.path());
  }
  std::vector<std::filesystem::path> shards;
  for (const auto& [count, index, path] : found) shards.push_back(path);
  return shards;
}

std::vector<std::filesystem::path> find_stores(const std::vector<std::filesystem::path>& directories) {
  std::vector<std::filesystem::path> stores;
  std::set<std::filesystem::path> seen;
  const auto add = [&](const std::filesystem::path& store) {
    if (seen.insert(std::filesystem::weakly_canonical(store)).second) stores.push_back(store);
  };
  for (const std::filesystem::path& directory : directories) {
    const auto shards = find_shards(directory);
    if (!has_store(directory) && shards.empty())
      fail_input(directory, "holds no results (neither results.sqlite nor shards/*/results.sqlite)");
    if (has_store(directory)) add(directory);
    for (const auto& shard : shards) add(shard);
  }
  return stores;
}

ExperimentConfig stored_config(const StoreHeader& header, const std::filesystem::path& directory) {
  ConfigSource source;
  source.text = header.config;
  source.label = "the config in " + directory.string();
  source.directory = header.directory;
  source.default_name = header.name;
  try {
    return ExperimentConfig(source);
  } catch (const UserError& error) {
    // The config was right when it was stored.
    std::vector<Mistake> mistakes{{"", "", "the store is damaged, or by another deadrelu:"}};
    mistakes.insert(mistakes.end(), error.mistakes().begin(), error.mistakes().end());
    throw UserError(ExitCode::kInputOutput, mistakes);
  }
}

}  // namespace deadrelu
