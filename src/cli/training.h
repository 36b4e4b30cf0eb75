// Trains the runs of a sweep that the store does not hold yet.
#pragma once

#include <atomic>
#include <cstdint>

#include "cli/input_check.h"
#include "cli/progress.h"
#include "cli/selection.h"
#include "config/experiment_config.h"
#include "runner/runner.h"
#include "store/result_store.h"

namespace deadrelu {

// What a training has done.
struct TrainingCounts {
  std::uint64_t recorded = 0;  // of the selected runs, those that were there before
  std::uint64_t trained = 0;   // recorded now
  std::uint64_t diverged = 0;  // of those trained now
  std::uint64_t failed = 0;
};

class Training {
 public:
  Training(const ExperimentConfig& config, const Selection& selection, ResultStore& store,
           Progress& progress);

  // Returns when everything is trained or, early, once `stop` is set. Failures are logged. Throws what
  // reading the data, finding it changed and writing the store throw.
  void train(const RunnerOptions& options, const std::atomic<bool>& stop);

  const TrainingCounts& counts() const { return counts_; }

 private:
  bool next_missing(const RunStream& all, PlannedRun& run);
  void keep(std::vector<FinishedRun>& finished);
  void report_failure(const FinishedRun& finished);

  const ExperimentConfig& config_;
  const Selection selection_;
  ResultStore& store_;
  Progress& progress_;
  const bool store_was_empty_;
  TrainingCounts counts_;
  InputCheck inputs_;
};

}  // namespace deadrelu
