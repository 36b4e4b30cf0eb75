// Runs so simple that every recorded step is known: a weight that shrinks or grows by a factor at each
// update.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "train/pack_testing.h"

namespace deadrelu {
namespace {

template <class T>
class DescentOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(DescentOf, Precisions);

// A linear model on the one example x = 1, target 0 with half_mse: w ← w·(1 − rate).
template <class T>
RunRecord descent(double rate, std::uint64_t steps, double start = 1) {
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = data->outputs = 1;
  data->train = {1, Buffer<T>(1), Buffer<T>(1)};
  data->train.inputs[0] = 1;
  RunSpec run;
  run.model.hidden.clear();
  run.model.output_bias = false;
  run.train.loss = Loss::kHalfMse;
  run.train.optimizer.learning_rate = rate;
  run.train.batch_size = 1;
  run.train.steps = steps;
  run.record.every = 1;
  run.record.parameters_initial = run.record.parameters_final = true;
  run.initial = std::make_shared<ParameterSet>(ParameterSet{{LayerParameters{1, 1, {{{start}, {}, {}}}}}});
  return trained(pack_of<T>({run}, SharedData<T>(data)))[0];
}

TYPED_TEST(DescentOf, divergence_is_marked_at_its_step) {
  using T = TypeParam;
  // Weights 1, −2^50, 2^100 (float32) or 2^400 each time (float64): the square overflows first.
  const double factor = sizeof(T) == sizeof(float) ? 0x1p50 : 0x1p400;
  const RunRecord record = descent<T>(1 + factor, 10);
  EXPECT_EQ(record.outcome.status, RunStatus::kDiverged);
  EXPECT_EQ(record.outcome.diverged_step, 2);
  EXPECT_EQ(record.outcome.steps, 2);
  EXPECT_EQ(record.metrics.size(), 3U);  // steps 0 and 1, and what is finite of step 2
  EXPECT_EQ(record.layers.size(), 3U);
  EXPECT_EQ(record.layers[2].weight_norm,
            sizeof(T) == sizeof(float) ? factor * factor : std::numeric_limits<double>::infinity());
  EXPECT_FALSE(std::isfinite(record.metrics[2].train_loss));
  EXPECT_EQ(record.outcome.train_loss_initial, 0.5);
  EXPECT_TRUE(std::isnan(record.outcome.train_loss));
  ASSERT_EQ(record.parameters.size(), 1U);
  EXPECT_EQ(record.parameters[0].step, 0);
}

TYPED_TEST(DescentOf, a_network_that_starts_infinite_has_diverged_at_step_0) {
  const RunRecord record = descent<TypeParam>(0.1, 10, std::numeric_limits<double>::infinity());
  EXPECT_EQ(record.outcome.status, RunStatus::kDiverged);
  EXPECT_EQ(record.outcome.diverged_step, 0);
  ASSERT_EQ(record.metrics.size(), 1U);
  EXPECT_FALSE(std::isfinite(record.metrics[0].train_loss));
}

// The last update is measured and not kept: it may overflow without a trace.
TYPED_TEST(DescentOf, an_update_that_is_not_kept_cannot_diverge) {
  using T = TypeParam;
  const RunRecord record = descent<T>(1 + (sizeof(T) == sizeof(float) ? 0x1p50 : 0x1p400), 1);
  EXPECT_EQ(record.outcome.status, RunStatus::kOk);
  EXPECT_EQ(record.outcome.steps, 1);
  EXPECT_EQ(record.metrics.size(), 2U);
}

TYPED_TEST(DescentOf, no_steps_measure_the_initialization) {
  const RunRecord record = descent<TypeParam>(0.5, 0);
  EXPECT_EQ(record.outcome.status, RunStatus::kOk);
  EXPECT_EQ(record.outcome.steps, 0);
  ASSERT_EQ(record.metrics.size(), 1U);
  EXPECT_EQ(record.metrics[0].train_loss, 0.5);
  EXPECT_EQ(record.metrics[0].grad_norm, 1.0);
  ASSERT_EQ(record.layers.size(), 1U);
  EXPECT_EQ(record.layers[0].update_ratio, 0.5);  // the update that would follow
  ASSERT_EQ(record.parameters.size(), 2U);
  EXPECT_EQ(record.parameters[0].parameters.layers[0][BlockKind::kWeights],
            record.parameters[1].parameters.layers[0][BlockKind::kWeights]);
}

TYPED_TEST(DescentOf, a_row_describes_the_network_after_so_many_updates) {
  const RunRecord record = descent<TypeParam>(0.5, 3);
  ASSERT_EQ(record.metrics.size(), 4U);
  double weight = 1;
  for (std::size_t step = 0; step < 4; ++step, weight *= 0.5) {
    EXPECT_EQ(record.metrics[step].step, static_cast<std::int64_t>(step));
    EXPECT_EQ(record.metrics[step].batch_loss, weight * weight / 2);
    EXPECT_EQ(record.metrics[step].train_loss, weight * weight / 2);
    EXPECT_EQ(record.metrics[step].weight_norm, weight);
  }
  EXPECT_EQ(record.parameters[1].parameters.layers[0][BlockKind::kWeights][0], 0.125);
}

}  // namespace
}  // namespace deadrelu
