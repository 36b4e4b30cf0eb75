// The numbers of the optimizer, one a lane, so that runs of one pack may differ in any of them.
#pragma once

#include "base/buffer.h"
#include "simd/update.h"
#include "train/run_spec.h"

namespace deadrelu {

// The learning rate of update i (from 0) of n, as the formulas at `Schedule` say. In double, the same bits on
// every machine. i may be n: the update that is measured after the last step and not kept.
double scheduled_learning_rate(double learning_rate, const ScheduleSpec& schedule, std::uint64_t i,
                               std::uint64_t n);

template <class T>
class OptimizerNumbers {
 public:
  // runs: one a lane. steps: how many updates the runs make. units: hidden ones, 0 where all entries count alike.
  OptimizerNumbers(std::span<const RunSpec* const> runs, std::uint64_t steps, std::size_t units = 0);

  // Moves to update i (from 0, one after the other): learning rates, [lane], and bias corrections. powers: beta1^t and
  // beta2^t, [beta][count][lane], before their steps t 1: the first count is that of entries as old as the run, then
  // every hidden unit has one for its entries.
  void begin_step(std::uint64_t i, double* learning_rates, double* powers);
  // From the gradient's squared norms [lane]: how much of it each lane keeps
  // (torch.nn.utils.clip_grad_norm_).
  void clip(std::span<const double> squared_norms);

  const UpdateParameters<T>& parameters() const { return parameters_; }
  // Whether there are entries younger than the run, as far as it shows …
  bool entries_differ() const { return entries_differ_; }
  // … and then the numbers of a row of entries, each of which belongs to two counts, the row's and, of those that
  // follow `columns`, its own, and is as old as the younger one; columns 0: only to the row's. Valid until the next
  // call.
  const UpdateParameters<T>& of_row(std::size_t row, std::size_t columns);
  // Whether the optimizer keeps the state `first`, and `second`.
  bool needs_first_moment() const {
    return corrects_bias_ || parameters_.uses_momentum || is(Optimizer::kLion);
  }
  bool needs_second_moment() const { return !is(Optimizer::kSgd) && !is(Optimizer::kLion); }

 private:
  bool is(Optimizer kind) const { return runs_[0]->train.optimizer.kind == kind; }
  // Those that depend on how many steps were taken, in the order of EntryNumbers.
  static constexpr std::array kCountedNumbers{UpdateNumber::kStepSize, UpdateNumber::kCorrection2Root,
                                              UpdateNumber::kEpsilon};
  void correct_bias(double* powers);
  void set_counted(T* numbers, std::size_t count) const;
  T& at(UpdateNumber number, std::size_t lane) {
    return numbers_[static_cast<std::size_t>(number) * runs_.size() + lane];
  }

  std::vector<const RunSpec*> runs_;
  std::uint64_t steps_;
  std::size_t counts_;
  bool follows_schedule_ = false, corrects_bias_ = false;  // else nothing changes from step to step
  bool entries_differ_ = false;
  std::array<Buffer<T>, kCountedNumbers.size()> counted_;  // [count][lane]
  Buffer<T> numbers_, row_numbers_;                        // [UpdateNumber][lane]
  UpdateParameters<T> parameters_, row_;
};

}  // namespace deadrelu
