// Runs in packs, and the threads that train them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"
#include "runner/runner.h"
#include "sweep/planned_run.h"
#include "train/pack.h"

namespace deadrelu {

// Holds at most a bounded number of runs, however the sweep mixes architectures. Which runs meet in a pack
// decides speed only, never a result.
class Packer {
 public:
  // float_lanes: runs a pack of float32 networks takes (float64: half of it).
  explicit Packer(std::size_t float_lanes) : float_lanes_(float_lanes) {}

  // Adds a run and hands out the pack that this fills, or the fullest one where too many runs are waiting.
  std::optional<std::vector<PlannedRun>> add(PlannedRun run);
  // A pack that is not full, when no more runs come; empty when none is left.
  std::optional<std::vector<PlannedRun>> take_rest();

 private:
  struct Hash {
    std::size_t operator()(const PackForm& form) const { return form.hash(); }
  };
  using Waiting = std::unordered_map<PackForm, std::vector<PlannedRun>, Hash>;
  std::vector<PlannedRun> take(Waiting::iterator pack);
  std::size_t float_lanes_, waiting_runs_ = 0;
  Waiting waiting_;
};

// A pack that a worker is through with. `error` holds what the data set's files threw, if anything.
struct FinishedPack {
  std::vector<FinishedRun> runs;  // empty where the pool was halted meanwhile
  std::exception_ptr error;
};

class WorkerPool {
 public:
  explicit WorkerPool(const RunnerOptions& options);
  ~WorkerPool();  // halts and joins

  void submit(std::vector<PlannedRun> runs);
  // The next finished pack, in no particular order; empty where none finishes within a tenth of a second.
  std::optional<FinishedPack> wait();
  // Makes the workers drop what they are training.
  void halt() { halted_.store(true, std::memory_order_relaxed); }

 private:
  void work();
  FinishedPack train(std::vector<PlannedRun> runs);
  template <class T>
  void train(std::vector<FinishedRun>& runs, DatasetCache<T>& cache);

  SimdTarget simd_;
  std::optional<Engine> engine_;
  std::atomic<bool> halted_ = false;
  DatasetCache<float> float_data_;
  DatasetCache<double> double_data_;

  std::mutex mutex_;  // guards all below
  std::condition_variable job_added_, pack_finished_;
  std::deque<std::vector<PlannedRun>> jobs_;
  std::deque<FinishedPack> finished_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace deadrelu
