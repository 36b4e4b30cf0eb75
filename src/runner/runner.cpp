
#include <algorithm>
#include <utility>

#include "runner/worker_pool.h"
#include "simd/kernels.h"

namespace deadrelu {
namespace {

// Packs waiting, training or finished but not handed back, per thread: enough to keep the workers busy while
// the caller writes, few enough to keep memory bounded.
constexpr std::size_t kPacksPerThread = 4;

// Feeds the pool from the stream of runs.
class Feeder {
 public:
  Feeder(const RunStream& next, SimdTarget simd) : next_(next), packer_(lane_count<float>(simd)) {}

  std::optional<std::vector<PlannedRun>> next_pack() {
    PlannedRun run;
    while (!exhausted_) {
      exhausted_ = !next_(run);
      if (exhausted_) break;
      if (auto pack = packer_.add(std::move(run))) return pack;
      run = PlannedRun();
    }
    return packer_.take_rest();
  }

 private:
  const RunStream& next_;
  Packer packer_;
  bool exhausted_ = false;
};

}  // namespace

void train_runs(const RunStream& next, const RunnerOptions& options, const std::atomic<bool>& stop,
                const std::function<void(std::vector<FinishedRun>&)>& finished) {
  Feeder feeder(next, options.simd);
  WorkerPool pool(options);
  std::size_t in_flight = 0;
  bool fed = false;
  while (!stop) {
    while (!fed && in_flight < kPacksPerThread * options.threads) {
      auto pack = feeder.next_pack();
      fed = !pack;
      if (fed) break;
      pool.submit(std::move(*pack));
      ++in_flight;
    }
    if (in_flight == 0) return;
    auto pack = pool.wait();
    if (!pack) continue;
    --in_flight;
    if (pack->error) std::rethrow_exception(pack->error);
    finished(pack->runs);
    const auto failed = [](const FinishedRun& run) { return !run.failure.empty(); };
    if (options.fail_fast && std::ranges::any_of(pack->runs, failed)) return;
  }
}

}  // namespace deadrelu
