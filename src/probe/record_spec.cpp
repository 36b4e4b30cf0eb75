#include "probe/record_spec.h"

#include <algorithm>

#include "simd/math.h"

namespace deadrelu {

std::vector<std::uint64_t> listed_steps(const RecordSpec& spec, std::uint64_t last_step) {
  std::vector<std::uint64_t> steps{0, last_step};
  for (const std::uint64_t step : spec.steps)
    if (step < last_step) steps.push_back(step);
  if (last_step > 1) {
    const double log_last = portable_log(static_cast<double>(last_step));
    for (std::size_t k = 0; k + 1 < spec.log_count; ++k) {
      const double exponent = log_last * static_cast<double>(k) / static_cast<double>(spec.log_count - 1);
      steps.push_back(std::min(last_step, static_cast<std::uint64_t>(portable_exp(exponent) + 0.5)));
    }
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

}  // namespace deadrelu
