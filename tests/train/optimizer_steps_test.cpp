// The first three steps of every optimizer, worked by hand from the formulas of torch.optim on the loss w²/2,
// whose gradient is w itself, from w = 1.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "train/pack_testing.h"

namespace deadrelu {
namespace {

// A linear model w·x on the one example x = 1, target 0.
template <class T>
std::vector<double> steps_from_one(const TrainSpec& train, std::uint64_t steps = 3) {
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = data->outputs = 1;
  data->train = {1, Buffer<T>(1), Buffer<T>(1)};
  data->train.inputs[0] = 1;
  RunSpec run;
  run.model.hidden.clear();
  run.model.output_bias = false;
  run.train = train;
  run.train.loss = Loss::kHalfMse;
  run.train.batch_size = 1;
  run.train.steps = steps;
  run.initial = std::make_shared<ParameterSet>(ParameterSet{{LayerParameters{1, 1, {{{1.0}, {}, {}}}}}});
  const auto pack = pack_of<T>({run}, SharedData<T>(data));
  Trainer<T> trainer(pack);
  std::vector<double> weights;
  for (std::uint64_t step = 0; step < steps; ++step) {
    trainer.compute_gradient(step);
    trainer.update();
    weights.push_back(static_cast<double>(trainer.state().parameters.data()[0]));
  }
  return weights;
}

TrainSpec train_with(const OptimizerSpec& optimizer, double clip_norm = 0) {
  TrainSpec train;
  train.optimizer = optimizer;
  train.clip_norm = clip_norm;
  return train;
}

void expect_steps(const TrainSpec& train, double w1, double w2, double w3, double tolerance = 1e-14) {
  const auto exact = steps_from_one<double>(train);
  EXPECT_NEAR(exact[0], w1, tolerance);
  EXPECT_NEAR(exact[1], w2, tolerance);
  EXPECT_NEAR(exact[2], w3, tolerance);
  const auto single = steps_from_one<float>(train);
  EXPECT_NEAR(single[0], w1, 3e-7);
  EXPECT_NEAR(single[1], w2, 3e-7);
  EXPECT_NEAR(single[2], w3, 3e-7);
}

// w ← w − 0.1·w.
TEST(OptimizerSteps, sgd) { expect_steps(train_with({.learning_rate = 0.1}), 0.9, 0.81, 0.729); }

// b1 = 1; b2 = 0.5·1 + 0.9 = 1.4; b3 = 0.5·1.4 + 0.76 = 1.46; w ← w − 0.1·b.
TEST(OptimizerSteps, sgd_with_momentum) {
  expect_steps(train_with({.learning_rate = 0.1, .momentum = 0.5}), 0.9, 0.76, 0.614);
}

// b1 = 1, direction 1 + 0.5·1 = 1.5; b2 = 0.5 + 0.85 = 1.35, direction 0.85 + 0.675 = 1.525;
// b3 = 0.675 + 0.6975 = 1.3725, direction 0.6975 + 0.68625 = 1.38375.
TEST(OptimizerSteps, sgd_with_nesterov_momentum) {
  expect_steps(train_with({.learning_rate = 0.1, .momentum = 0.5, .nesterov = true}), 0.85, 0.6975, 0.559125);
}

// The first step is not damped: b1 = 1; b2 = 0.5 + 0.5·0.9 = 0.95; b3 = 0.475 + 0.5·0.805 = 0.8775.
TEST(OptimizerSteps, sgd_with_dampening) {
  expect_steps(train_with({.learning_rate = 0.1, .momentum = 0.5, .dampening = 0.5}), 0.9, 0.805, 0.71725);
}

// The gradient is w + 0.1·w: w ← w·(1 − 0.11).
TEST(OptimizerSteps, sgd_with_weight_decay) {
  expect_steps(train_with({.learning_rate = 0.1, .weight_decay = 0.1}), 0.89, 0.7921, 0.704969);
}

// The gradient's norm |w| is clipped to 0.5·|w|/(|w| + 1e-6) ≈ 0.5 − 5e-7/|w|.
TEST(OptimizerSteps, sgd_with_clipping) {
  expect_steps(train_with({.learning_rate = 0.1}, 0.5), 0.95000004999995, 0.900000102631471,
               0.850000158186958);
}

// Weight decay is added to what clipping has left: 0.5/(1 + 1e-6) + 0.1·1, and so on.
TEST(OptimizerSteps, weight_decay_is_not_clipped) {
  expect_steps(train_with({.learning_rate = 0.1, .weight_decay = 0.1}, 0.5), 0.94000004999995,
               0.88060010269138, 0.821794158443864);
}

// The gradient w is moved to 0.5 while it is larger: w ← w − 0.4·min(w, 0.5).
TEST(OptimizerSteps, sgd_with_clipped_values) {
  TrainSpec train = train_with({.learning_rate = 0.4});
  train.clip_value = 0.5;
  expect_steps(train, 0.8, 0.6, 0.4);
  train.optimizer.learning_rate = 2.4;  // from 1 to −0.2, 0.28, −0.392
  expect_steps(train, -0.2, 0.28, -0.392);
  train.optimizer.weight_decay =
      0.5;  // not clipped: 1 − 2.4·(0.5 + 0.5) = −1.4; −1.4 + 2.4·(0.5 + 0.7) = 1.48
  expect_steps(train, -1.4, 1.48, -1.496);
}

TEST(OptimizerSteps, a_gradient_below_the_bound_is_not_clipped) {
  expect_steps(train_with({.learning_rate = 0.1}, 2), 0.9, 0.81, 0.729);
}

// beta1 = 1/2, beta2 = 3/4, epsilon = 1/4; m̂ = m/(1 − beta1^t), v̂ = v/(1 − beta2^t), w ← w − 0.1·m̂/(√v̂ +
// 1/4). t = 1: m̂ = v̂ = 1: w = 1 − 0.1/1.25 = 0.92. t = 2: m = 0.25 + 0.46 = 0.71, m̂ = 0.71/0.75 = 0.94666…; v
// = 0.1875 + 0.25·0.8464 = 0.3991,
//        v̂ = 0.3991/0.4375 = 0.912228…; w = 0.92 − 0.1·0.94666…/(0.955106… + 0.25) = 0.841445398643014.
// t = 3: m = 0.355 + 0.420722… = 0.775722699322, m̂ = m/0.875; v = 0.299325 + 0.25·0.708030… = 0.476332589724,
//        v̂ = v/0.578125; w = 0.764867949674799.
TEST(OptimizerSteps, adam) {
  expect_steps(
      train_with(
          {.kind = Optimizer::kAdam, .learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0.25}),
      0.92, 0.841445398643014, 0.764867949674799);
}

// As above with gradient w + 0.5·w: t = 1: m̂ = 1.5, v̂ = 2.25: w = 1 − 0.1·1.5/1.75 = 0.914285714285714.
// t = 2: g = 1.371428…, m = 0.375 + 0.685714…, v = 0.421875 + 0.25·1.880816…: m̂ = 1.414285…, v̂ = 2.039037….
// t = 3: g = 1.244998…, m̂ = 1.317550277367, v̂ = 1.827571462528.
TEST(OptimizerSteps, adam_with_weight_decay_in_the_gradient) {
  expect_steps(train_with({.kind = Optimizer::kAdam,
                           .learning_rate = 0.1,
                           .weight_decay = 0.5,
                           .beta1 = 0.5,
                           .beta2 = 0.75,
                           .epsilon = 0.25}),
               0.914285714285714, 0.829999133118249, 0.747748731534287);
}

// w shrinks by 1 − 0.1·0.5 = 0.95 first, and the gradient is w alone: t = 1: 0.95 − 0.1/1.25 = 0.87.
// t = 2: g = 0.87, m̂ = 0.685/0.75, v̂ = (0.1875 + 0.25·0.7569)/0.4375 = 0.861085714…:
//        w = 0.8265 − 0.1·0.913333…/(0.927947… + 0.25) = 0.748963973325681.
// t = 3: g = 0.748963…, m̂ = 0.819407984758, v̂ = 0.731296014417: w = 0.711515… − 0.1·m̂/(√v̂ + 0.25).
TEST(OptimizerSteps, adamw_decays_the_weights_apart_from_the_gradient) {
  expect_steps(train_with({.kind = Optimizer::kAdamw,
                           .learning_rate = 0.1,
                           .weight_decay = 0.5,
                           .beta1 = 0.5,
                           .beta2 = 0.75,
                           .epsilon = 0.25}),
               0.87, 0.748963973325681, 0.637371839235553);
}

// With the default betas every first step is nearly the learning rate: w1 = 1 − 0.001/(1 + 1e-8).
TEST(OptimizerSteps, adam_with_default_numbers) {
  expect_steps(train_with({.kind = Optimizer::kAdam, .learning_rate = 0.001}), 0.99900000001,
               0.998000026223837, 0.997000096080147);
}

// v = 0.75·v + 0.25·g², w ← w − 0.1·g/(√v + 0.5): t = 1: v = 0.25: w = 1 − 0.1·1/1 = 0.9.
// t = 2: v = 0.1875 + 0.2025 = 0.39: w = 0.9 − 0.1·0.9/(0.624499… + 0.5) = 0.9 − 0.0800355856….
// t = 3: v = 0.2925 + 0.25·0.672341… = 0.460585410216: w = 0.819964… − 0.0695672485….
TEST(OptimizerSteps, rmsprop) {
  expect_steps(train_with({.kind = Optimizer::kRmsprop, .learning_rate = 0.1, .alpha = 0.75, .epsilon = 0.5}),
               0.9, 0.819964414388674, 0.750397165843352);
}

// g = w + 0.5·w, q = g/(√v + 0.5), b = 0.5·b + q, w ← w − 0.1·b.
// t = 1: v = 0.25·2.25 = 0.5625, q = 1.5/1.25 = 1.2, b = 1.2: w = 0.88.
// t = 2: g = 1.32, v = 0.421875 + 0.4356 = 0.857475, q = 0.925666549663, b = 1.525666…: w =
// 0.727433345033654. t = 3: g = 1.091150…, v = 0.940758340200, q = 0.742315798553, b = 1.505149…: w =
// 0.57691843769517.
TEST(OptimizerSteps, rmsprop_with_momentum_and_weight_decay) {
  expect_steps(train_with({.kind = Optimizer::kRmsprop,
                           .learning_rate = 0.1,
                           .weight_decay = 0.5,
                           .momentum = 0.5,
                           .alpha = 0.75,
                           .epsilon = 0.5}),
               0.88, 0.727433345033654, 0.57691843769517);
}

// 1 − 0.999f is 0.0009999871 in float32, off by 1.3e-5 of itself; torch subtracts in double. Adam's first
// step is −learning_rate·g/(|g| + epsilon) where (1 − beta2) and 1 − beta2^1 are the same number.
TEST(OptimizerSteps, the_complement_of_a_beta_is_not_rounded_in_float32) {
  const TrainSpec adam = train_with({.kind = Optimizer::kAdam, .learning_rate = 1});
  EXPECT_NEAR(steps_from_one<float>(adam, 1)[0], 0, 3e-7);
  // √((1 − 0.9999)·1) = 0.01, and the float32 complement of 0.9999f is off by 2e-4 of itself.
  const TrainSpec rmsprop =
      train_with({.kind = Optimizer::kRmsprop, .learning_rate = 1e-3, .alpha = 0.9999, .epsilon = 0});
  EXPECT_NEAR(steps_from_one<float>(rmsprop, 1)[0], 1 - 1e-3 / 0.01, 3e-7);
}

TEST(OptimizerSteps, schedule_sets_the_rate_of_every_step) {
  TrainSpec train = train_with({.learning_rate = 0.5});
  train.schedule = {.kind = Schedule::kStep, .every = 1, .gamma = 0.5};
  // 1 − 0.5, then ·(1 − 0.25), then ·(1 − 0.125).
  expect_steps(train, 0.5, 0.375, 0.328125);
}

}  // namespace
}  // namespace deadrelu
