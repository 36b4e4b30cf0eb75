// How many units of the first layer are dead before training.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "closed_forms/ensemble.h"

namespace deadrelu {
namespace {

TEST(DeadUnits, on_m_random_symmetric_points_are_one_in_two_to_the_m) {
  for (const int points : {1, 2, 4}) {
    SCOPED_TRACE(points);
    RunSpec spec = born({1}, {});
    spec.data.kind = DataKind::kGaussian;
    spec.data.dimensions = 3;
    spec.data.samples = static_cast<std::size_t>(points);
    ASSERT_TRUE(depends_on_seed(spec.data)) << "every network has points of its own";
    expect_probability(dead_fraction(spec), std::pow(2.0, -points));
  }
}

TEST(DeadUnits, on_two_points_depend_on_the_angle_between_them) {
  for (const double degrees : {10.0, 60.0, 90.0, 150.0}) {
    SCOPED_TRACE(degrees);
    const double angle = degrees / 180 * std::numbers::pi;
    const RunSpec spec = born({16}, {{1.0, 0.0}, {3 * std::cos(angle), 3 * std::sin(angle)}});
    Sample units;  // the points are fixed, so units are independent of each other
    for_each_network(spec, kManyNetworks / 8, [&](const RunRecord& run) {
      const int dead = static_cast<int>(std::lround(16 * run.outcome.dead_fraction));
      for (int u = 0; u < 16; ++u) units.add(u < dead ? 1 : 0);
    });
    expect_probability(units, 0.5 - angle / (2 * std::numbers::pi));
  }
}

// w ~ N(0, σ²) with bias b < 0 on inputs that reach ±r: dead where |w|·r ≤ |b|.
double dead_of_bias(double bias, double sigma, double reach) {
  return std::erf(-bias / (reach * sigma * std::sqrt(2.0)));
}

Sample dead_units_of_bias(RunSpec spec, double bias) {
  spec.init.hidden.bias.value = bias;
  Sample units;
  for_each_network(spec, kManyNetworks / 8, [&](const RunRecord& run) {
    const int dead = static_cast<int>(std::lround(16 * run.outcome.dead_fraction));
    for (int u = 0; u < 16; ++u) units.add(u < dead ? 1 : 0);
  });
  return units;
}

TEST(DeadUnits, of_a_negative_bias_follow_the_error_function) {
  const std::pair<double, double> published[] = {{-0.5, 0.27633}, {-1, 0.52050}, {-2, 0.84270}};
  for (const auto& [bias, probability] : published) {
    SCOPED_TRACE(bias);
    EXPECT_NEAR(dead_of_bias(bias, std::sqrt(2.0), 1), probability, 5e-6);
    expect_probability(dead_units_of_bias(born({16}, {{-1.0}, {-0.2}, {0.6}, {1.0}}), bias),
                       dead_of_bias(bias, std::sqrt(2.0), 1));
  }
}

TEST(DeadUnits, of_a_negative_bias_depend_on_the_weights_and_on_how_far_the_data_reaches) {
  RunSpec spec = born({16}, {{-3.0}, {0.0}, {3.0}});
  spec.init.hidden.weights.kind = WeightInit::kNormal;
  spec.init.hidden.weights.std = 0.25;
  expect_probability(dead_units_of_bias(spec, -0.6), dead_of_bias(-0.6, 0.25, 3));
}

TEST(DeadUnits, of_a_positive_bias_are_none_where_an_input_is_near_zero) {
  EXPECT_EQ(dead_units_of_bias(born({16}, {{-1.0}, {0.0}, {1.0}}), 0.01).mean(), 0);
}

// Published as folklore: a deep layer is dead on all inputs of a small set about as often as on one.
TEST(DeadUnits, deep_in_an_untrained_network_tend_to_one_half) {
  RunSpec spec = born(std::vector<std::size_t>(30, 64), {});
  spec.data.kind = DataKind::kGaussian;
  spec.data.dimensions = 10;
  spec.data.samples = 20;
  spec.record.layers = true;
  Sample first, last;
  for_each_network(spec, 60, [&](const RunRecord& run) {
    first.add(run.layers[0].dead_fraction);
    last.add(run.layers[29].dead_fraction);
  });
  EXPECT_LT(first.mean(), 0.001);
  EXPECT_GT(last.mean(), 0.35);
  EXPECT_LT(last.mean(), 0.5);
}

}  // namespace
}  // namespace deadrelu
