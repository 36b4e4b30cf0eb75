// Turns what a pack is at a recorded step into the rows of its runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "probe/gradient_probe.h"
#include "probe/rows.h"
#include "probe/unit_probe.h"
#include "train/evaluation.h"
#include "train/pack.h"

namespace deadrelu {

// Says which steps are recorded. Steps ascend.
class RecordSchedule {
 public:
  RecordSchedule(const RecordSpec& spec, std::uint64_t last_step);
  bool due(std::uint64_t step);

 private:
  std::uint64_t every_, last_step_;
  std::vector<std::uint64_t> listed_;
  std::size_t next_ = 0;
};

// The state of a pack at a recorded step, before the update that follows.
template <class T>
struct RecordedState {
  std::uint64_t step = 0;
  double epoch = 0;
  const T* parameters = nullptr;                  // [parameter][lane]
  const T* gradient = nullptr;                    // of the batch that the next update takes
  std::vector<double> batch_loss, learning_rate;  // [lane]
};

template <class T>
class Recorder {
 public:
  Recorder(const Pack<T>& pack, std::size_t max_block);

  // Evaluates the networks and adds rows to every run that has not diverged; `activations` is overwritten.
  void record(const Pack<T>& pack, const RecordedState<T>& state, const Activations<T>& activations);
  // The update ratio of the layers' rows that `record` has just added. REQUIRES: the layers table is
  // recorded.
  void record_update(const Pack<T>& pack, const T* before, const T* after);
  void snapshot(const Pack<T>& pack, std::uint64_t step, const T* parameters);
  // The run ends here: no rows from this step on.
  void mark_diverged(std::size_t lane, std::uint64_t step);

  bool diverged(std::size_t lane) const { return records_[lane].outcome.status == RunStatus::kDiverged; }
  bool all_diverged() const;
  // Fills in what the runs came to and hands them out. last_step: the step up to which they were trained.
  std::vector<RunRecord> finish(std::uint64_t last_step);

 private:
  // Dead units of all hidden layers of one run together.
  struct Deaths {
    std::int64_t units = 0, dead = 0, died = 0, revived = 0, dead_layers = 0;
    double fraction() const {
      return units > 0 ? static_cast<double>(dead) / static_cast<double>(units) : kMissing;
    }
  };
  MetricsRow metrics_of(const RecordedState<T>& state, std::size_t lane) const;
  Deaths record_layers(const Pack<T>& pack, std::uint64_t step, std::size_t lane);
  void update_outcome(const MetricsRow& row, const Deaths& deaths, std::size_t lane);
  Evaluation<T>& probed() { return probes_test_ ? *test_ : train_; }

  std::vector<RunRecord> records_;                   // [used lane]
  std::vector<std::vector<DeathCounter>> counters_;  // [used lane][hidden layer]
  Evaluation<T> train_;
  std::optional<Evaluation<T>> test_;
  bool probes_test_;
  GradientProbe<T> gradient_probe_;
};

}  // namespace deadrelu
