// What a wholly dead layer does to training.
#include <gtest/gtest.h>

#include <cmath>

#include "probe/pack_testing.h"

namespace deadrelu {
namespace {

// |x| on an even grid of [−reach, reach].
TestExamples absolute_value(double reach, std::size_t samples) {
  TestExamples examples;
  for (std::size_t i = 0; i < samples; ++i) {
    const double x = reach * (2 * static_cast<double>(i) / static_cast<double>(samples - 1) - 1);
    examples.inputs.push_back({x});
    examples.targets.push_back({std::abs(x)});
  }
  return examples;
}

// Three hidden layers of which the second is dead: its bias is far below zero, the others' are 0.
RunSpec dead_in_the_middle(std::uint64_t steps) {
  RunSpec spec = untrained({6, 4, 5});
  const auto random_layer = [](std::size_t rows, std::size_t inputs, double bias, std::uint32_t seed) {
    return layer_of(random_matrix(rows, inputs, seed), std::vector<double>(rows, bias));
  };
  spec.initial = network_of({random_layer(6, 1, 0, 1), random_layer(4, 6, -100, 2), random_layer(5, 4, 0, 3),
                             random_layer(1, 5, 0.3, 4)});
  spec.train.steps = steps;
  spec.train.optimizer.learning_rate = 0.2;
  spec.record.parameters_initial = spec.record.parameters_final = true;
  spec.record.every = 5;
  return spec;
}

TEST(DeadLayer, gets_exactly_zero_gradient_and_so_does_every_weight) {
  const RunRecord record =
      train_one<float>(dead_in_the_middle(0), make_examples<float>(absolute_value(1, 101)));
  EXPECT_EQ(record.outcome.born_dead, 1);
  EXPECT_EQ(record.outcome.collapsed, 1);
  for (std::size_t l = 0; l < 4; ++l) EXPECT_EQ(record.layers[l].grad_norm_weights, 0) << "layer " << l + 1;
  for (std::size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(record.layers[l].grad_norm, 0) << "layer " << l + 1;
    EXPECT_EQ(record.layers[l].zero_gradient_fraction, 1) << "layer " << l + 1;
    EXPECT_EQ(record.layers[l].update_ratio, 0) << "layer " << l + 1;
  }
  EXPECT_GT(record.layers[3].grad_norm_bias, 0.1);
  EXPECT_LT(record.layers[0].dead_fraction, 1)
      << "the first layer is alive and gets no gradient all the same";
}

void expect_only_the_output_bias_learns(const OptimizerSpec& optimizer) {
  RunSpec spec = dead_in_the_middle(20);
  spec.train.optimizer = optimizer;
  const RunRecord record = train_one<float>(spec, make_examples<float>(absolute_value(1, 101)));
  const auto& before = record.parameters.at(0).parameters.layers;
  const auto& after = record.parameters.at(1).parameters.layers;
  for (std::size_t l = 0; l < 4; ++l) {
    EXPECT_EQ(before[l][BlockKind::kWeights], after[l][BlockKind::kWeights]) << "layer " << l + 1;
    EXPECT_EQ(before[l][BlockKind::kBias] == after[l][BlockKind::kBias], l < 3) << "layer " << l + 1;
  }
  EXPECT_EQ(record.outcome.revivals, 0);
}

TEST(DeadLayer, lets_only_the_output_bias_learn_whatever_the_optimizer) {
  expect_only_the_output_bias_learns({.learning_rate = 0.2});
  expect_only_the_output_bias_learns({.learning_rate = 0.02, .momentum = 0.9, .nesterov = true});
  expect_only_the_output_bias_learns({.kind = Optimizer::kAdam, .learning_rate = 0.01});
  expect_only_the_output_bias_learns({.kind = Optimizer::kAdamw, .learning_rate = 0.01});
  expect_only_the_output_bias_learns({.kind = Optimizer::kRmsprop, .learning_rate = 0.01});
}

TEST(DeadLayer, leaves_a_loss_of_the_targets_variance) {
  // |x|: E x² − (E|x|)² = r²/3 − r²/4 = r²/12.
  for (const auto& [reach, variance] : {std::pair{std::sqrt(3.0), 0.25}, std::pair{1.0, 1.0 / 12}}) {
    const RunRecord record =
        train_one<double>(dead_in_the_middle(100), make_examples<double>(absolute_value(reach, 10'001)));
    EXPECT_NEAR(record.outcome.train_loss, variance, 4e-4 * variance);
    EXPECT_GT(record.outcome.train_loss_initial, 1.05 * variance);
  }
}

TEST(DeadLayer, stays_dead_while_the_layers_above_it_learn_their_biases) {
  RunSpec spec = dead_in_the_middle(10);
  ParameterSet set = *spec.initial;
  set.layers[2][BlockKind::kBias].assign(5, 1.0);  // fires on a silent input
  spec.initial = std::make_shared<const ParameterSet>(set);
  const RunRecord record = train_one<float>(spec, make_examples<float>(absolute_value(1, 101)));
  ASSERT_EQ(record.layers.size(), 12U);  // at steps 0, 5 and 10
  for (std::size_t i = 0; i < 12; i += 4) {
    EXPECT_EQ(record.layers[i].grad_norm, 0);
    EXPECT_EQ(record.layers[i + 1].grad_norm, 0);
    EXPECT_EQ(record.layers[i + 2].grad_norm_weights, 0);
    EXPECT_GT(record.layers[i + 2].grad_norm_bias, 0);
  }
}

}  // namespace
}  // namespace deadrelu
