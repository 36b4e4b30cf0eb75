// Elementary functions on arrays of doubles, with the same bits on every machine (never libm, whose last bit
// differs between versions). For data sets, initial parameters, schedules and sweep ranges.
#pragma once

#include <span>

namespace deadrelu {

// In place, on the best target of this machine; each value's result depends on that value alone.
void vector_log(std::span<double> x);  // natural logarithm
void vector_sin(std::span<double> x);  // REQUIRES: |x| ≤ 39000; so do portable_sin and portable_cos

double portable_exp(double x);
double portable_log(double x);
double portable_sin(double x);
double portable_cos(double x);  // sin(x + π/2)

}  // namespace deadrelu
