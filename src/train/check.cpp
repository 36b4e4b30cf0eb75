#include "train/check.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/number.h"
#include "data/stream.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostParameters = 100'000'000;    // of one network
constexpr std::size_t kMostDataValues = 2'000'000'000;  // inputs and targets of all examples

using Found = std::vector<Contradiction>;

// One of two numbers may not be above the other.
void check_order(const std::string& path, const std::string& place, const char* low_name, double low,
                 const char* high_name, double high, Found& found) {
  if (low > high)
    found.push_back({place.empty() ? path + '.' + low_name : path,
                     place + "found " + low_name + ' ' + number_text(low) + ", " + high_name + ' ' +
                         number_text(high) + "; " + low_name + " may not be above " + high_name});
}

// Of a group that may be given as a list: its one value, or every entry.
template <class Spec, class Check>
void check_each(const std::string& path, const Spec& spec, const std::vector<Spec>& entries,
                const Check& check) {
  if (entries.empty()) return check(path, "", spec);
  for (std::size_t i = 0; i < entries.size(); ++i)
    check(path + ".layers", "entry " + std::to_string(i + 1) + ": ", entries[i]);
}

void check_length(const std::string& path, std::size_t entries, const ModelSpec& model, Found& found) {
  if (entries != 0 && entries != model.hidden.size())
    found.push_back({path, "found a list of " + std::to_string(entries) + "; the network has " +
                               std::to_string(model.hidden.size()) +
                               " hidden layers, and the list needs an entry for each"});
}

// Formulas have all the numbers that they use, and no others.
void check_numbers(const std::string& path, const std::string& place, const std::vector<Formula>& formulas,
                   const std::vector<NamedNumber>& given, Found& found) {
  const auto add = [&](const std::string& name, const std::string& sentence) {
    found.push_back({place.empty() ? path + '.' + name : path, place + sentence});
  };
  const auto is_given = [&](const std::string& name) {
    return std::any_of(given.begin(), given.end(),
                       [&](const NamedNumber& number) { return number.name == name; });
  };
  std::vector<std::string> used;
  for (const Formula& formula : formulas) {
    for (const Formula::Number& number : formula.numbers()) {
      if (std::find(used.begin(), used.end(), number.name) != used.end()) continue;
      used.push_back(number.name);
      if (!is_given(number.name))
        add(number.name,
            "the formula uses " + number.name + " in column " + std::to_string(number.column) +
                ", which is no input, function or constant; give a number of this name beside it");
    }
  }
  for (const NamedNumber& number : given)
    if (std::find(used.begin(), used.end(), number.name) == used.end())
      add(number.name, "unknown key \"" + number.name + "\": no formula uses a number of this name");
}

void check_model(const RunSpec& run, Found& found) {
  const ModelSpec& model = run.model;
  const auto check_activation = [&](const std::string& path, const std::string& place,
                                    const ActivationSpec& spec) {
    if (spec.kind == Activation::kRrelu)
      check_order(path, place, "lower", spec.lower, "upper", spec.upper, found);
    if (spec.kind == Activation::kExpression)
      check_numbers(path, place, std::vector{formula_of(spec)}, spec.numbers, found);
  };
  check_each("model.activation", model.activation, model.activations, check_activation);
  check_activation("model.output_activation", "", model.output_activation);
  if (model.output_activation.kind == Activation::kCrelu)
    found.push_back({"model.output_activation",
                     "crelu puts out two values a unit, and a target has one; allowed: all others"});
  check_length("model.activation.layers", model.activations.size(), model, found);
  check_length("model.bias", model.biases.size(), model, found);
  for (const std::uint64_t layer : run.train.freeze)
    if (layer > model.hidden.size() + 1)
      found.push_back({"train.freeze", "found " + std::to_string(layer) + "; the network has " +
                                           std::to_string(model.hidden.size() + 1) +
                                           " layers, the output layer included"});
}

void check_init(const RunSpec& run, Found& found) {
  const auto check = [&](const std::string& path, const std::string& place, const auto& init) {
    using Kind = decltype(init.kind);
    if (init.kind == Kind::kUniform) check_order(path, place, "low", init.low, "high", init.high, found);
  };
  check_each("init.weights", run.init.hidden.weights, run.init.weights, check);
  check_each("init.bias", run.init.hidden.bias, run.init.biases, check);
  check("init.output.weights", "", run.init.output.weights);
  check("init.output.bias", "", run.init.output.bias);
  check_length("init.weights.layers", run.init.weights.size(), run.model, found);
  check_length("init.bias.layers", run.init.biases.size(), run.model, found);
}

void check_schedule(const ScheduleSpec& schedule, Found& found) {
  if (schedule.kind != Schedule::kPhases) return;
  double before = 0;
  for (const auto& [until, factor] : schedule.phases) {
    if (until > 1 || until <= before)
      found.push_back({"train.schedule.phases",
                       "found a phase until " + number_text(until) + " after " + number_text(before) +
                           "; allowed: shares of the steps, at most 1, each above the last"});
    before = until;
  }
}

void check_clipping(const TrainSpec& train, Found& found) {
  if (train.clip_norm > 0 && train.clip_value > 0)
    found.push_back(
        {"train.clip_value", "cannot be above 0 together with train.clip_norm; give one of them"});
}

void check_optimizer(const OptimizerSpec& optimizer, Found& found) {
  if (optimizer.kind != Optimizer::kSgd || !optimizer.nesterov) return;
  if (optimizer.momentum == 0)
    found.push_back({"train.optimizer.nesterov", "nesterov needs a momentum above 0; momentum is 0"});
  if (optimizer.dampening != 0)
    found.push_back({"train.optimizer.nesterov",
                     "nesterov needs dampening 0; dampening is " + number_text(optimizer.dampening)});
}

bool needs_classes(const RunSpec& run) {
  return run.train.loss == Loss::kCrossEntropy || run.train.loss == Loss::kBinaryCrossEntropy;
}

void check_probe(const RunSpec& run, bool has_test, Found& found) {
  if (run.record.probe_split == ProbeSplit::kTest && !has_test)
    found.push_back(
        {"record.probe.split",
         "the probe is to take the test split, but there is none; give data.test_fraction or test files"});
}

void check_interval(const char* path, const std::array<double, 2>& interval, Found& found) {
  if (interval[0] >= interval[1])
    found.push_back({path, "found [" + number_text(interval[0]) + ", " + number_text(interval[1]) +
                               "]; the first number has to be below the second"});
}

void check_function(const DataSpec& data, Found& found) {
  check_interval("data.domain", data.domain, found);
  const std::vector<Formula>& formulas = formulas_of(data);
  check_numbers("data.function", "", formulas, data.numbers, found);
  const std::size_t inputs = inputs_of(formulas);
  const bool is_grid = data.function_sampling == FunctionSampling::kGrid && inputs > 1;
  if (is_grid && (inputs > 26 || data.samples >> inputs == 0))
    found.push_back({"data.samples", "found " + std::to_string(data.samples) + "; a grid of " +
                                         std::to_string(inputs) +
                                         " inputs has two examples a side or more, " +
                                         number_text(std::ldexp(1.0, static_cast<int>(inputs))) +
                                         " in all; take data.sampling uniform"});
}

void check_points(const DataSpec& data, Found& found) {
  if (data.target_source == TargetSource::kOwn && data.inputs->size() != data.targets->size())
    found.push_back({"data.targets", "found " + std::to_string(data.targets->size()) +
                                         " rows; data.inputs has " + std::to_string(data.inputs->size()) +
                                         "; both need equally many"});
}

void check_csv(const CsvSpec& csv, Found& found) {
  const std::string& delimiter = csv.delimiter;
  const bool word = delimiter.empty() || delimiter == "tab" || delimiter == "space";
  if (!word && (delimiter.size() != 1 || std::isalnum(static_cast<unsigned char>(delimiter[0])) != 0 ||
                std::string_view("\"'.+-\r\n").find(delimiter[0]) != std::string_view::npos))
    found.push_back(
        {"data.delimiter", "found \"" + delimiter +
                               "\"; allowed: one character that is no letter, digit, quote, sign or "
                               "point, \"tab\", \"space\" (any number of blanks), or null"});
  if (!csv.decimal.empty() && csv.decimal != "." && csv.decimal != ",")
    found.push_back({"data.decimal", "found \"" + csv.decimal + "\"; allowed: \".\", \",\" or null"});
}

void check_without_targets(const RunSpec& run, Found& found) {
  if (run.initial == nullptr || run.train.epochs > 0 || run.train.steps > 0)
    found.push_back(
        {"data.targets",
         "without targets a network can only be measured; give init.file and train.steps 0, or targets"});
  if (has_classes(run.data)) found.push_back({"data.task", "a classification needs data.targets"});
}

// What the keys of `data` alone tell of files.
void check_files(const RunSpec& run, Found& found) {
  const DataSpec& data = run.data;
  if (has_test_files(data) && data.test_fraction != 0)
    found.push_back(
        {"data.test_fraction",
         "cannot be above 0 together with data.test_images or data.test_inputs: the test split comes from there"});
  if (data.kind == DataKind::kCsv) check_csv(data.csv, found);
  const bool own = data.target_source == TargetSource::kOwn;
  if (own && data.kind == DataKind::kCsv && data.task == Task::kClassification &&
      data.csv.targets.size() != 1)
    found.push_back(
        {"data.targets", "found " + std::to_string(data.csv.targets.size()) +
                             " columns; a classification has one target column, the class label"});
  if (!has_classes(data) && needs_classes(run))
    found.push_back({"train.loss",
                     "this loss needs classes, but data.task is regression; allowed: mse, half_mse, mae, or "
                     "data.task classification"});
  if (!has_targets(data)) check_without_targets(run, found);
  check_probe(run, has_test_files(data) || data.test_fraction > 0, found);
}

void check_batch(const RunSpec& run, const DataFacts& facts, Found& found) {
  if (facts.train_samples == 0) {
    found.push_back({"data.test_fraction", "leaves no example to train on"});
  } else if (run.train.examples_a_step(facts.train_samples) > facts.train_samples) {
    found.push_back({"train.batch_size", "found " + std::to_string(run.train.batch_size) +
                                             "; the training split has only " +
                                             std::to_string(facts.train_samples) +
                                             " examples; allowed: up to that, or \"full\""});
  }
}

// Whether the targets of `points` are probabilities, one example's adding up to 1 where the loss is
// cross_entropy.
bool are_probabilities(const DataSpec& data, Loss loss) {
  return std::all_of(data.targets->begin(), data.targets->end(), [&](const std::vector<double>& target) {
    double sum = 0;
    for (const double p : target) {
      if (p < 0 || p > 1) return false;
      sum += p;
    }
    return loss != Loss::kCrossEntropy || std::abs(sum - 1) <= 1e-6;
  });
}

// How the targets of classes are written.
void check_class_targets(const RunSpec& run, Found& found) {
  const auto& [off, on] = run.data.one_hot;
  const std::string given = "found [" + number_text(off) + ", " + number_text(on) + "]; ";
  const bool changed = run.data.one_hot != DataSpec().one_hot;
  if (!has_classes(run.data)) {
    const char* const sentence = "the targets of this data are numbers, not classes";
    if (changed) found.push_back({"data.one_hot", sentence});
    if (run.data.one_output) found.push_back({"data.one_output", sentence});
  }
  if (off >= on)
    found.push_back({"data.one_hot", given + "the first number has to be below the second"});
  else if (changed && needs_classes(run))
    found.push_back({"data.one_hot", given + std::string(name_of(run.train.loss)) +
                                         " takes [0, 1]; allowed for others: mse, half_mse, mae"});
  if (run.data.one_output == true && run.train.loss == Loss::kCrossEntropy)
    found.push_back({"data.one_output", "cross_entropy needs an output a class"});
}

void check_loss(const RunSpec& run, const DataFacts& facts, Found& found) {
  if (needs_classes(run) && run.data.target_source == TargetSource::kInputs) {
    found.push_back({"train.loss",
                     "data.targets is \"inputs\", and this loss needs classes; allowed: mse, half_mse, mae"});
  } else if (needs_classes(run) && run.data.kind == DataKind::kPoints) {
    if (!are_probabilities(run.data, run.train.loss))
      found.push_back(
          {"train.loss",
           "this loss takes targets that are probabilities (cross_entropy: that add up to 1 in every "
           "example); allowed for these: mse, half_mse, mae"});
  } else if (needs_classes(run) && facts.shape.classes == 0)
    found.push_back({"train.loss",
                     "this loss needs classes, but the data is a regression; allowed: mse, half_mse, mae, or "
                     "classification data"});
  if (run.data.one_output == true && facts.shape.classes > 2)
    found.push_back({"data.one_output", "takes two classes; the data has " +
                                            std::to_string(facts.shape.classes) +
                                            "; allowed: false or null"});
}

void check_targets(const DataSpec& data, Found& found) {
  const bool are_inputs = data.target_source == TargetSource::kInputs;
  if (data.standardize_targets && has_classes(data))
    found.push_back(
        {"data.standardize_targets", "classes are no numbers to standardize; allowed: regression data"});
  if (data.standardize_targets && is_endless(data))
    found.push_back(
        {"data.standardize_targets", "an endless stream has no mean to subtract; use target_scale"});
  if (are_inputs && data.standardize_targets)
    found.push_back({"data.standardize_targets", "the targets are the inputs; use data.standardize"});
  if (are_inputs && data.target_scale != 1)
    found.push_back({"data.target_scale", "the targets are the inputs; use data.scale"});
}

void check_tasks(const RunSpec& run, Found& found) {
  const TaskSpec& tasks = run.data.tasks;
  const std::string change(name_of(tasks.change));
  if (is_endless(run.data))
    found.push_back({"data.tasks", "an endless stream has no tasks; allowed: any other kind"});
  if (tasks.change != TaskChange::kPermuteInputs && !has_classes(run.data))
    found.push_back({"data.tasks.change", change + " needs classes, but the data is a regression; allowed: " +
                                              std::string(name_of(TaskChange::kPermuteInputs))});
  if (tasks.change == TaskChange::kClasses && run.train.batch_size == 0 && run.train.batch_size_given)
    found.push_back({"train.batch_size", "tasks of some classes have no full batch; give a number"});
  if (tasks.steps > 0 && tasks.ramp > tasks.steps)
    found.push_back({"data.tasks.ramp", "found " + std::to_string(tasks.ramp) + "; a task has only " +
                                            std::to_string(tasks.steps) + " updates"});
}

// What only the data tells.
void check_task_classes(const RunSpec& run, const DataFacts& facts, Found& found) {
  const TaskSpec& tasks = run.data.tasks;
  if (tasks.change == TaskChange::kClasses && tasks.classes > facts.shape.classes)
    found.push_back({"data.tasks.classes", "found " + std::to_string(tasks.classes) + "; the data has only " +
                                               std::to_string(facts.shape.classes) + " classes"});
}

void check_slow_regression(const DataSpec& data, Found& found) {
  constexpr std::size_t kMostFast = SlowRegression::kMostFastInputs;
  if (data.slow_inputs > data.dimensions || data.dimensions - data.slow_inputs > kMostFast)
    found.push_back({"data.slow_inputs",
                     "found " + std::to_string(data.slow_inputs) + " of " + std::to_string(data.dimensions) +
                         " inputs; allowed: at most all of them, and so many that at most " +
                         std::to_string(kMostFast) + " are left"});
}

void check_endless(const RunSpec& run, Found& found) {
  if (run.data.standardize)
    found.push_back({"data.standardize", "an endless stream has no mean to subtract; use scale and offset"});
  if (run.train.epochs > 0)
    found.push_back({"train.epochs", "an endless stream has no epochs; give train.steps"});
  if (run.train.batch_size == 0)
    found.push_back({"train.batch_size", "an endless stream has no full batch; give a number"});
}

// What of `given` does not fit the layer; empty: nothing.
std::string misfit(const LayerParameters& given, const LayerShape& layer) {
  if (given.rows != layer.rows || given.inputs != layer.inputs)
    return "has weights of " + std::to_string(given.rows) + " by " + std::to_string(given.inputs) +
           ", the network has " + std::to_string(layer.rows) + " by " + std::to_string(layer.inputs);
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    const BlockKindInfo& kind = kBlockKinds[k];
    const std::size_t found = given.blocks[k].size(), expected = layer.blocks[k].size();
    if (kind.surplus != nullptr && found == 0) continue;
    if (kind.surplus != nullptr && expected == 0) return "has " + std::string(kind.surplus);
    if (found != expected)
      return "has " + std::to_string(found) + ' ' + kind.plural + ", the network has " +
             std::to_string(expected);
  }
  return "";
}

void check_initial(const ParameterSet& initial, const NetworkShape& shape, Found& found) {
  if (initial.layers.size() != shape.layers.size()) {
    found.push_back({"init.file", "the file has " + std::to_string(initial.layers.size()) +
                                      " layers, the network has " + std::to_string(shape.layers.size())});
    return;
  }
  const auto ends = [&](const char* what, const char* layout, std::size_t file, std::size_t data) {
    if (file != data)
      found.push_back({"init.file", "the file's network has " + std::to_string(file) + ' ' + what +
                                        ", the data " + std::to_string(data) + layout});
  };
  const LayerParameters &first = initial.layers.front(), &last = initial.layers.back();
  ends("inputs", first.rows == shape.inputs() ? " (is init.layout the other one?)" : "", first.inputs,
       shape.inputs());
  ends("outputs", "", last.rows, shape.layers.back().rows);
  if (!found.empty()) return;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    const std::string wrong = misfit(initial.layers[l], shape.layers[l]);
    if (!wrong.empty())
      found.push_back({"init.file", "layer " + std::to_string(l + 1) + " of the file " + wrong});
  }
}

void check_size(const RunSpec& run, const DataFacts& facts, Found& found) {
  const std::size_t samples = facts.train_samples + facts.test_samples;
  const std::size_t values = facts.shape.inputs + facts.shape.outputs;
  if (values > 0 && samples > kMostDataValues / values)
    found.push_back({"data.samples", "found " + std::to_string(samples) + " examples of " +
                                         std::to_string(values) + " numbers each; allowed: at most " +
                                         std::to_string(kMostDataValues) + " numbers"});
  const NetworkShape shape = network_shape(run.model, facts.shape.inputs, facts.shape.outputs);
  if (shape.parameter_count > kMostParameters)
    found.push_back({"model", "the network has " + std::to_string(shape.parameter_count) +
                                  " parameters; allowed: at most " + std::to_string(kMostParameters)});
  if (run.initial) check_initial(*run.initial, shape, found);
}

}  // namespace

std::vector<Contradiction> find_contradictions(const RunSpec& run, const DataFacts& facts) {
  Found found;
  check_batch(run, facts, found);
  if (run.data.kind == DataKind::kSlowlyChangingRegression) check_slow_regression(run.data, found);
  if (is_endless(run.data)) check_endless(run, found);
  check_loss(run, facts, found);
  check_task_classes(run, facts, found);
  check_probe(run, facts.test_samples > 0, found);
  if (facts.shape.inputs > 0 && facts.shape.outputs > 0) check_size(run, facts, found);
  return found;
}

std::vector<Contradiction> spec_contradictions(const RunSpec& run, bool data_known) {
  Found found;
  check_model(run, found);
  check_init(run, found);
  const bool has_shape = found.empty();
  check_optimizer(run.train.optimizer, found);
  check_schedule(run.train.schedule, found);
  check_clipping(run.train, found);
  if (!data_known || !has_shape) return found;
  check_class_targets(run, found);
  if (run.data.kind == DataKind::kFunction) check_function(run.data, found);
  if (run.data.kind == DataKind::kBlobs) check_interval("data.box", run.data.box, found);
  check_targets(run.data, found);
  if (run.data.tasks.change != TaskChange::kNone) check_tasks(run, found);
  if (run.data.kind == DataKind::kPoints) check_points(run.data, found);
  if (run.data.kind == DataKind::kPoints && !found.empty()) return found;
  DataFacts facts;
  if (!facts_from_spec(run.data, facts)) {
    check_files(run, found);
    return found;
  }
  const Found with_data = find_contradictions(run, facts);
  found.insert(found.end(), with_data.begin(), with_data.end());
  return found;
}

bool facts_from_spec(const DataSpec& spec, DataFacts& facts) {
  const auto shape = shape_from_spec(spec);
  if (!shape) return false;
  const std::size_t samples = spec.limit > 0 ? std::min(shape->samples, spec.limit) : shape->samples;
  facts.shape = *shape;
  facts.test_samples = test_samples(spec, samples);
  facts.train_samples = samples - facts.test_samples;
  return true;
}

}  // namespace deadrelu
