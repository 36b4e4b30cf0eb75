#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/result_directories.h"
#include "store/store_reader.h"

namespace deadrelu {
namespace {

struct StatusOptions {
  std::string directory;
  bool missing = false, json = false;
};

// Calls `found` with the id of every run of the stored sweep that is not recorded.
template <class Found>
void walk_missing(const StoreReader& store, const std::string& directory, const Found& found) {
  const ExperimentConfig config = stored_config(store.header(), directory);
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (store.header().shard.contains(run.position) && !store.recorded(run.id)) found(hex_id(run.id));
  }
}

// The state of one store, as a JSON object or as lines for a person.
std::string store_status(const std::filesystem::path& directory, const std::string& title,
                         const StatusOptions& options) {
  const StoreReader store(directory);
  const std::uint64_t runs = store.header().shard_runs(), recorded = store.recorded_count();
  const std::uint64_t diverged = store.diverged_count(), missing = runs > recorded ? runs - recorded : 0;
  const auto missing_ids = [&](const auto& found) { walk_missing(store, options.directory, found); };
  if (options.json) {
    Json object{{"name", store.header().name}, {"runs", runs},         {"recorded", recorded},
                {"missing", missing},          {"diverged", diverged}, {"complete", missing == 0}};
    if (options.missing) {
      Json& ids = object["missing_runs"] = Json::array();
      missing_ids([&](const std::string& id) { ids.push_back(id); });
    }
    return json_text(object);
  }
  if (!options.missing) {
    return fmt::format("{}: {} of {} runs recorded, {} missing, {} diverged; {}\n",
                       title.empty() ? store.header().name : title, recorded, runs, missing, diverged,
                       missing == 0 ? "complete" : "not complete");
  }
  std::string text;
  missing_ids([&](const std::string& id) { text += id + '\n'; });
  return text;
}

// A directory whose shards are not merged yet: a line for each that was started.
int shards_status(const std::vector<std::filesystem::path>& shards, const StatusOptions& options) {
  StandardOutput out;
  const char* separator = "[\n";
  for (const std::filesystem::path& shard : shards) {
    if (options.json) out.write(std::exchange(separator, ","));
    out.write(store_status(shard, shard.string(), options));
  }
  if (options.json) out.write("]\n");
  if (!options.json && !options.missing)
    out.write("not merged yet: deadrelu merge " + options.directory + "\n");
  out.flush();
  return 0;
}

int status(const StatusOptions& options) {
  const std::filesystem::path directory = options.directory;
  if (const auto shards = find_shards(directory); !has_store(directory) && !shards.empty())
    return shards_status(shards, options);
  print_text(store_status(directory, "", options));
  return 0;
}

}  // namespace

void add_status(CommandLine& line) {
  Command command(line, "status", "what is recorded, missing, diverged in a result directory",
                  R"help(Reads only; works while the runs are being trained.

Examples:
  deadrelu status results/quickstart
  deadrelu status results/quickstart --missing | wc -l
  test "$(deadrelu status results/quickstart --json | jq .complete)" = true && echo finished)help");
  StatusOptions& options = command.calls(status);
  add_directory_argument(command, options.directory);
  command.flag("--missing", options.missing, "the ids of the missing runs, one a line");
  command.flag("--json", options.json, "a JSON object");
}

}  // namespace deadrelu
