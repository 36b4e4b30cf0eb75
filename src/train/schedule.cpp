#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "simd/math.h"

namespace deadrelu {
namespace {

// By repeated squaring: products only, so the same bits everywhere.
double whole_power(double base, std::uint64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if ((exponent & 1) != 0) power *= base;
  return power;
}

}  // namespace

double scheduled_learning_rate(double learning_rate, const ScheduleSpec& schedule, std::uint64_t i,
                               std::uint64_t n) {
  const auto step = static_cast<double>(i), steps = static_cast<double>(std::max<std::uint64_t>(n, 1));
  switch (schedule.kind) {
    case Schedule::kConstant:
      return learning_rate;
    case Schedule::kLinearWarmup: {
      const double last = std::floor(schedule.until * steps);  // of the updates that warm up
      const double factor = 1 + (schedule.factor - 1) * (std::min(step, last) / steps);
      return learning_rate * factor / (step <= last ? 1 : schedule.then_divide);
    }
    case Schedule::kStep:
      return learning_rate * whole_power(schedule.gamma, i / schedule.every);
    case Schedule::kCosine:
      return learning_rate *
             (schedule.final_factor + (1 - schedule.final_factor) * 0.5 *
                                          (1 + portable_cos(std::numbers::pi * std::min(step / steps, 1.0))));
  }
  return learning_rate;
}

}  // namespace deadrelu
