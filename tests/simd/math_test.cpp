#include "simd/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

using Vectorized = void (*)(std::span<double>);
using Exact = long double (*)(long double);

void exp_of_each(std::span<double> x) {
  for (double& value : x) value = portable_exp(value);
}

// The largest error in units in the last place over evenly spaced points.
double largest_error(Vectorized function, Exact exact, double from, double to, std::size_t points) {
  std::vector<double> x(points), y;
  for (std::size_t i = 0; i < points; ++i) x[i] = from + (to - from) * double(i) / double(points - 1);
  y = x;
  function(y);
  double worst = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const long double expected = exact(x[i]);
    const double size = std::abs(double(expected));
    const double ulp = std::nextafter(size, kInfinity<double>) - size;
    worst = std::max(worst, double(std::abs(y[i] - expected)) / ulp);
  }
  return worst;
}

TEST(Math, exp_is_within_one_and_a_half_units_of_the_last_place) {
  EXPECT_LT(largest_error(exp_of_each, std::exp, -700, 709, 20001), 1.5);
  EXPECT_LT(largest_error(exp_of_each, std::exp, -1, 1, 20001), 1.5);
}

TEST(Math, log_is_within_two_units_of_the_last_place) {
  EXPECT_LT(largest_error(vector_log, std::log, 0.01, 3, 20001), 2);
  EXPECT_LT(largest_error(vector_log, std::log, 3, 1e6, 20001), 2);
}

TEST(Math, sin_is_right_to_the_last_digits_of_one) {
  std::vector<double> x;
  for (double v = -200; v < 200; v += 0.0137) x.push_back(v);
  std::vector<double> y = x;
  vector_sin(y);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], std::sin(x[i]), 4e-16) << x[i];
}

TEST(Math, the_ends_of_the_line_are_the_limits) {
  EXPECT_EQ(portable_exp(-1e300), 0);
  EXPECT_EQ(portable_exp(-kInfinity<double>), 0);
  EXPECT_EQ(portable_exp(kInfinity<double>), kInfinity<double>);
  EXPECT_EQ(portable_exp(710), kInfinity<double>);
  EXPECT_EQ(portable_exp(0), 1);
  EXPECT_GT(portable_exp(-745), 0);
  EXPECT_EQ(portable_log(0), -kInfinity<double>);
  EXPECT_EQ(portable_log(kInfinity<double>), kInfinity<double>);
  EXPECT_EQ(portable_log(1), 0);
  EXPECT_NEAR(portable_log(std::numeric_limits<double>::denorm_min()), -744.4400719213812, 1e-12);
  EXPECT_TRUE(std::isnan(portable_log(-1)));
}

TEST(Math, a_nan_stays_nan) {
  for (const Vectorized function : {exp_of_each, vector_log, vector_sin}) {
    std::vector<double> x = {0.5, kNan<double>, 0.25};
    function(x);
    EXPECT_FALSE(std::isnan(x[0]));
    EXPECT_TRUE(std::isnan(x[1]));
    EXPECT_FALSE(std::isnan(x[2]));
  }
}

TEST(Math, a_values_result_depends_on_that_value_alone) {
  TestRandom random(1);
  for (const Vectorized function : {exp_of_each, vector_log, vector_sin}) {
    std::vector<double> x(37);
    for (double& v : x) v = random.uniform(0.01, 4);
    std::vector<double> whole = x;
    function(whole);
    for (std::size_t from = 0; from < x.size(); ++from) {
      for (std::size_t count = 1; from + count <= x.size(); count += 3) {
        std::vector<double> part(x.begin() + from, x.begin() + from + count);
        function(part);
        EXPECT_EQ(part, std::vector<double>(whole.begin() + from, whole.begin() + from + count));
      }
    }
  }
}

TEST(Math, the_functions_of_one_number_are_those_of_arrays) {
  for (double x = 0.03; x < 5; x += 0.21) {
    std::vector<double> l = {x}, s = {x};
    vector_log(l);
    vector_sin(s);
    EXPECT_EQ(portable_log(x), l[0]);
    EXPECT_EQ(portable_sin(x), s[0]);
    EXPECT_NEAR(portable_cos(x), std::cos(x), 1e-15);
  }
}

// FNV-1a over the bits of a function's results on a grid.
std::uint64_t fingerprint(Vectorized function) {
  std::vector<double> x;
  for (int i = 1; i <= 4096; ++i) x.push_back(i / 512.0);
  function(x);
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const double value : x) {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001B3u;
  }
  return hash;
}

// The same on every processor and with every compiler. A change here changes results: the engine epoch goes
// up.
TEST(Math, the_fingerprints_of_all_functions_are_the_recorded_ones) {
  EXPECT_EQ(fingerprint(exp_of_each), 0x0D353D2785B9C346u) << std::hex << fingerprint(exp_of_each);
  EXPECT_EQ(fingerprint(vector_log), 0xC252968A6EEADF76u) << std::hex << fingerprint(vector_log);
  EXPECT_EQ(fingerprint(vector_sin), 0x5956194C65EF532Du) << std::hex << fingerprint(vector_sin);
}

}  // namespace
}  // namespace deadrelu
