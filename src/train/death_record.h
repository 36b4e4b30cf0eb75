// Fills the table deaths: which units of a pack died, came back or were reset between two recorded steps, and of what.
#pragma once

#include "probe/death_causes.h"
#include "train/batches.h"
#include "train/trainer.h"

namespace deadrelu {

template <class T>
class DeathRecord {
 public:
  DeathRecord(const Pack<T>& pack, std::size_t max_block);

  bool wanted() const { return versions_.has_value(); }
  bool looks_every_step() const { return !trails_.empty(); }
  // At every step, before what is recorded there: how the units get on (every_step).
  void observe(const Pack<T>& pack, const TrainingState<T>& state, Evaluation<T>& probed,
               const Activations<T>& activations);
  // What is seen of a unit at a record …
  void add(std::size_t lane, std::size_t layer, std::size_t unit, UnitEvent event);
  // … and then the rows of all of that. before: the parameters at the record before; `activations` are overwritten.
  void finish(const Pack<T>& pack, const TrainingState<T>& state, const T* before, Evaluation<T>& probed,
              const Activations<T>& activations, std::vector<RunRecord>& records);
  // After a record of the runs that go on.
  void begin_window(const TrainingState<T>& state);

 private:
  // Largest pre-activations: when the window began, before and after the last update by which the unit died or came back.
  struct Trail {
    double from = kMissing, before = kMissing, after = kMissing;
  };
  struct Event {
    std::size_t lane;
    typename UnitVersions<T>::Unit unit;
    DeathRow row;
  };
  void pass_versions(const Pack<T>& pack, const TrainingState<T>& state, const T* before,
                     Evaluation<T>& probed, const Activations<T>& activations);

  std::optional<UnitVersions<T>> versions_;
  std::vector<Event> events_;
  std::uint64_t from_step_ = 0, from_task_ = 0;
  std::vector<std::size_t> first_units_;  // [hidden layer]: units of the layers below it
  UnitPeaks<T> now_, before_;  // every_step: of all hidden units at this step and at the one before
  std::vector<Trail> trails_;  // [hidden unit][lane]; empty unless every_step
};

}  // namespace deadrelu
