// The engines lanes and wide give the same bits, whatever is trained.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pack_testing.h"
#include "probe/certificates.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

constexpr std::size_t kSamples = 75;

class Choices {
 public:
  explicit Choices(std::uint32_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class Enum>
  Enum any() {
    return values_of<Enum>()[below(values_of<Enum>().size())];
  }
  double uniform(double low, double high) { return low + (high - low) * (engine_() * 0x1p-32); }

 private:
  std::mt19937 engine_;
};

// A run that nobody would think of. The activation is given, so that every one has its turn.
RunSpec random_run(Choices& choices, Activation activation, std::size_t classes) {
  RunSpec run = small_run();
  run.model.hidden.clear();
  for (std::size_t layers = choices.below(5); layers > 0; --layers)
    run.model.hidden.push_back(choices.one_in(8) ? 250 + choices.below(60) : 1 + choices.below(40));
  run.model.activation.kind = activation;
  run.model.activation.pieces = 2 + static_cast<int>(choices.below(2));
  run.model.activation.at_zero = choices.one_in(3) ? 0.5 : 0;
  run.model.activation.formula = "x*sigmoid(a*x) + max(0, x - b)*log1p(x^2) - erf(x)^3/2";
  run.model.activation.numbers = {{"a", 1.5}, {"b", 0.25}};
  if (choices.one_in(2)) {
    for (std::size_t l = 0; l < run.model.hidden.size(); ++l) {
      run.model.activations.push_back(run.model.activation);
      if (l > 0) run.model.activations[l].kind = choices.any<Activation>();
      run.model.biases.push_back(choices.one_in(2));
    }
  }
  if (choices.one_in(2)) {
    do run.model.output_activation.kind = choices.any<Activation>();
    while (run.model.output_activation.kind == Activation::kCrelu);
  }
  run.model.normalization = {.kind = choices.any<Normalization>(), .position = choices.any<Position>()};
  run.model.normalization.affine = !choices.one_in(4);
  run.model.skip = choices.one_in(2);
  if (run.model.skip && run.model.hidden.size() > 1) run.model.hidden[1] = run.model.hidden[0];
  run.model.dropout = choices.one_in(2) ? 0.3 : 0;
  run.model.bias = !choices.one_in(4);
  run.model.output_bias = !choices.one_in(4);
  run.init.hidden.bias.value = 0.3;
  run.record.deaths = choices.any<DeathWatch>();
  TrainSpec& train = run.train;
  train.optimizer.kind = choices.any<Optimizer>();
  train.optimizer.learning_rate = train.optimizer.kind == Optimizer::kSgd ? 0.02 : 0.003;
  train.optimizer.momentum = choices.one_in(2) ? 0.9 : 0;
  train.optimizer.nesterov = train.optimizer.momentum > 0 && choices.one_in(2);
  train.optimizer.weight_decay = choices.one_in(2) ? 0.01 : 0;
  train.clip_norm = choices.one_in(2) ? 0.5 : 0;
  train.clip_value = train.clip_norm == 0 && choices.one_in(2) ? 0.02 : 0;
  if (choices.one_in(3)) train.freeze = {1 + choices.below(run.model.hidden.size() + 1)};
  train.optimizer.library = choices.any<Library>();
  run.remedy.penalty = {choices.any<Penalty>(), 0.02};
  if (choices.one_in(3)) run.remedy.perturb = {0.01, 0.01, choices.any<Noise>(), 1 + choices.below(5)};
  if (choices.one_in(3)) run.remedy.clip_weights.kappa = 1;
  const NormalizationSpec& normalization = run.model.normalization;
  if (run.model.bias && run.model.biases.empty() &&
      (normalization.kind == Normalization::kNone || normalization.position == Position::kAfterActivation)) {
    if (choices.one_in(3)) run.remedy.lift = {1 + choices.below(5), 1 + choices.below(5)};
    run.init.adjust.kind = choices.any<Adjust>();
  }
  train.batch_size = choices.one_in(4) ? 1 : choices.below(kSamples + 1);  // 0: all examples
  train.sampling = choices.any<Sampling>();
  const bool couples = run.model.normalization.kind == Normalization::kBatchNorm;
  if (couples && (train.batch_size == 1 || kSamples % std::max<std::size_t>(train.batch_size, 1) == 1))
    train.batch_size = 0;
  if (classes == 1)
    train.loss = Loss::kBinaryCrossEntropy;
  else if (classes > 1)
    train.loss = Loss::kCrossEntropy;
  else
    do train.loss = choices.any<Loss>();
    while (train.loss == Loss::kBinaryCrossEntropy || train.loss == Loss::kCrossEntropy);
  train.schedule.kind = choices.any<Schedule>();
  train.steps = 12;
  run.record.every = 5;
  run.record.effective_rank = true;
  run.record.probe_samples = choices.one_in(2) ? 0 : 1 + choices.below(kSamples);
  const bool wide =
      std::any_of(run.model.hidden.begin(), run.model.hidden.end(), [](auto n) { return n > 100; });
  run.record.certify =
      std::min(wide ? Certify::kInterval : Certify::kLinear, strongest_certificate(run.model));
  return run;
}

template <class T>
class Engines : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Engines, Precisions);

TYPED_TEST(Engines, lanes_and_wide_give_the_same_bits_for_random_runs) {
  using T = TypeParam;
  Choices choices(sizeof(T));
  for (const Activation kind : values_of<Activation>()) {
    for (int trial = 0; trial < 6; ++trial) {
      const std::size_t classes = choices.one_in(2) ? 0 : 1 + choices.below(3);
      const auto data = make_examples<T>(kSamples, classes, 5, true);
      std::vector<RunSpec> runs(3, random_run(choices, kind, classes));
      for (std::size_t i = 0; i < runs.size(); ++i) {
        runs[i].seed = i;
        runs[i].train.optimizer.learning_rate *= 1 + choices.uniform(0, 1);
        runs[i].model.activation.numbers[0].value += choices.uniform(0, 1);
      }
      for (const SimdTarget target : available_simd()) {
        const auto lanes = trained(pack_of<T>(runs, data, target));
        for (std::size_t i = 0; i < runs.size(); ++i) {
          SCOPED_TRACE(std::string(name_of(target)) + ", activation " + std::string(name_of(kind)) +
                       ", trial " + std::to_string(trial) + ", run " + std::to_string(i));
          const auto wide = trained(pack_of<T>({runs[i]}, data, target, Engine::kWide));
          ASSERT_NO_FATAL_FAILURE(expect_same_record(wide.at(0), lanes[i]));
        }
      }
    }
  }
}

// Chains of narrow layers are passed in one call, of several layers side by side in wide, where double has no such call.
TYPED_TEST(Engines, narrow_layers_among_others_give_the_same_bits) {
  using T = TypeParam;
  using Widths = std::vector<std::size_t>;
  const auto data = make_examples<T>(301);
  for (const Widths& hidden :
       {Widths(20, 2), Widths{3, 3, 1, 2}, Widths{3, 7, 1}, Widths{2, 2, 9, 3, 2, 1}}) {
    for (const std::size_t batch : {2, 5, 128, 301}) {
      RunSpec run = small_run();
      run.model.hidden = hidden;
      run.model.biases.assign(hidden.size(), true);
      run.model.biases[0] = false;
      run.train.batch_size = batch;
      run.train.steps = 8;
      run.record.every = 3;
      RunSpec other = run;
      other.model.activations.assign(hidden.size(), run.model.activation);
      other.model.activations[hidden.size() / 2].kind = Activation::kTanh;
      for (const RunSpec& spec : {run, other}) {
        const auto lanes = trained(pack_of<T>({spec}, data));
        for (const SimdTarget target : available_simd()) {
          SCOPED_TRACE(std::string(name_of(target)) + ", " + std::to_string(hidden.size()) +
                       " layers, batch " + std::to_string(batch));
          ASSERT_NO_FATAL_FAILURE(
              expect_same_record(trained(pack_of<T>({spec}, data, target)).at(0), lanes.at(0)));
          const auto wide = trained(pack_of<T>({spec}, data, target, Engine::kWide));
          ASSERT_NO_FATAL_FAILURE(expect_same_record(wide.at(0), lanes.at(0)));
        }
      }
    }
  }
}

TYPED_TEST(Engines, a_run_diverges_at_the_same_step_in_both) {
  using T = TypeParam;
  const auto data = make_examples<T>(kSamples);
  for (const double learning_rate : {10.0, 1e3, 1e30}) {
    RunSpec run = small_run();
    run.train.steps = 400;
    run.train.optimizer.learning_rate = learning_rate;
    const auto lanes = trained(pack_of<T>({run}, data));
    const auto wide = trained(pack_of<T>({run}, data, available_simd()[0], Engine::kWide));
    ASSERT_NO_FATAL_FAILURE(expect_same_record(wide.at(0), lanes.at(0)));
  }
}

}  // namespace
}  // namespace deadrelu
