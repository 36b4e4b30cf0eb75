// Statistics of a handful of values, by + − × ÷ and square roots alone: the same bits on every machine.
#pragma once

#include <cstddef>
#include <span>

#include "probe/rows.h"

namespace deadrelu {

// A 95 % interval, or kMissing where there is none.
struct Interval {
  double low = kMissing, high = kMissing;
};

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
