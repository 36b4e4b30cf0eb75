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
  // runs: one a lane. steps: how many updates the runs make.
  OptimizerNumbers(std::span<const RunSpec* const> runs, std::uint64_t steps);

  // Moves to update i (from 0, one after the other): learning rates, [lane], and bias corrections.
  void begin_step(std::uint64_t i, double* learning_rates);
  // From the gradient's squared norms [lane]: how much of it each lane keeps
  // (torch.nn.utils.clip_grad_norm_).
  void clip(std::span<const double> squared_norms);

  const UpdateParameters<T>& parameters() const { return parameters_; }
  // Whether the optimizer keeps the state `first`, and `second`.
  bool needs_first_moment() const {
    return corrects_bias_ || parameters_.uses_momentum || is(Optimizer::kLion);
  }
  bool needs_second_moment() const { return !is(Optimizer::kSgd) && !is(Optimizer::kLion); }

 private:
  bool is(Optimizer kind) const { return runs_[0]->train.optimizer.kind == kind; }
  T& at(UpdateNumber number, std::size_t lane) {
    return numbers_[static_cast<std::size_t>(number) * runs_.size() + lane];
  }

  std::vector<const RunSpec*> runs_;
  std::uint64_t steps_;
  bool follows_schedule_ = false, corrects_bias_ = false;  // else nothing changes from step to step
  std::vector<double> beta1_power_, beta2_power_;
  Buffer<T> numbers_;  // [UpdateNumber][lane]
  UpdateParameters<T> parameters_;
};

}  // namespace deadrelu
