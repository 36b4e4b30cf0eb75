#include "store/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "scipy_numbers.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

void expect_close(double given, double expected, double tolerance, const std::string& place) {
  EXPECT_LE(std::abs(given - expected), tolerance * std::abs(expected))
      << place << ": " << given << ", " << expected;
}

TEST(Statistics, distributions_are_scipys) {
  const auto numbers = scipy_numbers()["distributions"];
  for (const auto& row : numbers["chi_squared_tail"])
    expect_close(chi_squared_tail(row[0], row[1]), row[2], 1e-11, "chi-squared " + row.dump());
  for (const auto& row : numbers["student_t_p"])
    expect_close(student_t_p(row[0], row[1]), row[2], 1e-11, "t " + row.dump());
}

TEST(Statistics, distributions_have_their_closed_forms) {
  for (const double x : {0.01, 0.5, 1.0, 3.0, 12.0, 100.0}) {
    const std::string place = std::to_string(x);
    expect_close(student_t_p(x, 1), 2 / M_PI * std::atan(1 / x), 1e-14, place);  // Cauchy's
    expect_close(student_t_p(-x, 2), 2 / (2 + x * x + x * std::sqrt(2 + x * x)), 1e-14, place);
    expect_close(chi_squared_tail(x, 2), std::exp(-x / 2), 1e-14, place);
    expect_close(chi_squared_tail(x, 4), std::exp(-x / 2) * (1 + x / 2), 1e-14, place);
    expect_close(chi_squared_tail(2 * x * x, 1), std::erfc(x), 1e-13, place);
    expect_close(portable_erfc(x), std::erfc(x), 1e-14, place);
  }
  EXPECT_EQ(student_t_p(0, 7), 1);
  EXPECT_EQ(student_t_p(std::numeric_limits<double>::infinity(), 7), 0);
  EXPECT_TRUE(std::isnan(student_t_p(kMissing, 7)));
  EXPECT_EQ(chi_squared_tail(0, 3), 1);
}

TEST(Statistics, a_p_of_student_belongs_to_its_quantile) {
  for (const std::size_t degrees : {1u, 2u, 7u, 30u, 31u, 200u, 399u, 401u, 5000u})
    EXPECT_NEAR(student_t_p(student_t_975(degrees), degrees), 0.05, 1e-8) << degrees;
}

TEST(Statistics, holms_correction_steps_down_and_leaves_out_what_is_missing) {
  const std::vector<double> p{0.03, kMissing, 0.005, 0.04, 0.9, 0.01};
  // Five of them: 5 · 0.005, 4 · 0.01, 3 · 0.03, then no less than that (2 · 0.04 = 0.08), then 0.9.
  const std::vector<double> expected{0.09, kMissing, 0.025, 0.09, 0.9, 0.04}, given = holm_corrected(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_EQ(std::isnan(given[i]), std::isnan(p[i])) << i;
    EXPECT_FALSE(std::abs(given[i] - expected[i]) > 1e-15) << i;
  }
  EXPECT_EQ(holm_corrected(std::vector<double>{0.6, 0.7}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(holm_corrected({}).empty());
}

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
