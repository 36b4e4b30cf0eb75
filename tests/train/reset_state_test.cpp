#include "train/optimizer_numbers.h"

#include <gtest/gtest.h>

#include "train/reset_testing.h"

namespace deadrelu {
namespace {

// Under a gradient that is 1 everywhere; units are reset once, after a long time.
class ConstantGradient {
 public:
  explicit ConstantGradient(ResetState state, Optimizer optimizer = Optimizer::kAdam, double fraction = 0.25,
                            double momentum = 0)
      : training_(
            pack_of<double>({run_of(state, optimizer, fraction, momentum)}, make_examples<double>(32))) {
    for (std::uint64_t step = 0; step < kBefore; ++step) take_step(step);
  }

  // What has become of every parameter in `count` updates after the reset, in learning rates.
  std::vector<double> moved(std::uint64_t count) {
    const auto before = values();
    for (std::uint64_t step = 0; step < count; ++step) take_step(kBefore + steps_++);
    auto after = values();
    for (std::size_t i = 0; i < after.size(); ++i) after[i] = (before[i] - after[i]) / kRate;
    return after;
  }
  // Whether it belongs to a unit that was reset.
  std::vector<bool> is_reset() const {
    const NetworkShape& shape = training_.pack.network.shape;
    const auto counts = training_.counts();
    std::vector<bool> reset(shape.parameter_count);
    std::size_t first = 0;
    for (std::size_t l = 0; l + 1 < shape.layers.size(); first += shape.layers[l++].units) {
      for (std::size_t u = 0; u < shape.layers[l].units; ++u) {
        if (counts[first + u] == 0) continue;
        const ParameterBlock &own = shape.layers[l][BlockKind::kWeights],
                             &above = shape.layers[l + 1][BlockKind::kWeights];
        for (std::size_t i = 0; i < own.columns; ++i) reset[own.offset + u * own.columns + i] = true;
        reset[shape.layers[l][BlockKind::kBias].offset + u] = true;
        for (std::size_t k = 0; k < above.rows; ++k) reset[above.offset + k * above.columns + u] = true;
      }
    }
    return reset;
  }
  // The step of the entries that were reset, `count` updates on; of all others it has to be 1.
  double of_reset(std::uint64_t count) {
    const auto steps = moved(count);
    const auto reset = is_reset();
    double common = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!reset[i]) {
        EXPECT_NEAR(steps[i], static_cast<double>(count), 1e-5 * static_cast<double>(count)) << i;
        continue;
      }
      if (common == 0) common = steps[i];
      EXPECT_NEAR(steps[i], common, 1e-6 * common) << i;
    }
    EXPECT_GT(training_.total(), 0u);
    return common;
  }
  Training<double>& training() { return training_; }

 private:
  static constexpr std::uint64_t kBefore = 20000;
  static constexpr double kRate = 1e-4;
  static RunSpec run_of(ResetState state, Optimizer optimizer, double fraction, double momentum) {
    RunSpec run = resetting_run(ResetRule::kRandom);
    run.train.optimizer = {.kind = optimizer, .learning_rate = kRate, .momentum = momentum};
    run.train.steps = 1000000;
    run.remedy.reset.every = kBefore;
    run.remedy.reset.fraction = fraction;
    run.remedy.reset.optimizer_state = state;
    return run;
  }
  void take_step(std::uint64_t step) {
    TrainingState<double>& state = training_.trainer.state();
    training_.gradient(step);
    std::fill_n(state.gradient.data(), state.gradient.size(), 1.0);
    training_.trainer.update();
    training_.resets.intervene(state);
  }
  std::vector<double> values() const {
    std::vector<double> values;
    const TrainingState<double>& state = training_.trainer.state();
    for (std::size_t i = 0; i < state.parameters.size(); i += training_.pack.network.kernels.lanes)
      values.push_back(state.parameters[i]);
    return values;
  }

  Training<double> training_;
  std::uint64_t steps_ = 0;
};

// η (1 − 0.9^k) / √(1 − 0.999^k) in step k after m and v became 0 while the count went on.
TEST(ResetState, moments_alone_make_the_first_steps_of_adam_huge) {
  ConstantGradient run(ResetState::kMoments);
  EXPECT_NEAR(run.of_reset(1), 3.162, 1e-3);
  double sum = 3.162, peak = 0;
  for (int k = 2; k <= 100; ++k) {
    const double step = run.of_reset(1);
    EXPECT_NEAR(step, (1 - std::pow(0.9, k)) / std::sqrt(1 - std::pow(0.999, k)), 1e-3);
    sum += step;
    peak = std::max(peak, step);
  }
  EXPECT_NEAR(peak, 6.569, 1e-3);
  EXPECT_NEAR(sum, 465.7, 0.1);
}

TEST(ResetState, of_an_entry_with_its_count_makes_steps_of_the_usual_size) {
  ConstantGradient run(ResetState::kEntry);
  for (int k = 1; k <= 100; ++k) EXPECT_NEAR(run.of_reset(1), 1, 1e-5);
}

TEST(ResetState, that_is_kept_goes_on_as_ever) {
  ConstantGradient run(ResetState::kKeep);
  EXPECT_NEAR(run.of_reset(1), 1, 1e-5);
}

// Momentum 0.9 makes of a gradient of 1 a step of 10 in the long run, a mean square of 0.01 at first a step of 1/√0.01.
TEST(ResetState, momentum_and_mean_squares_begin_anew) {
  ConstantGradient sgd(ResetState::kEntry, Optimizer::kSgd, 0.25, 0.9),
      rmsprop(ResetState::kEntry, Optimizer::kRmsprop);
  const auto momentum = sgd.moved(1), square = rmsprop.moved(1);
  const auto reset = sgd.is_reset();
  ASSERT_EQ(reset, rmsprop.is_reset());
  for (std::size_t i = 0; i < reset.size(); ++i) {
    EXPECT_NEAR(momentum[i], reset[i] ? 1 : 10, 1e-5);
    EXPECT_NEAR(square[i], reset[i] ? 10 : 1, 1e-5);
  }
}

TEST(ResetState, of_reset_entries_is_zero_and_of_all_others_as_before) {
  for (const ResetState choice : values_of<ResetState>()) {
    RunSpec run = resetting_run(ResetRule::kRandom);
    run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01};
    run.remedy.reset.optimizer_state = choice;
    Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
    for (std::uint64_t step = 0; step < 9; ++step) training.step(step);
    training.gradient(9);
    training.trainer.update();
    TrainingState<double>& state = training.trainer.state();
    const auto copy = [](const Buffer<double>& of) {
      return std::vector<double>(of.data(), of.data() + of.size());
    };
    const auto first = copy(state.first_moment), second = copy(state.second_moment),
               before = copy(state.parameters);
    training.resets.intervene(state);
    std::size_t changed = 0;
    for (std::size_t i = 0; i < before.size(); i += training.pack.network.kernels.lanes) {
      const bool is_reset = state.parameters[i] != before[i];
      changed += is_reset;
      const bool keeps = !is_reset || choice == ResetState::kKeep;
      ASSERT_EQ(state.first_moment[i], keeps ? first[i] : 0);
      ASSERT_EQ(state.second_moment[i], keeps ? second[i] : 0);
    }
    EXPECT_EQ(changed, 3 + 1 + 9u) << "one unit of the first layer: its row, its bias, its column";
  }
}

// A count of its own changes no bit of an entry that is as old as the run.
TEST(EntryCounts, leave_the_bits_of_all_other_entries_alone) {
  ConstantGradient with(ResetState::kEntry), without(ResetState::kMoments);
  const auto reset = with.is_reset();
  for (int k = 0; k < 50; ++k) {
    const auto a = with.moved(1), b = without.moved(1);
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!reset[i]) {
        ASSERT_EQ(a[i], b[i]);
      }
  }
}

}  // namespace
}  // namespace deadrelu
