#include <cmath>
#include <optional>

#include "cli/experiments.h"
#include "data/dataset.h"
#include "nn/model.h"
#include "train/check.h"

namespace deadrelu {
namespace {

// What one processor of about 2020 does for small networks in full packs: measured over the experiments.
constexpr double kMultiplyAddsPerSecond = 30e9;
constexpr double kOfUnit = 7;              // what a unit costs beside its multiplications, in these
constexpr double kOfRecording = 6;         // what an example costs that is recorded, in forward passes
constexpr double kLayerSeconds = 0.05e-6;  // of each layer, step and run
constexpr double kRunSeconds = 55e-6;      // to plan, store and export a run

// Facts of the data; files are read once, as all runs of a sweep usually share them.
class Facts {
 public:
  const DataFacts& of(const RunSpec& run) {
    if (facts_from_spec(run.data, facts_)) return facts_;
    const std::vector<DataFile> files = data_files(run.data);
    if (files != files_) {
      const Dataset<float> data = make_dataset<float>(run.data, run.seed);
      file_facts_ = {{data.inputs, data.outputs, data.classes}, data.train.samples, data.test.samples};
      files_ = files;
    }
    return file_facts_;
  }

 private:
  DataFacts facts_, file_facts_;
  std::vector<DataFile> files_;
};

double recorded_steps(const RecordSpec& record, double steps) {
  if (record.every > 0) return steps / static_cast<double>(record.every) + 1;
  return static_cast<double>(record.log_count + record.steps.size()) + 2;
}

double seconds_of(const RunSpec& run, const DataFacts& facts) {
  const NetworkShape shape = network_shape(run.model, facts.shape.inputs, facts.shape.outputs);
  double multiply_adds = static_cast<double>(shape.parameter_count);  // of an example, forward
  for (const LayerShape& layer : shape.layers) multiply_adds += kOfUnit * static_cast<double>(layer.rows);
  const auto train_samples = static_cast<double>(facts.train_samples);
  const double batch = run.train.batch_size == 0 ? train_samples : static_cast<double>(run.train.batch_size);
  const double steps = run.train.epochs > 0
                           ? static_cast<double>(run.train.epochs) * std::ceil(train_samples / batch)
                           : static_cast<double>(run.train.steps);
  double evaluated = train_samples + static_cast<double>(facts.test_samples);
  if (run.record.probe_samples > 0)
    evaluated = std::min(evaluated, 2 * static_cast<double>(run.record.probe_samples));
  // Forward, input gradient and weight gradient of a batch.
  multiply_adds *= 3 * batch * steps + kOfRecording * evaluated * recorded_steps(run.record, steps);
  return multiply_adds / kMultiplyAddsPerSecond +
         steps * static_cast<double>(shape.layers.size()) * kLayerSeconds + kRunSeconds;
}

}  // namespace

double estimated_seconds(const ExperimentConfig& config, std::size_t threads) {
  Facts facts;
  double seconds = 0;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) seconds += seconds_of(run.spec, facts.of(run.spec));
  return seconds / static_cast<double>(threads);
}

}  // namespace deadrelu
