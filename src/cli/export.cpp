#include <map>

#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/result_directories.h"
#include "cli/training.h"
#include "config/json_files.h"
#include "config/parameter_arrays.h"
#include "store/output_file.h"

namespace deadrelu {
namespace {

struct ExportOptions {
  std::string directory, format = "csv", parameters;
  bool json = false;
};

// What a file of parameters depends on, for the runs that have some.
struct Written {
  bool single = true;
  ModelSpec model;
};
std::map<std::string, Written> runs_with_parameters(const StoreReader& store, const std::string& directory) {
  std::map<std::string, Written> runs;
  store.query(
      "SELECT DISTINCT run_id FROM parameters", [](const auto&) {},
      [&](std::span<const Cell> row) { runs[std::get<std::string>(row[0])] = {}; });
  if (runs.empty())
    throw UserError(
        ExitCode::kInputOutput,
        directory +
            R"(: no parameters are recorded; "record": {"parameters": ["initial", "final"]} in the config keeps them)");
  const ExperimentConfig config = stored_config(store.header(), directory);
  const RunStream all = config.runs();
  for (PlannedRun run; all(run);)
    if (const auto found = runs.find(hex_id(run.id)); found != runs.end())
      found->second = {run.spec.train.precision == Precision::kFloat32, run.spec.model};
  return runs;
}

// A file a run and step: DIR/parameters/RUN_ID-stepSTEP.safetensors.
int export_parameters(const ExportOptions& options) {
  const bool npz = options.parameters == "npz";
  if (!npz && options.parameters != "safetensors")
    throw usage_error("--parameters: '{}' is neither safetensors nor npz", options.parameters);
  const StoreReader store(options.directory);
  const auto runs = runs_with_parameters(store, options.directory);
  const std::filesystem::path folder = std::filesystem::path(options.directory) / "parameters";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail_input(folder, "cannot be made: {}", error.message());
  RowPrinter written(true);
  std::uint64_t count = 0;
  store.query(
      "SELECT run_id, step, layers FROM parameters ORDER BY run_id, step", [](const auto&) {},
      [&](std::span<const Cell> row) {
        const auto& id = std::get<std::string>(row[0]);
        const auto step = std::get<std::int64_t>(row[1]);
        const ParameterSet set =
            parse_parameters(R"({"layers": )" + std::get<std::string>(row[2]) + "}", options.directory);
        const auto& [single, model] = runs.at(id);
        const auto arrays = sequential_arrays(set, model);
        OutputFile file(folder, fmt::format("{}-step{}.{}", id, step, options.parameters));
        file.write(npz ? npz_text(arrays, single) : safetensors_text(arrays, single));
        file.commit();
        ++count;
        if (options.json)
          written.object({{"name", "parameters/" + file.name()}, {"run_id", id}, {"step", step}});
      });
  sync_directory(folder);
  if (options.json) written.finish();
  if (!options.json) print_text(fmt::format("{}: {} files\n", folder.string(), count));
  return 0;
}

int export_again(const ExportOptions& options) {
  if (!options.parameters.empty()) return export_parameters(options);
  const auto files = write_tables_again(options.directory, parse_formats(options.format));
  if (options.json) {
    RowPrinter rows(true);
    for (const ExportedFile& file : files)
      rows.object({{"name", file.name}, {"rows", file.rows}, {"sha256", file.sha256}});
    rows.finish();
    return 0;
  }
  std::string text;
  for (const ExportedFile& file : files)
    text += fmt::format("{}/{}: {} rows\n", options.directory, file.name, file.rows);
  print_text(text);
  return 0;
}

}  // namespace

void add_export(CommandLine& line) {
  Command command(line, "export", "writes the tables of a result directory again from its store",
                  R"(--parameters writes what record.parameters kept, and no tables: a file a run and step,
DIR/parameters/RUN_ID-stepSTEP.safetensors (or .npz), in the precision of the run. Names are those of
torch.nn.Sequential(Linear, activation, Linear, …): 0.weight, 0.bias, 2.weight, …; prelu's slope 1.weight. Where the
model has them, a normalization before or behind the activation and a Dropout behind both are modules too, which count.

Examples:
  deadrelu export results/quickstart --format csv,jsonl
  deadrelu export results/quickstart --parameters safetensors
  python -c 'from safetensors.torch import load_file; model.load_state_dict(load_file("FILE"))')");
  ExportOptions& options = command.calls(export_again);
  add_directory_argument(command, options.directory);
  add_format_option(command, options.format);
  command.option("--parameters", "safetensors|npz", options.parameters,
                 "instead of tables, the recorded parameters, as PyTorch loads them");
  command.flag("--json", options.json, "report the written files as a JSON array");
}

}  // namespace deadrelu
