#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/result_directories.h"

namespace deadrelu {
namespace {

struct StatusOptions {
  std::string directory;
  bool missing = false, json = false;
};

// The ids of the runs of the stored sweep that are not recorded. Written as they come: there may be millions.
void write_missing(const StoreReader& store, const StatusOptions& options, StandardOutput& out) {
  const ExperimentConfig config = stored_config(store.header(), options.directory);
  const RunStream next = config.runs();
  const char* separator = "";
  for (PlannedRun run; next(run);) {
    if (!store.header().shard.contains(run.position) || store.recorded(run.id)) continue;
    out.write(options.json ? fmt::format("{}\"{}\"", std::exchange(separator, ","), hex_id(run.id))
                           : hex_id(run.id) + '\n');
  }
}

// The state of one store, as a JSON object or as lines for a person.
void write_status(const std::filesystem::path& directory, const std::string& title,
                  const StatusOptions& options, StandardOutput& out) {
  const StoreReader store(directory);
  const std::uint64_t runs = store.header().shard_runs(), recorded = store.recorded_count();
  const std::uint64_t diverged = store.diverged_count(), missing = runs > recorded ? runs - recorded : 0;
  if (options.json) {
    std::string object = json_text({{"name", store.header().name},
                                    {"runs", runs},
                                    {"recorded", recorded},
                                    {"missing", missing},
                                    {"diverged", diverged},
                                    {"complete", missing == 0}});
    if (options.missing) {
      out.write(object.substr(0, object.rfind('}')) + ", \"missing_runs\": [");
      write_missing(store, options, out);
      object = "]}\n";
    }
    out.write(object);
  } else if (options.missing) {
    write_missing(store, options, out);
  } else {
    out.write(fmt::format("{}: {} of {} runs recorded, {} missing, {} diverged; {}\n",
                          title.empty() ? store.header().name : title, recorded, runs, missing, diverged,
                          missing == 0 ? "complete" : "not complete"));
  }
}

int status(const StatusOptions& options) {
  const std::filesystem::path directory = options.directory;
  StandardOutput out;
  if (const auto shards = find_shards(directory); has_store(directory) || shards.empty()) {
    write_status(directory, "", options, out);
  } else {  // not merged yet: a line for each shard that was started
    const char* separator = "[\n";
    for (const std::filesystem::path& shard : shards) {
      if (options.json) out.write(std::exchange(separator, ","));
      write_status(shard, shard.string(), options, out);
    }
    if (options.json) out.write("]\n");
    if (!options.json && !options.missing)
      out.write("not merged yet: deadrelu merge " + options.directory + "\n");
  }
  out.flush();
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
