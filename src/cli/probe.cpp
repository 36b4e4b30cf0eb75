#include <algorithm>
#include <atomic>

#include "base/file_kind.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/training.h"
#include "config/parameter_arrays.h"
#include "data/input_file.h"
#include "probe/certificates.h"

namespace deadrelu {
namespace {

constexpr std::size_t kLayersAbreast = 8, kUnitsShown = 40;

struct ProbeOptions {
  std::string network, data, targets, activation, layout = "auto", out, table, format = "csv";
  std::vector<std::string> sets;
  RunnerChoices runner;
  bool json = false;
};

// The config that measures a network once, on all of its data, in double.
class ProbeConfig {
 public:
  explicit ProbeConfig(const ProbeOptions& options) : options_(options) {
    const auto layout = value_of<WeightLayout>(options.layout);
    if (!layout) throw usage_error("--layout: '{}' is none of auto, torch, keras", options.layout);
    parameters_ = read_parameter_file(options.network, *layout);
    source_ = {"", "probe", "", std::filesystem::path(options.network).stem().string().substr(0, 100),
               options.sets};
    config_ = {{"model", model()},
               {"init", {{"file", std::filesystem::absolute(options.network)}, {"layout", options.layout}}},
               {"train", {{"steps", 0}, {"precision", "float64"}, {"batch_size", "full"}}},
               {"record", {{"probe", {{"samples", "all"}}}, {"tables", {"metrics", "layers", "units"}}}}};
    if (!options.data.empty()) config_["data"] = data();
    if (classified_ && outputs() == 1) config_["train"]["loss"] = name_of(Loss::kBinaryCrossEntropy);
    source_.text = config_.dump();
    if (!options.activation.empty()) source_.sets.push_back("model.activation=" + options.activation);
    if (pieces_ > 1 && options_.activation[0] != '[')
      source_.sets.push_back(fmt::format("model.activation.pieces={}", pieces_));
  }

  // Chooses the strongest method that the network allows, as long as the user says nothing.
  void certify() {
    ConfigSource draft = source_;
    std::erase_if(draft.sets, [](const std::string& set) { return set.rfind("record", 0) == 0; });
    PlannedRun run;
    ExperimentConfig(draft).runs()(run);
    const Certify most = parameters_.layers[0].inputs > kMostExactInputs ? Certify::kLinear : Certify::kExact;
    const Certify method = std::min(most, strongest_certificate(run.spec.model));
    config_["record"]["certify"] = name_of(method);
    source_.text = config_.dump();
  }

  const ConfigSource& source() const { return source_; }

  // "5-16-3"
  std::string widths() const {
    std::string text = std::to_string(parameters_.layers[0].inputs);
    for (const LayerParameters& layer : parameters_.layers) text += '-' + std::to_string(layer.rows);
    return text;
  }

 private:
  std::size_t outputs() const { return parameters_.layers.back().rows; }

  Json model() {
    const auto& layers = parameters_.layers;
    Json model = {{"hidden", Json::array()}, {"output_bias", !layers.back()[BlockKind::kBias].empty()}};
    std::vector<bool> biases;
    const auto any = [&](BlockKind kind) {
      return std::ranges::any_of(layers, [&](const auto& layer) { return !layer[kind].empty(); });
    };
    for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
      const std::size_t rows = layers[l].rows, next = layers[l + 1].inputs;
      const bool maxout = options_.activation.find("maxout") != std::string::npos && rows % next == 0;
      if (maxout) pieces_ = rows / next;
      model["hidden"].push_back(maxout ? next : rows);
      biases.push_back(!layers[l][BlockKind::kBias].empty());
    }
    if (!biases.empty())
      model["bias"] =
          std::equal(biases.begin() + 1, biases.end(), biases.begin()) ? Json(bool{biases[0]}) : Json(biases);
    if (any(BlockKind::kSlope)) model["activation"] = name_of(Activation::kPrelu);
    const Normalization normalization = any(BlockKind::kRunningMean) ? Normalization::kBatchNorm
                                        : any(BlockKind::kShift)     ? Normalization::kLayerNorm
                                        : any(BlockKind::kGain)      ? Normalization::kRmsNorm
                                                                     : Normalization::kNone;
    if (normalization != Normalization::kNone)
      model["normalization"] = {{"name", name_of(normalization)}, {"affine", any(BlockKind::kGain)}};
    return model;
  }

  Json data() {
    const FileKind kind = file_kind(ByteSource(options_.data).start());
    const Json targets = options_.targets.empty() ? Json() : Json(options_.targets);
    switch (kind.format) {
      case FileFormat::kNpy: {
        if (!targets.is_null()) look_at(read_npy_file(options_.targets));
        return with_classes({{"kind", "npy"}, {"inputs", options_.data}, {"targets", targets}});
      }
      case FileFormat::kNpz: return npz();
      case FileFormat::kIdx: return {{"kind", "idx"}, {"images", options_.data}, {"labels", targets}};
      case FileFormat::kJson: {
        source_.directory = std::filesystem::path(options_.data).parent_path().string();
        const Json given = Json::parse(ExperimentConfig(read_config(options_.data, {})).resolved_json());
        config_["seed"] = given["seed"];
        config_["train"]["loss"] = given["train"]["loss"];
        return given["data"];
      }
      case FileFormat::kText: {
        classified_ = !targets.is_null() && outputs() > 1;
        const Json columns = targets.is_null() ? Json() : Json::array({targets});
        return with_classes({{"kind", "csv"}, {"path", options_.data}, {"targets", columns}});
      }
      case FileFormat::kSafetensors:
      case FileFormat::kForeign:
      case FileFormat::kUnknown: break;
    }
    fail_input(options_.data, foreign_file(kind, "a data file (.npy, .npz, CSV, IDX) or a config with data"));
  }

  Json npz() {
    const NpzFile file(options_.data);
    const std::vector<std::string> names = file.names();
    const std::string name = options_.targets.empty() ? "targets" : options_.targets;
    const bool given = !options_.targets.empty() || std::ranges::find(names, name) != names.end();
    Json data = {{"kind", "npz"}, {"path", options_.data}, {"targets", given ? Json(name) : Json()}};
    if (names.size() == 1) data["inputs"] = names[0];
    if (given) look_at(file.read(name));
    return with_classes(std::move(data));
  }

  // Whole numbers, one an example, are classes where the network has an output for each.
  void look_at(const Array& targets) {
    const bool one = !targets.shape.empty() && targets.row_size() == 1;
    classified_ = one && !is_float(targets.element) && (outputs() > 1 || targets.element == Element::kBool);
    classes_ = std::max<std::size_t>(outputs(), 2);
  }

  Json with_classes(Json data) const {
    if (classified_) data["task"] = name_of(Task::kClassification);
    if (classified_ && classes_ > 0) data["classes"] = classes_;
    return data;
  }

  const ProbeOptions& options_;
  ParameterSet parameters_;
  ConfigSource source_;
  Json config_;
  std::size_t pieces_ = 1;  // of maxout
  bool classified_ = false;
  std::size_t classes_ = 0;
};

// The text of the config is none of the user's: mistakes are told without its lines.
[[noreturn]] void throw_again(const UserError& error, const ProbeOptions& options, const std::string& label) {
  std::vector<Mistake> mistakes = error.mistakes();
  for (Mistake& mistake : mistakes) {
    if (mistake.place.rfind(label, 0) == 0) mistake.place = "";
    if (mistake.place.empty() && mistake.pointer == "/init/file")
      mistake = {options.network, "", mistake.sentence};
  }
  throw UserError(error.code(), mistakes);
}

FinishedRun measure(const ExperimentConfig& config, const RunnerOptions& runner) {
  FinishedRun measured;
  train_runs(config.runs(), runner, std::atomic<bool>(false),
             [&](std::vector<FinishedRun>& runs) { measured = std::move(runs.front()); });
  if (!measured.failure.empty())
    throw UserError(ExitCode::kRunFailed, "the network cannot be measured: " + measured.failure);
  return measured;
}

// [row][column]
std::vector<std::vector<Cell>> cells_of(const Table& table, const RunRecord& record) {
  const Rows rows = table.rows(record);
  std::vector<std::vector<Cell>> cells(rows.count);
  for (std::size_t r = 0; r < rows.count; ++r)
    for (const Column& column : table.columns) cells[r].push_back(column.read(rows[r]));
  return cells;
}

// The rows of a table side by side, with the last of their keys above, a line a column; columns that are empty everywhere are left out.
std::string side_by_side(const Table& table, const RunRecord& record) {
  const auto cells = cells_of(table, record);
  std::string text;
  for (std::size_t first = 0; first < cells.size(); first += kLayersAbreast) {
    TextTable shown{first == 0 ? table.name : "", {""}, {}};
    for (std::size_t c = table.keys - 1; c < table.columns.size(); ++c) {
      const std::string& name = table.columns[c].info.name;
      std::vector<TableCell> line{name};
      for (std::size_t r = first; r < std::min(first + kLayersAbreast, cells.size()); ++r) {
        if (c < table.keys)
          shown.heads.push_back(name + ' ' + shown_cell(cells[r][c], 6));
        else
          line.emplace_back(shown_cell(cells[r][c], 6));
      }
      const auto is_filled = [](const TableCell& cell) { return !cell.text.empty(); };
      if (std::any_of(line.begin() + 1, line.end(), is_filled)) shown.rows.push_back(std::move(line));
    }
    text += render(shown) + '\n';
  }
  return text;
}

// The units with any of the flags.
std::string flagged_units(const Table& table, const RunRecord& record) {
  TextTable shown{"", {"layer unit"}, {}};
  for (std::size_t c = table.keys; c < table.columns.size(); ++c)
    shown.heads.push_back(table.columns[c].info.name);
  const auto all = cells_of(table, record);
  for (const std::vector<Cell>& cells : all) {
    const auto flags = cells.begin() + static_cast<std::ptrdiff_t>(table.keys);
    if (std::find(flags, cells.end(), Cell(std::int64_t{1})) == cells.end()) continue;
    std::vector<TableCell>& line = shown.rows.emplace_back();
    line.emplace_back(shown_cell(cells[1], 6) + ' ' + shown_cell(cells[2], 6));
    for (std::size_t c = table.keys; c < cells.size(); ++c) line.emplace_back(shown_cell(cells[c], 6));
  }
  const std::size_t flagged = shown.rows.size(), hidden = flagged - std::min(flagged, kUnitsShown);
  shown.title = fmt::format("units with a flag: {} of {}", flagged, all.size());
  shown.rows.resize(flagged - hidden);
  return (flagged == 0 ? shown.title + '\n' : render(shown)) +
         (hidden > 0 ? fmt::format("  … and {} more; --table units has all\n", hidden) : "");
}

Json rows_as_json(const Table& table, const RunRecord& record) {
  Json list = Json::array();
  for (const std::vector<Cell>& cells : cells_of(table, record)) {
    Json& object = list.emplace_back(Json::object());
    for (std::size_t c = 0; c < cells.size(); ++c) object[table.columns[c].info.name] = json_of(cells[c]);
  }
  return list;
}

void print_csv(const Table& table, const RunRecord& record) {
  RowPrinter printer(false);
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.info.name);
  printer.columns(names);
  for (const std::vector<Cell>& cells : cells_of(table, record)) printer.row(cells);
  printer.finish();
}

// Of all tables, or of the one.
std::string tables_as_json(const Table* only, const RunRecord& record) {
  Json json;
  for (const Table& table : result_tables())
    if (only == nullptr ? !table.has_json() : &table == only) json[table.name] = rows_as_json(table, record);
  return json_text(json);
}

std::string normalization_text(const NormalizationSpec& spec) {
  return spec.kind == Normalization::kNone
             ? ""
             : fmt::format(", {} {}", name_of(spec.kind), name_of(spec.position));
}

std::string report(const ProbeOptions& options, const std::string& widths, const FinishedRun& run) {
  const RunRecord& record = run.record;
  std::string text = fmt::format("{}: {}, {}{}{}{}\n\n", options.network, widths,
                                 name_of(run.run.spec.model.activation.kind),
                                 normalization_text(run.run.spec.model.normalization),
                                 options.data.empty() ? "" : ", on ", options.data);
  if (record.outcome.status == RunStatus::kDiverged)
    text += "diverged: its loss, or a number before it, is infinite or not a number\n\n";
  for (const Table& table : result_tables()) {
    if (table.has_one_row() || table.has_json()) continue;
    text += table.keys < 3 ? side_by_side(table, record) : flagged_units(table, record);
  }
  return text;
}

const Table* find_table(const std::string& name) {
  if (name.empty()) return nullptr;
  std::vector<std::string> names;
  for (const Table& table : result_tables()) {
    if (table.name == name) return &table;
    names.push_back(table.name);
  }
  throw usage_error("--table: there is no table '{}'{}", name, suggestion(name, names));
}

int probe(const ProbeOptions& options) {
  set_up_log(Verbosity::kNormal);
  const Table* const table = find_table(options.table);
  const RunnerOptions runner = runner_options(options.runner);
  const ExportFormats formats = parse_formats(options.format);
  ProbeConfig made(options);
  const ConfigSource& source = made.source();
  FinishedRun run;
  try {
    made.certify();
    const ExperimentConfig config(source);
    if (config.run_count() != 1)
      throw usage_error("probe measures one network; train.steps 0 in a config measures several");
    DataReport found(false);
    check_data(config, {}, source.label, [&](const FoundData& data) { found.add(data); });
    run = measure(config, runner);
    const std::filesystem::path directory = std::filesystem::current_path() / source.directory;
    if (!options.out.empty())
      train_job({config, {}, options.out, directory.string(), runner, formats, false, &found},
                ProgressMode::kNone);
  } catch (const UserError& error) {
    throw_again(error, options, source.label);
  }
  if (options.json) {
    print_text(tables_as_json(table, run.record));
  } else if (table != nullptr) {
    print_csv(*table, run.record);
  } else {
    print_text(report(options, made.widths(), run));
  }
  return 0;
}

}  // namespace

void add_probe(CommandLine& line) {
  Command command(
      line, "probe", "layers and units of a saved network on a data file: the tables of a run at step 0",
      R"(NETWORK is a state_dict of dense layers as .safetensors or .npz (NAME.weight, NAME.bias; a PReLU's slope
and a normalization's NAME.weight, NAME.bias, NAME.running_mean, NAME.running_var too; where it stands and its epsilon say
model.normalization.position and .epsilon), or a line of parameters.jsonl. FILE is .npy, .npz (inputs, targets), CSV, IDX, or a config, whose
data, loss and seed are taken; any key of a config can be set. Without targets there are no losses and gradients. Whole
numbers as targets are classes where the network has an output for each; the loss is then cross_entropy
(one output: binary_cross_entropy), else mse. Everything is computed in float64 on all examples.
Units are certified dead, or alive, on the smallest box around the examples, or on record.domain, by the strongest
method of record.certify that the network allows.

Examples:
  deadrelu probe model.safetensors --data x_test.npy
  deadrelu probe model.safetensors --data mnist.npz --targets y_test --set data.inputs=x_test --set data.scale=0.00392157
  deadrelu probe model.npz --data table.csv --targets price --activation tanh --table units > units.csv
  deadrelu probe model.npz --data x.npy --activation '{"name": "leaky_relu", "slope": 0.2}' --out results/probed)");
  ProbeOptions& options = command.calls(probe);
  command.argument("NETWORK", options.network, "the saved network");
  command.option("--data", "FILE", options.data, "the examples; else --set data.kind=… says what they are");
  command.option(
      "--targets", "NAME|FILE", options.targets,
      "their targets: a .npy file beside one, an array of an .npz (default: targets, if there), a CSV "
      "file's column, an IDX file of labels");
  command.option(
      "--activation", "NAME|JSON", options.activation,
      "of the hidden layers (default: relu, or prelu where the file has slopes): model.activation");
  command.option("--layout", "auto|torch|keras", options.layout, "how the weights lie: init.layout");
  command.list("--set", "PATH=VALUE", options.sets, "set a key of the config; may be repeated");
  command.option("--table", "NAME", options.table, "only this table, as CSV");
  command.flag("--json", options.json, "all tables, or the one, as a JSON object");
  command.option("--out", "DIR", options.out, "also write the results, like those of a run");
  add_format_option(command, options.format);
  add_runner_options(command, options.runner);
}

}  // namespace deadrelu
