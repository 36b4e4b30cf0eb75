#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "config/experiment_config.h"

namespace deadrelu {
namespace {

struct ListOptions {
  ConfigOptions config;
  bool json = false;
};

int list_runs(const ListOptions& options) {
  const ExperimentConfig config(read_config(options.config.config, options.config.sets));
  std::vector<std::string> names{"position", "run_id", "seed"};
  for (const SweptColumn& column : config.swept_columns()) names.push_back(column.path);
  RowPrinter rows(options.json);
  rows.columns(names);
  std::vector<Cell> cells;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    cells.assign(
        {static_cast<std::int64_t>(run.position), hex_id(run.id), static_cast<std::int64_t>(run.spec.seed)});
    cells.insert(cells.end(), run.values.begin(), run.values.end());
    rows.row(cells);
  }
  rows.finish();
  return 0;
}

}  // namespace

void add_list(CommandLine& line) {
  Command command(
      line, "list", "every run of a config: position, run id, seed, swept values",
      R"(CSV on standard output: position, run_id, seed and a column for every swept path. Runs are
expanded while they are printed, so the first rows of a large sweep come at once.

Examples:
  deadrelu list sweep.json | head
  deadrelu list sweep.json | wc -l
  deadrelu list sweep.json --json | jq -r '.[].run_id')");
  ListOptions& options = command.calls(list_runs);
  add_config_options(command, options.config);
  command.flag("--json", options.json, "a JSON array, one run a line");
}

}  // namespace deadrelu
