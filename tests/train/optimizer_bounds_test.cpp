// How far one step of an optimizer can go, whatever the gradients: closed forms, with gradients put in by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "train/pack_testing.h"

namespace deadrelu {
namespace {

// One weight that is given its gradients.
template <class T>
class DrivenWeight {
 public:
  explicit DrivenWeight(const OptimizerSpec& optimizer) {
    auto data = std::make_shared<Dataset<T>>();
    data->inputs = data->outputs = 1;
    data->train = {1, Buffer<T>(1), Buffer<T>(1)};
    RunSpec run;
    run.model.hidden.clear();
    run.model.output_bias = false;
    run.train.optimizer = optimizer;
    run.train.batch_size = 1;
    pack_ = std::make_unique<OwningPack<T>>(pack_of<T>({run}, SharedData<T>(data)));
    trainer_ = std::make_unique<Trainer<T>>(*pack_);
    weight() = 0;
  }
  // How far the weight goes, in double.
  double step(double gradient) {
    const T before = weight();
    trainer_->compute_gradient(steps_++);
    trainer_->state().gradient[0] = static_cast<T>(gradient);
    trainer_->update();
    return static_cast<double>(weight()) - static_cast<double>(before);
  }
  T& weight() { return trainer_->state().parameters[0]; }

 private:
  std::unique_ptr<OwningPack<T>> pack_;
  std::unique_ptr<Trainer<T>> trainer_;
  std::uint64_t steps_ = 0;
};

std::vector<double> wild_gradients(std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<double> gradients(2000);
  for (double& g : gradients)  // silences, bursts and many magnitudes
    g = engine() % 4 == 0
            ? 0
            : std::ldexp(static_cast<double>(engine()) - 0x1p31, static_cast<int>(engine() % 40) - 60);
  gradients[0] = 1;  // with epsilon 0 nothing may be divided by 0
  return gradients;
}

// With equal decays the mean is at most the root of the mean square (Jensen), so that no step is longer than the
// learning rate; Adam's defaults allow (1 − β1)/√((1 − β2)(1 − β1²/β2)) = 7.27 of it (Cauchy, Schwarz).
TEST(OptimizerBounds, equal_betas_of_adam_never_step_farther_than_the_learning_rate) {
  constexpr double kRate = 0.5;
  const double bound = (1 - 0.9) / std::sqrt((1 - 0.999) * (1 - 0.81 / 0.999));
  EXPECT_NEAR(bound, 7.27, 0.01);
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const OptimizerSpec adam{.kind = Optimizer::kAdam, .learning_rate = kRate, .epsilon = 0};
    OptimizerSpec equal = adam;
    equal.beta1 = equal.beta2 = 0.99;
    DrivenWeight<double> a(adam), b(equal);
    for (const double g : wild_gradients(seed)) {
      EXPECT_LE(std::abs(a.step(g)), bound * kRate * (1 + 1e-12));
      EXPECT_LE(std::abs(b.step(g)), kRate * (1 + 1e-12));
    }
  }
}

// The gradients that reach Adam's bound nearly: each larger than the last one by β2/β1. After a long silence the first
// one makes a step of (1 − β1)/√(1 − β2) = 3.162; with equal betas of √(1 − β) = 0.1.
TEST(OptimizerBounds, first_kicks_and_the_worst_gradients_of_adam_are_those_of_the_closed_forms) {
  const OptimizerSpec adam{.kind = Optimizer::kAdam, .learning_rate = 1, .epsilon = 0};
  OptimizerSpec equal = adam;
  equal.beta1 = equal.beta2 = 0.99;
  DrivenWeight<double> a(adam), b(equal), worst(adam);
  a.step(1e-100);  // not 0, that the roots be not
  b.step(1e-100);
  worst.step(1e-100);
  for (int i = 0; i < 20000; ++i) {
    a.step(0);
    b.step(0);
  }
  EXPECT_NEAR(std::abs(a.step(1)), 3.1623, 1e-3);
  EXPECT_NEAR(std::abs(b.step(1)), 0.1, 1e-6);
  for (int i = 0; i < 8000; ++i) worst.step(0);
  double largest = 0;
  for (int i = 0; i < 300; ++i)
    largest = std::max(largest, std::abs(worst.step(std::pow(0.999 / 0.9, i) * 1e-30)));
  EXPECT_NEAR(largest, 7.27, 0.02);
}

// Lion goes by the sign: a unit whose gradient has become exactly 0 keeps moving by the learning rate while its mean
// m_t = m_0·0.99^t is a number. From m = 1e-3 float32 reaches its smallest numbers after 9,589 steps.
TEST(OptimizerBounds, lion_moves_on_for_as_long_as_its_mean_lasts) {
  constexpr double kRate = 0x1p-12;
  DrivenWeight<float> weight({.kind = Optimizer::kLion, .learning_rate = kRate, .beta2 = 0.99});
  weight.step(0.1);  // m = 1e-3
  const double steps_to_denormals = std::log(1e-3 / 0x1p-149) / -std::log(0.99);
  EXPECT_NEAR(steps_to_denormals, 9589, 1);
  for (int i = 0; i < 9589; ++i) ASSERT_EQ(weight.step(0), -kRate) << i;
  // There it is rounded to the nearest and stays: 0.99·50 units are 50 units again. So it never ends.
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(weight.step(0), -kRate) << i;
  // A gradient against it turns it at once, however small.
  EXPECT_EQ(weight.step(-1e-30), kRate);
}

TEST(OptimizerBounds, lion_is_the_sign_of_one_mean_and_keeps_another) {
  // beta1 = 1/2, beta2 = 3/4: c1 = 0.5·1, m1 = 0.25; c2 = 0.125 − 0.5·0.2 > 0, m2 = 0.1875 − 0.05 = 0.1375;
  // c3 = 0.06875 − 0.5·0.2 < 0.
  DrivenWeight<double> weight({.kind = Optimizer::kLion, .learning_rate = 0.5, .beta1 = 0.5, .beta2 = 0.75});
  EXPECT_EQ(weight.step(1), -0.5);
  EXPECT_EQ(weight.step(-0.2), -0.5);
  EXPECT_EQ(weight.step(-0.2), 0.5);
  // Decoupled decay: w − 0.5·0.1·w, then the step; nothing moves at exactly 0 without it.
  DrivenWeight<double> decayed({.kind = Optimizer::kLion, .learning_rate = 0.5, .weight_decay = 0.1});
  EXPECT_EQ(decayed.step(0), 0);
  decayed.weight() = 2;
  EXPECT_DOUBLE_EQ(decayed.step(1), -0.1 - 0.5);
  EXPECT_TRUE(std::isnan(decayed.step(std::nan(""))));
}

}  // namespace
}  // namespace deadrelu
