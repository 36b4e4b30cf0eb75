#include "runner/packer.h"

#include <algorithm>
#include <utility>

namespace deadrelu {
namespace {

constexpr std::size_t kMaxWaitingRuns = 4096;

}  // namespace

std::optional<std::vector<PlannedRun>> Packer::add(PlannedRun run) {
  const std::size_t lanes = run.spec.train.precision == Precision::kFloat32 ? float_lanes_ : float_lanes_ / 2;
  const auto pack = waiting_.try_emplace(pack_form(run.spec)).first;
  pack->second.push_back(std::move(run));
  ++waiting_runs_;
  if (pack->second.size() == lanes) return take(pack);
  if (waiting_runs_ < kMaxWaitingRuns) return std::nullopt;
  return take(std::max_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  }));
}

std::optional<std::vector<PlannedRun>> Packer::take_rest() {
  if (waiting_.empty()) return std::nullopt;
  return take(waiting_.begin());
}

std::vector<PlannedRun> Packer::take(Waiting::iterator pack) {
  std::vector<PlannedRun> runs = std::move(pack->second);
  waiting_.erase(pack);
  waiting_runs_ -= runs.size();
  return runs;
}

}  // namespace deadrelu
