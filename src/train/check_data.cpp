#include "train/check_data.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/number.h"
#include "data/stream.h"

namespace deadrelu {

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

namespace {

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

}  // namespace

void check_data_keys(const RunSpec& run, Found& found) {
  check_class_targets(run, found);
  if (run.data.kind == DataKind::kFunction) check_function(run.data, found);
  if (run.data.kind == DataKind::kBlobs) check_interval("data.box", run.data.box, found);
  check_targets(run.data, found);
  if (run.data.tasks.change != TaskChange::kNone) check_tasks(run, found);
  if (run.data.kind == DataKind::kPoints) check_points(run.data, found);
}

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

void check_facts(const RunSpec& run, const DataFacts& facts, Found& found) {
  check_batch(run, facts, found);
  if (run.data.kind == DataKind::kSlowlyChangingRegression) check_slow_regression(run.data, found);
  if (is_endless(run.data)) check_endless(run, found);
  check_loss(run, facts, found);
  check_task_classes(run, facts, found);
  check_probe(run, facts.test_samples > 0, found);
}

}  // namespace deadrelu
