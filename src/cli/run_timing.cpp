#include "cli/run_timing.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace deadrelu {
namespace {

constexpr std::uint64_t kBlocks = 16;  // samples of neighbouring runs, which share packs as they will
constexpr std::uint64_t kBlockRuns = 64;
constexpr std::uint64_t kMostWalked = 1u << 20;  // further runs of a huge sweep are not looked at

using Clock = std::chrono::steady_clock;

// Sets a flag after some time, unless it is destroyed before.
class Alarm {
 public:
  explicit Alarm(double seconds)
      : thread_([this, seconds](const std::stop_token& ended) {
          std::unique_lock lock(mutex_);
          wake_.wait_for(lock, ended, std::chrono::duration<double>(seconds), [] { return false; });
          rang_ = true;
        }) {}
  const std::atomic<bool>& rang() const { return rang_; }

 private:
  std::atomic<bool> rang_ = false;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace

std::optional<double> seconds_per_run(const ExperimentConfig& config, SimdTarget simd, double seconds) {
  const std::uint64_t walked = std::min(config.run_count(), kMostWalked);
  const std::uint64_t stride = std::max(walked / kBlocks, kBlockRuns);
  const RunStream all = config.runs();
  const RunStream next = [&](PlannedRun& run) {
    while (all(run) && run.position < walked) {
      if (run.position % stride < kBlockRuns) return true;
    }
    return false;
  };
  RunnerOptions options;
  options.simd = simd;
  const Alarm alarm(seconds);
  const auto start = Clock::now();
  Clock::time_point last = start;
  std::uint64_t trained = 0;
  train_runs(next, options, alarm.rang(), [&](const std::vector<FinishedRun>& runs) {
    trained += runs.size();
    last = Clock::now();
  });
  if (trained == 0) return std::nullopt;
  return std::chrono::duration<double>(last - start).count() / static_cast<double>(trained);
}

}  // namespace deadrelu
