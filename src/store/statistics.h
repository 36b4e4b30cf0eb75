// Statistics of samples, distributions and tests: by + − × ÷, square roots and simd/math.h alone, the same bits on
// every machine. Missing values are NaN.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "probe/rows.h"

namespace deadrelu {

// A 95 % interval, or kMissing where there is none.
struct Interval {
  double low = kMissing, high = kMissing;
};

inline constexpr double kNormal975 = 1.959963984540054;  // quantile of the normal distribution

// P(X > x) of the chi-squared distribution. REQUIRES: x ≥ 0, degrees ≥ 1.
double chi_squared_tail(double x, std::size_t degrees);
// P(|T| > |t|) of Student's t. REQUIRES: degrees ≥ 1.
double student_t_p(double t, std::size_t degrees);

// Holm's (1979) step-down corrected p-values, in the order given; a missing one stays so and does not count.
std::vector<double> holm_corrected(std::span<const double> p);

// 0.975 quantile of Student's t with these degrees of freedom, good to 1e-7. REQUIRES: at least 1.
double student_t_975(std::size_t degrees);

// Of k successes in n trials (Wilson 1927). REQUIRES: k ≤ n; n = 0 has none.
Interval wilson_interval(std::size_t k, std::size_t n);

// Linear between the two nearest of the sorted values (numpy.quantile's default). REQUIRES: a value; share in
// [0, 1].
double sorted_quantile(std::span<const double> sorted, double share);

struct Statistics {
  double mean = kMissing, std = kMissing;  // std: of a sample (n − 1), missing for n < 2
  double median = kMissing, q25 = kMissing, q75 = kMissing;
  Interval interval;  // of the mean (Student), missing for n < 2
};

// Sums run in the order given. All missing without a value.
Statistics statistics_of(std::span<const double> values);

}  // namespace deadrelu
