#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/experiment_config.h"
#include "store/export.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr const char* kExamples =
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
  ConfigSource source;
  source.text = store.header().config;
  source.label = "the config in " + directory;
  source.directory = ".";
  source.default_name = store.header().name;
  const ExperimentConfig config(source);
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (!store.recorded(run.id)) found(hex_id(run.id));
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

int status(const StatusOptions& options) {
  const StoreReader store(options.directory);
  const Counts counts{store.header().run_count, store.recorded_count(), store.diverged_count()};
  StandardOutput out;
  if (options.json) {
    print_json(store, options, counts, out);
  } else if (options.missing) {
    walk_missing(store, options.directory, [&](const std::string& id) { out.write(id + '\n'); });
  } else {
    out.write(fmt::format("{}: {} of {} runs recorded, {} missing, {} diverged; {}\n", store.header().name,
                          counts.recorded, counts.runs, counts.missing(), counts.diverged,
                          counts.missing() == 0 ? "complete" : "not complete"));
  }
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
  command->footer(kExamples);
  command->callback([options, &action] { action = [options] { return status(*options); }; });
}

}  // namespace deadrelu
