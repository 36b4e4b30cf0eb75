// The numbers of the optimizer, one a lane, so that runs of one pack may differ in any of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "simd/update.h"
#include "train/run_spec.h"

namespace deadrelu {

template <class T>
class LaneNumbers {
 public:
  // runs: one a lane. steps: how many updates the runs make.
  LaneNumbers(std::span<const RunSpec* const> runs, std::uint64_t steps);

  // Moves to update i (from 0, one after the other): learning rates, [lane], and bias corrections.
  void begin_step(std::uint64_t i, double* learning_rates);
  // From the gradient's squared norms [lane]: how much of it each lane keeps
  // (torch.nn.utils.clip_grad_norm_).
  void clip(std::span<const double> squared_norms);

  bool clips() const { return clips_; }
  UpdateParameters<T> parameters() const;
  bool needs_first_moment() const;  // whether the optimizer keeps the state `first`
  bool needs_second_moment() const;

 private:
  std::vector<const RunSpec*> runs_;
  std::uint64_t steps_, step_ = 0;
  bool clips_ = false, uses_momentum_ = false, uses_weight_decay_ = false;
  bool follows_schedule_ = false, corrects_bias_ = false;  // else nothing changes from step to step
  std::vector<double> beta1_power_, beta2_power_;
  Buffer<T> learning_rate_, weight_decay_, gradient_factor_, momentum_, dampening_, nesterov_, beta1_, beta2_,
      complement1_, complement2_, epsilon_, correction1_, correction2_root_;
};

}  // namespace deadrelu
