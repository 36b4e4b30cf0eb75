#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/experiment_config.h"
#include "store/export.h"

namespace deadrelu {
namespace {

constexpr const char* kListExamples =
    "CSV on standard output: position, run_id, seed and a column for every swept path. Runs are expanded "
    "while they\n"
    "are printed, so the first rows of a large sweep come at once.\n"
    "\n"
    "Examples:\n"
    "  deadrelu list sweep.json | head\n"
    "  deadrelu list sweep.json | wc -l\n"
    "  deadrelu list sweep.json --json | jq -r '.[].run_id'";

struct ListOptions {
  ConfigOptions config;
  bool json = false;
};

void list_as_csv(const ExperimentConfig& config, StandardOutput& out) {
  std::string line = "position,run_id,seed";
  for (const SweptColumn& column : config.swept_columns()) {
    line += ',';
    append_csv_cell(line, Cell(column.path));
  }
  out.write(line += '\n');
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    line.clear();
    append_integer(line, static_cast<std::int64_t>(run.position));
    line += ',';
    line += hex_id(run.id);
    line += ',';
    append_integer(line, static_cast<std::int64_t>(run.spec.seed));
    for (const SweptValue& value : run.values) {
      line += ',';
      append_csv_cell(line, value);
    }
    out.write(line += '\n');
  }
}

void list_as_json(const ExperimentConfig& config, StandardOutput& out) {
  std::vector<std::string> names;  // as JSON
  for (const SweptColumn& column : config.swept_columns())
    append_json_cell(names.emplace_back(), Cell(column.path));
  std::string line = "[\n";
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (run.position > 0) line += ",\n";
    line += "{\"position\": ";
    append_integer(line, static_cast<std::int64_t>(run.position));
    line += ", \"run_id\": \"" + hex_id(run.id) + "\", \"seed\": ";
    append_integer(line, static_cast<std::int64_t>(run.spec.seed));
    for (std::size_t i = 0; i < run.values.size(); ++i) {
      line += ", " + names[i] + ": ";
      append_json_cell(line, run.values[i]);
    }
    out.write(line += '}');
    line.clear();
  }
  out.write(line += "\n]\n");
}

int list(const ListOptions& options) {
  const ExperimentConfig config(read_config(options.config.config, options.config.sets));
  StandardOutput out;
  options.json ? list_as_json(config, out) : list_as_csv(config, out);
  out.flush();
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("list", "every run of a config: position, run id, seed, swept values");
  const auto options = std::make_shared<ListOptions>();
  add_config_options(*command, options->config);
  command->add_flag("--json", options->json, "a JSON array, one run a line");
  command->footer(kListExamples);
  command->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace deadrelu
