// Threads that train packs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "data/dataset.h"
#include "runner/runner.h"

namespace deadrelu {

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
