// Turns what a pack is at a recorded step, and what it does in a bin of a stream, into the rows of its runs.
#pragma once

#include "probe/gradient_probe.h"
#include "probe/rows.h"
#include "probe/unit_probe.h"
#include "train/pack.h"
#include "train/trainer.h"

namespace deadrelu {

// The recorded steps from 0 to last_step, ascending and distinct. REQUIRES: `every` is 0 (else they need no
// list).
std::vector<std::uint64_t> listed_steps(const RecordSpec& spec, std::uint64_t last_step);

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

template <class T>
class Recorder {
 public:
  Recorder(const Pack<T>& pack, std::size_t max_block);

  // Before the first step.
  void begin(const Pack<T>& pack, const TrainingState<T>& state) {
    if (pack.runs[0]->record.parameters_initial) snapshot(pack, state);
  }
  // Between gradient and update. Ends the runs that diverge; at a recorded step evaluates the networks
  // (`activations` are then overwritten) and adds rows to every run that has not diverged. Returns whether
  // there is such a run.
  bool observe(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  // After the update: how far it went, where `observe` has just added rows of layers.
  void observe_update(const Pack<T>& pack, const TrainingState<T>& state);
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
  bool diverged(std::size_t lane) const { return records_[lane].outcome.status == RunStatus::kDiverged; }
  void mark_diverged(std::size_t lane, std::uint64_t step);
  void record(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  void snapshot(const Pack<T>& pack, const TrainingState<T>& state);
  MetricsRow metrics_of(const TrainingState<T>& state, std::size_t lane) const;
  Deaths record_layers(const Pack<T>& pack, std::uint64_t step, std::size_t lane);
  void update_outcome(const MetricsRow& row, const Deaths& deaths, std::size_t lane);
  Evaluation<T>& probed() { return probes_test_ ? *test_ : train_; }

  std::vector<RunRecord> records_;                   // [used lane]
  std::vector<std::vector<DeathCounter>> counters_;  // [used lane][hidden layer]
  Evaluation<T> train_;
  std::optional<Evaluation<T>> test_;
  bool probes_test_, has_targets_;
  GradientProbe<T> gradient_probe_;
  RecordSchedule schedule_;
  bool due_ = false;  // the step that was observed last is a recorded one
  Buffer<T> before_;  // the parameters before the update, if the layers table is recorded
};

// What networks do on the examples of a stream before they learn from them, bin by bin. A batch belongs to
// the bin in which its first example lies. Sums run over the steps, ascending, in double.
template <class T>
class StreamBins {
 public:
  explicit StreamBins(const Pack<T>& pack);

  bool wanted() const { return bin_size_ > 0; }
  // Looks at which units fire and which answers are right. What follows the last update nobody learns from.
  void observe(const Pack<T>& pack, const BatchBlock<T>& block);
  // After a batch's last block. A run that diverges gets no more rows.
  void end_batch(const TrainingState<T>& state);
  // Ends the last bin, and hands out a lane's rows.
  std::vector<StreamRow> take(std::size_t lane);

 private:
  void end_bin();
  double silent_fraction(std::size_t lane) const;

  const std::uint64_t bin_size_;  // in examples; 0: no bins
  const std::uint64_t steps_;
  const bool classifies_;
  std::size_t lanes_, units_ = 0;
  std::uint64_t begun_ = 0, examples_ = 0;  // before the bin, and up to now
  std::int64_t bin_ = 1;
  Buffer<T> fired_;                           // [hidden unit][lane]: the largest |output| in the bin
  Buffer<double> correct_;                    // [lane]
  std::vector<double> loss_sums_;             // [used lane]
  std::vector<bool> stopped_;                 // [used lane]
  std::vector<std::vector<StreamRow>> rows_;  // [used lane]
};

}  // namespace deadrelu
