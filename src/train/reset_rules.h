// What is known about the hidden units of a pack, and which of them the rules of train/reset_spec.h choose.
#pragma once

#include "train/trainer.h"

namespace deadrelu {

// A layer whose units may be reset; `first`: the first of them among all hidden units.
struct ResettableLayer {
  std::size_t number, first, units;
};

// Units are judged by what they did in the batch of an update, at the parameters before it, and by the weights after it.
// Every lane has a rule and numbers of its own. Nothing may be asked without a lane that has a rule.
template <class T>
class UnitJudge {
 public:
  UnitJudge(const Pack<T>& pack, std::size_t max_block);

  const std::vector<ResettableLayer>& layers() const { return layers_; }
  // Every block of a batch; the whole of it, with the gradient of the loss and the activations of the last block; and
  // after the update.
  void observe(const BatchBlock<T>& block);
  void end_batch(const TrainingState<T>& state, const Activations<T>& activations);
  void end_step(const TrainingState<T>& state);
  // Marks the units of a lane that are to be reset after so many updates, [hidden unit]; returns whether there are any.
  bool choose(std::size_t lane, std::uint64_t step, std::vector<std::uint8_t>& chosen);
  // Of a unit that is reset; and then of the lane.
  void forget(std::size_t unit, std::size_t lane);
  void end_event(std::size_t lane, std::uint64_t step) {
    if (spec(lane).rule == ResetRule::kSnr && step % spec(lane).every == 0) choose_thresholds(lane);
  }

  // cbp: a running mean ÷ (1 − decay^age), age: updates since the unit began (Dohare et al. 2024; the authors' gnt.py).
  double utility(std::size_t unit, std::size_t lane) const {
    return corrected(utility_, unit * lanes_ + lane);
  }
  // Of its activations: in the batch, or with cbp a running mean.
  double mean(std::size_t unit, std::size_t lane) const;
  // frt, snr: examples that it has been silent on end, in whole batches, and how many are too many.
  double silence(std::size_t unit, std::size_t lane) const { return silence_[unit * lanes_ + lane]; }
  double too_long(std::size_t unit, std::size_t lane) const { return too_long_[unit * lanes_ + lane]; }
  // Whether some lane has the rule.
  bool wants(ResetRule rule) const { return wants_[static_cast<std::size_t>(rule)]; }

 private:
  const ResetSpec& spec(std::size_t lane) const { return pack_.runs[lane]->remedy.reset; }
  T* of(Buffer<T>& sums, const ResettableLayer& layer) { return sums.data() + layer.first * lanes_; }
  double corrected(const Buffer<double>& mean, std::size_t i) const {
    return mean[i] / (1 - decay_power_[i]);
  }
  void sum_up_weights(const T* values, std::size_t layer, bool of_columns, T* sums);
  void age_units();
  void update_utilities(const T* parameters);
  void end_silence(std::size_t i);
  void choose_thresholds(std::size_t lane);
  bool choose_low(const ResettableLayer& layer, std::size_t lane, const Buffer<T>& sums,
                  std::uint8_t* chosen);
  bool choose_useless(const ResettableLayer& layer, std::size_t lane, std::uint8_t* chosen);
  bool choose_lowest(const ResettableLayer& layer, std::size_t lane, double share, std::uint8_t* chosen);

  const Pack<T>& pack_;
  std::size_t lanes_, bins_ = 0;
  double batch_ = 0;                           // examples
  bool wants_[kNames<ResetRule>.size()] = {};  // [ResetRule]
  std::vector<double> decay_;                  // [lane]
  std::vector<char> adapts_;                   // [lane]: whether its utility does
  bool wants_sums_ = false, wants_distances_ = false;
  std::vector<ResettableLayer> layers_;
  // [hidden unit][lane], of a batch: Σ h, Σ |h − origin|, Σ |∂L/∂w_in|; origins_: the running mean where a utility
  // adapts, else 0; Σ |w_in|, Σ |w_out|.
  Buffer<T> sums_, magnitudes_, gradients_, origins_, incoming_, outgoing_;
  Buffer<double> age_, decay_power_, mean_, utility_, silence_, too_long_;  // decay_power_: decay^age
  Buffer<double>
      carried_;  // the same of a layer's first unit: of a unit, what did not make a whole one so far
  Buffer<std::uint32_t> silences_;  // [hidden unit][lane][bin]: that ended since thresholds were chosen
  LaneMatrix<T> kept_;  // [hidden unit][sample]: activations, if distances are wanted of several blocks
  Buffer<T> kept_memory_;
  std::vector<double> scores_;  // [unit]
};

}  // namespace deadrelu
