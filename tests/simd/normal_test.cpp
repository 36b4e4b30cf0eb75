#include "simd/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace deadrelu {
namespace {

std::vector<double> draws(std::size_t count, std::uint64_t seed, Purpose purpose = Purpose::kWeights,
                          std::uint32_t stream = 0, std::uint64_t first_index = 0) {
  std::vector<double> values(count);
  fill_normal(values, seed, purpose, stream, first_index);
  return values;
}

double uniform(std::uint32_t low, std::uint32_t high) {
  return (static_cast<double>((std::uint64_t{high} << 32 | low) >> 12) + 0.5) * 0x1p-52;
}

TEST(Normal, every_draw_is_box_and_mullers_formula_of_its_block) {
  const std::vector<double> values = draws(1000, 7, Purpose::kNoise, 3, 5);
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    const auto words = random_block(7, Purpose::kNoise, 3, 5 + i);
    const double radius = std::sqrt(-2 * std::log(uniform(words[0], words[1])));
    EXPECT_NEAR(values[i], radius * std::sin(2 * std::numbers::pi * uniform(words[2], words[3])), 1e-14);
  }
}

TEST(Normal, draws_depend_on_seed_purpose_stream_and_index_alone) {
  const std::vector<double> values = draws(1000, 7);
  EXPECT_EQ(values, draws(1000, 7));
  for (const std::uint64_t from : {1, 255, 256, 300, 999}) {
    const std::vector<double> part = draws(1000 - from, 7, Purpose::kWeights, 0, from);
    EXPECT_EQ(part, std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(from), values.end()));
  }
  EXPECT_NE(values, draws(1000, 8));
  EXPECT_NE(values, draws(1000, 7, Purpose::kBiases));
  EXPECT_NE(values, draws(1000, 7, Purpose::kWeights, 1));
}

// E x = 0, E x² = 1, E x³ = 0, E x⁴ = 3 with variances 1, 2, 15, 96; tails P(|x| > 1), P(|x| > 3).
TEST(Normal, moments_and_tails_are_those_of_the_normal_distribution) {
  constexpr std::size_t kCount = 400000;
  double sums[4] = {}, beyond_1 = 0, beyond_3 = 0;
  for (const double x : draws(kCount, 11)) {
    for (int power = 0; power < 4; ++power) sums[power] += std::pow(x, power + 1);
    beyond_1 += std::abs(x) > 1 ? 1 : 0;
    beyond_3 += std::abs(x) > 3 ? 1 : 0;
  }
  const double expected[4] = {0, 1, 0, 3}, variances[4] = {1, 2, 15, 96};
  for (int power = 0; power < 4; ++power) {
    EXPECT_NEAR(sums[power] / kCount, expected[power], 4 * std::sqrt(variances[power] / kCount)) << power + 1;
  }
  const auto expect_share = [&](double count, double p) {
    EXPECT_NEAR(count / kCount, p, 4 * std::sqrt(p * (1 - p) / kCount));
  };
  expect_share(beyond_1, std::erfc(1 / std::numbers::sqrt2));
  expect_share(beyond_3, std::erfc(3 / std::numbers::sqrt2));
}

}  // namespace
}  // namespace deadrelu
