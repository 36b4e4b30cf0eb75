#include "store/summary.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace deadrelu {
namespace {

TEST(Statistics, t_quantiles_are_those_of_the_tables) {
  const std::pair<std::size_t, double> table[] = {
      {1, 12.7062047}, {2, 4.3026527},  {4, 2.7764451},  {9, 2.2621572},   {30, 2.0422725},
      {31, 2.0395134}, {40, 2.0210754}, {60, 2.0002978}, {120, 1.9799304}, {1000, 1.9623391}};
  for (const auto& [degrees, quantile] : table)
    EXPECT_NEAR(student_t_975(degrees), quantile, 1e-7) << degrees;
  EXPECT_NEAR(student_t_975(100'000'000), 1.959963985, 1e-7);
  for (std::size_t n = 1; n < 200; ++n) EXPECT_GT(student_t_975(n), student_t_975(n + 1)) << n;
}

TEST(Statistics, wilson_intervals_are_the_closed_form) {
  const Interval some = wilson_interval(3, 10);
  EXPECT_NEAR(some.low, 0.10779126740630090, 1e-12);
  EXPECT_NEAR(some.high, 0.60322185253885470, 1e-12);
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_NEAR(wilson_interval(0, 20).high, z2 / (20 + z2), 1e-15);
  EXPECT_EQ(wilson_interval(20, 20).high, 1);
  EXPECT_NEAR(wilson_interval(20, 20).low, 20 / (20 + z2), 1e-15);
  EXPECT_TRUE(std::isnan(wilson_interval(0, 0).low));
}

TEST(Statistics, quantiles_are_numpys_linear_ones) {
  const std::vector<double> values{1, 2, 4, 8};
  EXPECT_EQ(sorted_quantile(values, 0), 1);
  EXPECT_EQ(sorted_quantile(values, 0.25), 1.75);
  EXPECT_EQ(sorted_quantile(values, 0.5), 3);
  EXPECT_EQ(sorted_quantile(values, 0.75), 5);
  EXPECT_EQ(sorted_quantile(values, 1), 8);
}

TEST(Statistics, few_values_leave_what_they_cannot_tell_missing) {
  EXPECT_TRUE(std::isnan(statistics_of({}).mean));
  const double one = 2.5;
  const Statistics s = statistics_of({&one, 1});
  EXPECT_EQ(s.mean, 2.5);
  EXPECT_EQ(s.median, 2.5);
  EXPECT_EQ(s.q25, 2.5);
  EXPECT_TRUE(std::isnan(s.std));
  EXPECT_TRUE(std::isnan(s.interval.low));
}

TEST(Statistics, moments_agree_with_long_double) {
  for (std::size_t n : {2u, 3u, 20u, 1001u}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(1e3 * random_uniform(n, Purpose::kData, 0, i) - 300);
    long double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    const long double mean = sum / n;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const long double std = std::sqrt(squares / (n - 1));
    const Statistics s = statistics_of(values);
    EXPECT_NEAR(s.mean, static_cast<double>(mean), 1e-10);
    EXPECT_NEAR(s.std, static_cast<double>(std), 1e-10);
    const double half =
        student_t_975(n - 1) * static_cast<double>(std / std::sqrt(static_cast<long double>(n)));
    EXPECT_NEAR(s.interval.low, static_cast<double>(mean) - half, 1e-9);
    EXPECT_NEAR(s.interval.high, static_cast<double>(mean) + half, 1e-9);
    std::sort(values.begin(), values.end());
    EXPECT_NEAR(s.median, (values[(n - 1) / 2] + values[n / 2]) / 2, 1e-12);
  }
}

}  // namespace
}  // namespace deadrelu
