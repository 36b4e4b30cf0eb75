#include "train/record_schedule.h"

#include <algorithm>
#include <cassert>

#include "simd/math.h"

namespace deadrelu {

std::vector<std::uint64_t> listed_steps(const RecordSpec& spec, std::uint64_t last_step) {
  assert(spec.every == 0);
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

RecordSchedule::RecordSchedule(const RecordSpec& spec, std::uint64_t last_step)
    : every_(spec.every), last_step_(last_step) {
  if (every_ == 0) listed_ = listed_steps(spec, last_step);
}

bool RecordSchedule::due(std::uint64_t step) {
  if (every_ > 0) return step % every_ == 0 || step == last_step_;
  while (next_ < listed_.size() && listed_[next_] < step) ++next_;
  return next_ < listed_.size() && listed_[next_] == step;
}

bool StopRule::stops_at(double loss) {
  if (loss < spec_.loss_below) return true;
  if (loss + spec_.improvement < best_) {
    best_ = loss;
    records_ = 0;
  } else {
    ++records_;
  }
  return spec_.patience > 0 && records_ >= spec_.patience;
}

}  // namespace deadrelu
