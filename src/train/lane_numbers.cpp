#include "train/lane_numbers.h"

#include <algorithm>
#include <cmath>

#include "train/schedule.h"

namespace deadrelu {

template <class T>
LaneNumbers<T>::LaneNumbers(std::span<const RunSpec* const> runs, std::uint64_t steps)
    : runs_(runs.begin(), runs.end()),
      steps_(steps),
      beta1_power_(runs.size(), 1.0),
      beta2_power_(runs.size(), 1.0) {
  for (auto* numbers :
       {&learning_rate_, &weight_decay_, &gradient_factor_, &momentum_, &dampening_, &nesterov_, &beta1_,
        &beta2_, &complement1_, &complement2_, &epsilon_, &correction1_, &correction2_root_})
    *numbers = Buffer<T>(runs.size());
  for (std::size_t lane = 0; lane < runs.size(); ++lane) {
    const OptimizerSpec& optimizer = runs[lane]->train.optimizer;
    weight_decay_[lane] = static_cast<T>(optimizer.weight_decay);
    gradient_factor_[lane] = T{1};
    momentum_[lane] = static_cast<T>(optimizer.momentum);
    dampening_[lane] = static_cast<T>(optimizer.dampening);
    nesterov_[lane] = optimizer.nesterov ? T{1} : T{0};
    const double beta2 = optimizer.kind == Optimizer::kRmsprop ? optimizer.alpha : optimizer.beta2;
    beta1_[lane] = static_cast<T>(optimizer.beta1);
    beta2_[lane] = static_cast<T>(beta2);
    complement1_[lane] = static_cast<T>(1 - optimizer.beta1);
    complement2_[lane] = static_cast<T>(1 - beta2);
    epsilon_[lane] = static_cast<T>(optimizer.epsilon);
    clips_ |= runs[lane]->train.clip_norm > 0;
    uses_momentum_ |= optimizer.momentum != 0;
    uses_weight_decay_ |= optimizer.weight_decay != 0;
    follows_schedule_ |= runs[lane]->train.schedule.kind != Schedule::kConstant;
  }
  corrects_bias_ =
      runs[0]->train.optimizer.kind == Optimizer::kAdam || runs[0]->train.optimizer.kind == Optimizer::kAdamw;
}

template <class T>
void LaneNumbers<T>::begin_step(std::uint64_t i, double* learning_rates) {
  step_ = i;
  if (i > 0 && !follows_schedule_ && !corrects_bias_) return;
  for (std::size_t lane = 0; lane < runs_.size(); ++lane) {
    const OptimizerSpec& optimizer = runs_[lane]->train.optimizer;
    learning_rates[lane] =
        scheduled_learning_rate(optimizer.learning_rate, runs_[lane]->train.schedule, i, steps_);
    learning_rate_[lane] = static_cast<T>(learning_rates[lane]);
    beta1_power_[lane] *= optimizer.beta1;
    beta2_power_[lane] *= optimizer.beta2;
    correction1_[lane] = static_cast<T>(1 - beta1_power_[lane]);
    correction2_root_[lane] = static_cast<T>(std::sqrt(1 - beta2_power_[lane]));
  }
}

template <class T>
void LaneNumbers<T>::clip(std::span<const double> squared_norms) {
  for (std::size_t lane = 0; lane < runs_.size(); ++lane) {
    const double largest = runs_[lane]->train.clip_norm;
    if (largest > 0)
      gradient_factor_[lane] =
          static_cast<T>(std::min(1.0, largest / (std::sqrt(squared_norms[lane]) + 1e-6)));
  }
}

template <class T>
UpdateParameters<T> LaneNumbers<T>::parameters() const {
  UpdateParameters<T> p;
  p.learning_rate = learning_rate_.data();
  p.weight_decay = weight_decay_.data();
  p.gradient_factor = gradient_factor_.data();
  p.momentum = momentum_.data();
  p.dampening = dampening_.data();
  p.nesterov = nesterov_.data();
  p.beta1 = beta1_.data();
  p.beta2 = beta2_.data();
  p.complement1 = complement1_.data();
  p.complement2 = complement2_.data();
  p.epsilon = epsilon_.data();
  p.correction1 = correction1_.data();
  p.correction2_root = correction2_root_.data();
  p.first_step = step_ == 0;
  p.clips = clips_;
  p.uses_momentum = uses_momentum_;
  p.uses_weight_decay = uses_weight_decay_;
  return p;
}

template <class T>
bool LaneNumbers<T>::needs_first_moment() const {
  const Optimizer kind = runs_[0]->train.optimizer.kind;
  return kind == Optimizer::kAdam || kind == Optimizer::kAdamw || uses_momentum_;
}

template <class T>
bool LaneNumbers<T>::needs_second_moment() const {
  return runs_[0]->train.optimizer.kind != Optimizer::kSgd;
}

template class LaneNumbers<float>;
template class LaneNumbers<double>;

}  // namespace deadrelu
