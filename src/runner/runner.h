// Trains a stream of runs: packs them into SIMD lanes, spreads the packs over threads, hands finished runs
// back.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "data/found.h"
#include "simd/target.h"
#include "sweep/planned_run.h"

namespace deadrelu {

struct RunnerOptions {
  std::size_t threads = 1;                      // workers; the caller's thread feeds them and writes
  SimdTarget simd = SimdTarget::kAvx2;          // one of available_simd()
  bool fail_fast = false;                       // stop at the first run that fails
  std::optional<Engine> engine = std::nullopt;  // empty: whichever is faster for the runs of a pack
  OnFound on_found = {};                        // told, on a worker's thread, what each data set consists of
};

// Trains everything that `next` hands out and passes finished packs to `finished`, both on the calling
// thread. The order of finishing is not defined; each run's record is. Returns early, without the runs in
// flight, once `stop` is set. An exception of next, finished or of reading the data ends the work and is
// thrown on.
void train_runs(const RunStream& next, const RunnerOptions& options, const std::atomic<bool>& stop,
                const std::function<void(std::vector<FinishedRun>&)>& finished);

}  // namespace deadrelu
