#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/preflight.h"
#include "cli/result_directories.h"
#include "cli/stored_config.h"
#include "store/export.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr const char* kStatusExamples =
    "Reads only; works while the runs are being trained.\n"
    "\n"
    "Examples:\n"
    "  deadrelu status results/quickstart\n"
    "  deadrelu status results/quickstart --missing | wc -l\n"
    "  test \"$(deadrelu status results/quickstart --json | jq .complete)\" = true && echo finished";

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

struct Counts {
  std::uint64_t runs, recorded, diverged;
  std::uint64_t missing() const { return runs > recorded ? runs - recorded : 0; }
};

void print_json(const StoreReader& store, const StatusOptions& options, const Counts& counts,
                StandardOutput& out) {
  std::string text = "{\"name\": ";
  append_json_cell(text, Cell(store.header().name));
  out.write(
      text +
      fmt::format(", \"runs\": {}, \"recorded\": {}, \"missing\": {}, \"diverged\": {}, \"complete\": {}",
                  counts.runs, counts.recorded, counts.missing(), counts.diverged, counts.missing() == 0));
  if (options.missing) {
    const char* separator = "\n\"";
    out.write(", \"missing_runs\": [");
    walk_missing(store, options.directory, [&](const std::string& id) {
      out.write(separator + id + "\"");
      separator = ",\n\"";
    });
    out.write("]");
  }
  out.write("}\n");
}

void print(const StoreReader& store, const std::string& name, const StatusOptions& options,
           StandardOutput& out) {
  const Counts counts{store.header().shard_runs(), store.recorded_count(), store.diverged_count()};
  if (options.json) {
    print_json(store, options, counts, out);
  } else if (options.missing) {
    walk_missing(store, options.directory, [&](const std::string& id) { out.write(id + '\n'); });
  } else {
    out.write(fmt::format("{}: {} of {} runs recorded, {} missing, {} diverged; {}\n", name, counts.recorded,
                          counts.runs, counts.missing(), counts.diverged,
                          counts.missing() == 0 ? "complete" : "not complete"));
  }
}

// A directory whose shards are not merged yet: a line for each that was started.
int shards_status(const std::vector<std::filesystem::path>& shards, const StatusOptions& options) {
  StandardOutput out;
  if (options.json) out.write("[");
  const char* separator = "\n";
  for (const std::filesystem::path& shard : shards) {
    if (options.json) out.write(separator);
    separator = ",\n";
    print(StoreReader(shard), shard.string(), options, out);
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
  const StoreReader store(directory);
  StandardOutput out;
  print(store, store.header().name, options, out);
  out.flush();
  return 0;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("status", "what is recorded, missing, diverged in a result directory");
  const auto options = std::make_shared<StatusOptions>();
  add_directory_argument(*command, options->directory);
  command->add_flag("--missing", options->missing, "the ids of the missing runs, one a line");
  command->add_flag("--json", options->json, "a JSON object");
  command->footer(kStatusExamples);
  command->callback([options, &action] { action = [options] { return status(*options); }; });
}

}  // namespace deadrelu
