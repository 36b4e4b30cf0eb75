// Resets hidden units between two steps, by the rules of train/reset_spec.h.
#pragma once

#include "train/reset_rules.h"

namespace deadrelu {

// An event of a lane comes after an update, in this order: the rule chooses in all layers; the biases above are
// compensated; the chosen units' incoming weights are drawn anew, and their bias and what else their rows have starts
// as a fresh unit's; their outgoing weights are 0, or drawn anew, and so is an entry between two chosen units. Layers
// in train.freeze keep their units, and so does one below them. After the last update nothing is reset.
template <class T>
class Resets {
 public:
  Resets(const Pack<T>& pack, std::size_t max_block);

  // The first door: every block of a batch, and the whole of it (see UnitJudge).
  void observe(const BatchBlock<T>& block) {
    if (block.step + 1 == due_) judge_.observe(block);
  }
  void observe(const TrainingState<T>& state, const Activations<T>& activations) {
    if (state.step + 1 == due_) judge_.end_batch(state, activations);
  }
  bool wants_gradient(const TrainingState<T>& state) const {
    return state.step + 1 == due_ && judge_.wants(ResetRule::kGrama);
  }
  // The second door.
  void intervene(TrainingState<T>& state) {
    if (state.step + 1 == due_) act(state);
  }

  const UnitJudge<T>& judge() const { return judge_; }

 private:
  const ResetSpec& spec(std::size_t lane) const { return pack_.runs[lane]->remedy.reset; }
  std::uint64_t next_event(std::size_t lane, std::uint64_t step) const;
  void act(TrainingState<T>& state);
  void reset_chosen(TrainingState<T>& state, std::size_t lane);
  void compensate(TrainingState<T>& state, const ResettableLayer& layer, std::size_t u, std::size_t lane);
  void renew_row(TrainingState<T>& state, const ResettableLayer& layer, std::size_t u, std::size_t lane);
  void renew_columns(TrainingState<T>& state, const ResettableLayer& layer, std::size_t lane);
  void put(TrainingState<T>& state, std::size_t parameter, std::size_t lane, double value);

  const Pack<T>& pack_;
  std::size_t lanes_;
  UnitJudge<T> judge_;
  std::vector<std::uint64_t> next_;  // [used lane]: how many updates have been made when its next event comes
  std::uint64_t due_ = 0;            // the first of them
  std::vector<std::uint8_t> chosen_;  // [hidden unit], of one lane
  std::vector<double> row_;
};

}  // namespace deadrelu
