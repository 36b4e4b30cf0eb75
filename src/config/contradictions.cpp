#include "config/contradictions.h"

#include "base/number.h"

namespace deadrelu {
namespace {

void check_model(const RunSpec& run, std::vector<Contradiction>& found) {
  const ActivationSpec& activation = run.model.activation;
  if (activation.kind == Activation::kRrelu && activation.lower > activation.upper)
    found.push_back({"model.activation.lower", "found lower " + number_text(activation.lower) + ", upper " +
                                                   number_text(activation.upper) +
                                                   "; lower may not be above upper"});
}

void check_optimizer(const OptimizerSpec& optimizer, std::vector<Contradiction>& found) {
  if (optimizer.kind != Optimizer::kSgd || !optimizer.nesterov) return;
  if (optimizer.momentum == 0)
    found.push_back({"train.optimizer.nesterov", "nesterov needs a momentum above 0; momentum is 0"});
  if (optimizer.dampening != 0)
    found.push_back({"train.optimizer.nesterov",
                     "nesterov needs dampening 0; dampening is " + number_text(optimizer.dampening)});
}

void check_points(const DataSpec& data, std::vector<Contradiction>& found) {
  if (data.inputs.size() != data.targets.size())
    found.push_back({"data.targets", "found " + std::to_string(data.targets.size()) +
                                         " rows; data.inputs has " + std::to_string(data.inputs.size()) +
                                         "; both need equally many"});
}

// What the keys of `data` alone tell of files.
void check_files(const RunSpec& run, std::vector<Contradiction>& found) {
  const DataSpec& data = run.data;
  if ((data.kind == DataKind::kIdx || data.kind == DataKind::kPermuted) && !data.test_images.empty() &&
      data.test_fraction != 0)
    found.push_back(
        {"data.test_fraction",
         "cannot be above 0 together with data.test_images: the test split comes from those files"});
  if (data.kind == DataKind::kCsv && data.task == Task::kClassification && data.target_columns.size() != 1)
    found.push_back(
        {"data.targets", "found " + std::to_string(data.target_columns.size()) +
                             " columns; a classification has one target column, the class label"});
  const bool needs_classes =
      run.train.loss == Loss::kCrossEntropy || run.train.loss == Loss::kBinaryCrossEntropy;
  if (data.kind == DataKind::kCsv && data.task == Task::kRegression && needs_classes)
    found.push_back({"train.loss",
                     "this loss needs classes, but data.task is regression; allowed: mse, half_mse, mae, or "
                     "data.task classification"});
  const bool has_test = !data.test_images.empty() || data.test_fraction > 0;
  if (run.record.probe_split == ProbeSplit::kTest && !has_test)
    found.push_back(
        {"record.probe.split",
         "the probe is to take the test split, but there is none; give data.test_fraction or test files"});
}

}  // namespace

std::vector<Contradiction> config_contradictions(const RunSpec& run, bool data_known) {
  std::vector<Contradiction> found;
  check_model(run, found);
  check_optimizer(run.train.optimizer, found);
  if (!data_known) return found;
  const DataSpec& data = run.data;
  if (data.kind == DataKind::kFunction && data.domain[0] >= data.domain[1])
    found.push_back({"data.domain", "found [" + number_text(data.domain[0]) + ", " +
                                        number_text(data.domain[1]) +
                                        "]; the first number has to be below the second"});
  if (data.kind == DataKind::kPoints) check_points(data, found);
  DataFacts facts;
  if (!found.empty() && data.kind == DataKind::kPoints) return found;
  if (facts_from_spec(data, facts)) {
    const auto more = find_contradictions(run, facts);
    found.insert(found.end(), more.begin(), more.end());
  } else {
    check_files(run, found);
  }
  return found;
}

}  // namespace deadrelu
