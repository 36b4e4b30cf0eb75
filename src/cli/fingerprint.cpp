#include "cli/fingerprint.h"

#include <cstdlib>
#include <fstream>
#include <numeric>

#include "base/error.h"
#include "cli/print.h"
#include "cli/training.h"
#include "config/key_table.h"
#include "data/npy.h"

namespace deadrelu {
namespace {

constexpr const char *kTable = "table.csv", *kImages = "images.idx", *kLabels = "labels.idx",
                     *kArrays = "arrays.npz";

// Element i of an axis that is as long as the longest list of names: all of them, again and again, each time
// beginning one later, so that lists of one length meet in other pairs.
template <class Enum>
Json turn(std::size_t i) {
  const auto names = names_of<Enum>();
  return names[(i + i / names.size()) % names.size()];
}

Json all(std::span<const char* const> names) { return std::vector<std::string>(names.begin(), names.end()); }

// {"name": variant} and what else a group of that variant requires, as the spec starts with it.
Json variant_of(const std::string& group, const std::string& name) {
  const KeyTable& table = KeyTable::get();
  Json value = {{"name", name}};
  for (const KeyTable::Row& row : table.rows()) {
    const bool of_variant = row.selector == table.find_group(group)->selector &&
                            row.belongs_to(choice_index(table.rows()[row.selector].key, name));
    if (of_variant && row.key.required && parent_of(row.key.path) == group)
      value[last_of(row.key.path)] = value_of(row.key, RunSpec());
  }
  return value;
}

// Every function that formulas have, where all of them are finite.
Json every_function() {
  std::string sum = "a*x^2.5";
  for (const FormulaOpInfo& info : kFormulaOps) {
    if (info.function == nullptr) continue;
    sum.append(" + ").append(info.function).append("(0.5 + sigmoid(x)");
    for (std::size_t i = 1; i < info.operands; ++i) sum += ", sin(x)";
    sum += ')';
  }
  return {{"name", "expression"},
          {"formula", "where(x > 0, " + sum + ", b*x/(1 + x^2))/20"},
          {"a", 0.1},
          {"b", -0.2}};
}

Json all_tables() {
  Json names;
  for (const Table& table : result_tables())
    if (table.wanted != nullptr) names.push_back(table.name);
  return names;
}

Json optimizer(std::size_t i) {
  Json group = {
      {"name", turn<Optimizer>(i)}, {"learning_rate", 0.02}, {"weight_decay", i % 3 == 0 ? 0.1 : 0}};
  if (group["name"] == "sgd" || group["name"] == "rmsprop") group["momentum"] = i % 2 == 0 ? 0.9 : 0;
  return group;
}

// Every network on one set of data.
Json networks() {
  Json zip;
  for (std::size_t i = 0; i < names_of<WeightInit>().size(); ++i) {
    zip["train.optimizer"].push_back(optimizer(i));
    zip["train.loss"].push_back(turn<Loss>(i));
    zip["train.schedule"].push_back(turn<Schedule>(i));
    zip["train.sampling"].push_back(turn<Sampling>(i));
    zip["train.clip_norm"].push_back(i % 3 == 1 ? 0.5 : 0);
    zip["train.clip_value"].push_back(i % 3 == 2 ? 0.01 : 0);
    zip["train.stop"].push_back(i % 4 == 3 ? Json{{"patience", 1}, {"improvement", 0.1}} : Json::object());
    zip["init.weights"].push_back(turn<WeightInit>(i));
    zip["init.bias"].push_back(turn<BiasInit>(i));
    const auto output = turn<Activation>(5 * i);
    zip["model.output_activation"].push_back(output == name_of(Activation::kCrelu) ? "identity" : output);
    zip["model.normalization"].push_back({{"name", turn<Normalization>(3 * i)}});
    if (zip["model.normalization"].back()["name"] != name_of(Normalization::kNone))
      zip["model.normalization"].back()["position"] = turn<Position>(i);
    zip["model.dropout"].push_back(i % 2 == 0 ? 0.25 : 0);
    zip["record.probe.split"].push_back(turn<ProbeSplit>(i));
    zip["record.deaths"].push_back(turn<DeathWatch>(i));
  }
  Json config = Json::parse(R"({
    "data": { "kind": "moons", "samples": 150, "noise": 0.1, "test_fraction": 0.2, "standardize": true },
    "model": { "hidden": [7, 5] },
    "train": { "batch_size": 20, "steps": 40 },
    "record": { "every": 20, "effective_rank": true, "parameters": ["initial", "final"] }
  })");
  config["record"]["tables"] = all_tables();
  Json& activations = config["sweep"]["grid"]["model.activation"];
  for (const char* name : names_of<Activation>()) activations.push_back(variant_of("model.activation", name));
  activations.push_back(every_function());
  config["sweep"]["grid"]["train.precision"] = all(names_of<Precision>());
  config["sweep"]["zip"] = zip;
  return config;
}

// Adds a kind with what it needs, once for each name of what it can vary. The compiler tells of a new kind.
void add_data(DataKind kind, Json& axis) {
  Json data = {{"kind", name_of(kind)}};
  const auto add = [&](const char* keys) { data.update(Json::parse(keys)); };
  const auto add_each = [&](const char* key, std::span<const char* const> names) {
    for (const char* name : names) {
      data[key] = name;
      axis.push_back(data);
    }
  };
  switch (kind) {
    case DataKind::kFunction:
      add(R"({"samples": 50, "noise": 0.1, "domain": [-2, 2]})");
      for (const char* sampling : names_of<FunctionSampling>()) {
        data["sampling"] = sampling;
        add_each("function", names_of<TargetFunction>());
        data["function"] = {{"formula", {"a*sin(x1)*x3", "max(x2, x3)^2"}}, {"a", 1.5}};
        axis.push_back(data);
      }
      return;
    case DataKind::kPoints:
      add(R"({"inputs": [[-1, 2], [0.5, 1], [2, -3], [0, 0]], "targets": [[1], [0], [-1], [0.5]]})");
      axis.push_back(data);
      data["standardize_targets"] = true;
      break;
    case DataKind::kCsv:
      for (const char* task : names_of<Task>()) {
        data.update(
            {{"path", kTable}, {"targets", {task == names_of<Task>()[0] ? "y" : "class"}}, {"task", task}});
        axis.push_back(data);
      }
      return;
    case DataKind::kNpy:
      data.update({{"inputs", "inputs.npy"}, {"targets", "targets.npy"}});
      add_each("task", names_of<Task>());
      return;
    case DataKind::kNpz:
      data.update({{"path", kArrays}, {"test_inputs", "inputs"}, {"test_targets", "targets"}});
      break;
    case DataKind::kIdx:
      data.update({{"images", kImages}, {"labels", kLabels}});
      axis.push_back(data);
      data.update({{"test_images", kImages}, {"test_labels", kLabels}});
      break;
    case DataKind::kGaussian:
      add(R"({"samples": 50, "inputs": 3})");
      return add_each("target", names_of<GaussianTarget>());
    case DataKind::kTeacher:
      add(R"({"samples": 50, "hidden": [4, 3], "outputs": 2, "bias": 0.5, "test_fraction": 0.3, "seed": 3})");
      break;
    case DataKind::kBlobs:
      add(R"({"samples": 50, "inputs": 3, "classes": 4, "scale": 0.5, "offset": 1, "test_fraction": 0.2})");
      data["tasks"] = {{"every", {{"steps", 10}}}, {"ramp", 3}};
      for (const char* change : names_of<TaskChange>().subspan(1)) {
        data["tasks"]["change"] = change;
        axis.push_back(data);
      }
      data.erase("tasks");
      break;
    case DataKind::kSpirals:
      add(R"({"samples": 50, "noise": 0.1, "classes": 3, "turns": 1.5, "limit": 40})");
      break;
    case DataKind::kCircles: add(R"({"factor": 0.7, "targets": "inputs"})"); [[fallthrough]];
    case DataKind::kMoons:
    case DataKind::kXor: add(R"({"samples": 50, "noise": 0.1})"); break;
    case DataKind::kSlowlyChangingRegression:
      add(R"({"samples": 50, "inputs": 8, "slow_inputs": 5, "change_every": 30, "target_units": 9, "bin": 20})");
      break;
  }
  axis.push_back(data);
}

// Every kind of data for one network.
Json all_data() {
  Json axis;
  for (const DataKind kind : values_of<DataKind>()) add_data(kind, axis);
  Json config = Json::parse(R"({
    "data": { "kind": "moons" },
    "model": { "hidden": [6] },
    "train": { "batch_size": 4, "steps": 25, "optimizer": "adam" },
    "record": { "log": 3, "effective_rank": true, "deaths": "every_step" },
    "sweep": { "seeds": 3 }
  })");
  config["record"]["tables"] = all_tables();
  config["sweep"]["grid"] = {{"data", axis}, {"train.precision", all(names_of<Precision>())}};
  return config;
}

// Resets by every rule, with numbers that let it act soon, and its switches in turn.
Json resets() {
  Json config = Json::parse(R"({
    "data": { "kind": "moons", "samples": 150, "noise": 0.1 }, "model": { "hidden": [7, 5] },
    "init": { "bias": -0.2 }, "train": { "batch_size": 20, "steps": 60 }, "record": { "every": 20 }
  })");
  const KeyTable& table = KeyTable::get();
  const std::size_t selector = table.find_group("remedy.reset")->selector;
  Json& axis = config["sweep"]["grid"]["remedy.reset"];
  for (const char* rule : names_of<ResetRule>()) {
    Json value = {{"rule", rule}};
    for (const KeyTable::Row& row : table.rows()) {
      if (row.selector != selector || !row.belongs_to(static_cast<int>(axis.size()))) continue;
      const std::string key = last_of(row.key.path);
      if (row.key.type == KeyType::kInteger) value[key] = 10;
      if (row.key.type == KeyType::kReal && row.key.range.high == 1) value[key] = 0.5;
      if (row.key.type == KeyType::kChoice)
        value[key] = row.key.choices[axis.size() % row.key.choices.size()];
    }
    axis.push_back(value);
  }
  config["sweep"]["grid"]["train.optimizer"] = all(names_of<Optimizer>());
  config["record"]["tables"] = all_tables();
  return config;
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
    fail_input(path, "cannot be written");
}

// An IDX file: the header (type unsigned byte), then value(i) for each byte i.
template <class Value>
std::string idx_file(const std::vector<int>& sizes, Value value) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  int count = 1;
  for (const int size : sizes) {
    bytes += {'\0', '\0', '\0', static_cast<char>(size)};
    count *= size;
  }
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value(i));
  return bytes;
}

void write_data_files(const std::filesystem::path& folder) {
  std::string table = "x1,x2,class,y\n";
  for (int i = 0; i < 12; ++i)
    table += fmt::format("{},{},{},{}\n", i % 5 - 2, i * i % 7, i % 3, i % 4 * 0.5);
  write_file(folder / kTable, table);
  std::vector<double> inputs, targets;
  for (int i = 0; i < 24; ++i) inputs.push_back(i * i % 11 * 0.25 - 1);
  for (int i = 0; i < 12; ++i) targets.push_back(i * 5 % 3);
  const NamedArray arrays[] = {{"inputs", {12, 2}, inputs}, {"targets", {12}, targets}};
  for (const NamedArray& array : arrays) write_file(folder / (array.name + ".npy"), npy_text(array, true));
  write_file(folder / kArrays, npz_text(arrays, false));
  write_file(folder / kImages, idx_file({10, 2, 3}, [](int i) { return i * 37 % 256; }));
  write_file(folder / kLabels, idx_file({10}, [](int i) { return i % 3; }));
}

// A folder that is there as long as this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "deadrelu-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) fail_input(name, "no temporary folder can be made");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

JobResult train(const ConfigSource& source, const std::filesystem::path& folder) {
  const ExperimentConfig config(source);
  RunnerOptions runner;
  runner.simd = available_simd().front();
  return train_job({config, parse_selection("", config), folder / source.label, folder.string(), runner, {}},
                   ProgressMode::kNone);
}

}  // namespace

std::vector<ConfigSource> fingerprint_configs(const std::filesystem::path& folder) {
  write_data_files(folder);
  return {{networks().dump(), "networks", folder.string(), "networks", {}},
          {all_data().dump(), "data", folder.string(), "data", {}},
          {resets().dump(), "resets", folder.string(), "resets", {}}};
}

std::string fingerprint() {
  const TemporaryFolder folder;
  std::set<std::string> tables;  // in whatever order they are exported
  for (const ConfigSource& source : fingerprint_configs(folder.path())) {
    const JobResult result = train(source, folder.path());
    for (const auto& table : result.manifest.tables)
      if (table.name != "columns.json")  // words, no numbers
        tables.insert(source.label + ' ' + table.name + ' ' + table.sha256 + '\n');
  }
  const std::filesystem::path list = folder.path() / "tables.txt";
  write_file(list, std::accumulate(tables.begin(), tables.end(), std::string()));
  return sha256_of_file(list).substr(0, 16);
}

}  // namespace deadrelu
