// Turns what a pack is at a recorded step, and what it has done in a task, into the rows of its runs.
#pragma once

#include "probe/certificates.h"
#include "probe/gradient_probe.h"
#include "probe/rows.h"
#include "probe/unit_probe.h"
#include "train/death_record.h"
#include "train/online.h"
#include "train/pack.h"
#include "train/record_schedule.h"
#include "train/trainer.h"

namespace deadrelu {

template <class T>
class Recorder {
 public:
  Recorder(const Pack<T>& pack, std::size_t max_block);

  // Before the first step.
  void begin(const Pack<T>& pack, const TrainingState<T>& state) {
    if (!pack.runs[0]->record.parameters_initial) return;
    for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) snapshot(pack, state, lane);
  }
  // Every block of a batch.
  void observe(const Pack<T>& pack, const BatchBlock<T>& block) {
    if (pack.task_steps > 0) online_.observe(pack, block);
  }
  // Whether `observe` will look at the gradient, or overwrite the activations that it comes from.
  bool wants_gradient(const TrainingState<T>& state) {
    due_ = schedule_.due(state.step);
    some_diverge_ = false;
    for (std::size_t lane = 0; state.any_diverged() && lane < ended_.size(); ++lane)
      some_diverge_ |= ended_[lane] == 0 && state.diverged(lane);
    return due_ || some_diverge_ || state.begins_task || death_record_.looks_every_step();
  }
  // Between gradient and update, after wants_gradient. Ends the runs that diverge, with rows of what is still finite, or are stopped; at
  // a recorded step and where a task ends evaluates the networks (`activations` are then overwritten) and adds
  // rows to every run that has not ended. Returns whether there is a run that goes on.
  bool observe(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  // After the update: how far it went, where `observe` has just added rows of layers.
  void observe_update(const Pack<T>& pack, const TrainingState<T>& state);
  bool recorded() const { return due_; }  // whether the step that was observed last is a recorded one
  const std::vector<std::uint8_t>& ended() const { return ended_; }  // [used lane]
  std::vector<RunRecord> finish() { return std::move(records_); }

 private:
  // Dead units of all hidden layers of one run together.
  struct Deaths {
    std::int64_t units = 0, dead = 0, died = 0, revived = 0, resets = 0, dead_layers = 0;
    bool whole = true;  // no activation is something else than a number
    double fraction() const {
      return whole && units > 0 ? static_cast<double>(dead) / static_cast<double>(units) : kMissing;
    }
  };
  bool goes_on() const { return std::find(ended_.begin(), ended_.end(), 0) != ended_.end(); }
  void mark_diverged(std::size_t lane, std::uint64_t step);
  // Of all runs, or of those that diverge in this step.
  void record(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  void evaluate(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  // Ends the task before, if the batch begins another.
  void change_task(const Pack<T>& pack, const TrainingState<T>& state, const Activations<T>& activations);
  void add_task_row(const Pack<T>& pack, std::uint64_t task, std::size_t lane);
  void end_stopped(const Pack<T>& pack, const TrainingState<T>& state);
  void snapshot(const Pack<T>& pack, const TrainingState<T>& state, std::size_t lane);
  MetricsRow metrics_of(const TrainingState<T>& state, std::size_t lane) const;
  Deaths record_layers(const Pack<T>& pack, const TrainingState<T>& state, std::size_t lane);
  void update_outcome(const MetricsRow& row, const Deaths& deaths, std::size_t lane);
  Evaluation<T>& probed() { return probes_test_ ? *test_ : train_; }

  std::vector<RunRecord> records_;              // [used lane]
  std::vector<std::uint8_t> ended_, recorded_;  // [used lane]; recorded_: when a step was recorded last
  bool due_ = false, some_diverge_ = false;
  std::vector<StopRule> stop_rules_;                 // [used lane]
  std::vector<std::vector<DeathCounter>> counters_;  // [used lane][hidden layer]
  Evaluation<T> train_;
  std::optional<Evaluation<T>> test_;
  bool probes_test_, has_targets_;
  GradientProbe<T> gradient_probe_;
  std::vector<Certificates<T>> certificates_;  // [used lane], if asked for
  RecordSchedule schedule_;
  DeathRecord<T> death_record_;
  OnlineSums<T> online_;  // of the task
  std::int64_t task_updates_ = 0;
  Buffer<T> before_;  // the parameters at the last recorded step, if layers or deaths are recorded
};

}  // namespace deadrelu
