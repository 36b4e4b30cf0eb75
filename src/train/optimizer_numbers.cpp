#include "train/optimizer_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "simd/math.h"

namespace deadrelu {
namespace {

// By repeated squaring: products only, so the same bits everywhere.
double whole_power(double base, std::uint64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if ((exponent & 1) != 0) power *= base;
  return power;
}

}  // namespace

double scheduled_learning_rate(double learning_rate, const ScheduleSpec& schedule, std::uint64_t i,
                               std::uint64_t n) {
  const auto step = static_cast<double>(i), steps = static_cast<double>(std::max<std::uint64_t>(n, 1));
  switch (schedule.kind) {
    case Schedule::kConstant: return learning_rate;
    case Schedule::kLinearWarmup: {
      const double last = std::floor(schedule.until * steps);  // of the updates that warm up
      const double factor = 1 + (schedule.factor - 1) * (std::min(step, last) / steps);
      return learning_rate * factor / (step <= last ? 1 : schedule.then_divide);
    }
    case Schedule::kStep: return learning_rate * whole_power(schedule.gamma, i / schedule.every);
    case Schedule::kCosine:
      return learning_rate *
             (schedule.final_factor + (1 - schedule.final_factor) * 0.5 *
                                          (1 + portable_cos(std::numbers::pi * std::min(step / steps, 1.0))));
    case Schedule::kPhases: {
      const auto lasts = [&](const std::array<double, 2>& phase) {
        return step < std::floor(phase[0] * steps + 0.5);
      };
      const auto& phases = schedule.phases;
      const auto phase = std::find_if(phases.begin(), phases.end(), lasts);
      return learning_rate * (phase == phases.end() ? phases.back() : *phase)[1];
    }
  }
  return learning_rate;
}

template <class T>
OptimizerNumbers<T>::OptimizerNumbers(std::span<const RunSpec* const> runs, std::uint64_t steps,
                                      std::size_t units)
    : runs_(runs.begin(), runs.end()),
      steps_(steps),
      counts_(1 + units),
      numbers_(kUpdateNumbers * runs.size()),
      row_numbers_(numbers_.size()) {
  assert(!runs.empty());
  for (Buffer<T>& numbers : counted_)  // a vector may reach beyond the last one
    numbers = Buffer<T>(counts_ * runs.size() + kBufferAlignment / sizeof(T));
  parameters_.numbers = numbers_.data();
  for (std::size_t lane = 0; lane < runs.size(); ++lane) {
    const OptimizerSpec& optimizer = runs[lane]->train.optimizer;
    const auto set = [&](UpdateNumber number, double value) { at(number, lane) = static_cast<T>(value); };
    const double beta2 = optimizer.kind == Optimizer::kRmsprop ? optimizer.alpha : optimizer.beta2;
    set(UpdateNumber::kWeightDecay, optimizer.weight_decay);
    set(UpdateNumber::kGradientFactor, 1);
    const double bound = runs[lane]->train.clip_value;
    set(UpdateNumber::kClipValue, bound > 0 ? bound : std::numeric_limits<double>::infinity());
    set(UpdateNumber::kMomentum, optimizer.momentum);
    set(UpdateNumber::kDampening, optimizer.dampening);
    set(UpdateNumber::kNesterov, optimizer.nesterov ? 1 : 0);
    set(UpdateNumber::kBeta1, optimizer.beta1);
    set(UpdateNumber::kBeta2, beta2);
    set(UpdateNumber::kComplement1, 1 - optimizer.beta1);
    set(UpdateNumber::kComplement2, 1 - beta2);
    const bool under_root = optimizer.kind == Optimizer::kRmsprop && optimizer.library == Library::kKeras;
    set(UpdateNumber::kEpsilon, under_root ? 0 : optimizer.epsilon);
    set(UpdateNumber::kInnerEpsilon, under_root ? optimizer.epsilon : 0);
    parameters_.clips |= runs[lane]->train.clip_norm > 0 || bound > 0;
    parameters_.uses_momentum |= optimizer.momentum != 0;
    parameters_.uses_weight_decay |= optimizer.weight_decay != 0;
    follows_schedule_ |= runs[lane]->train.schedule.kind != Schedule::kConstant;
  }
  corrects_bias_ = counts_steps(runs[0]->train.optimizer.kind);
}

template <class T>
void OptimizerNumbers<T>::begin_step(std::uint64_t i, double* learning_rates, double* powers) {
  parameters_.first_step = i == 0;
  if (i > 0 && !follows_schedule_ && !corrects_bias_) return;
  for (std::size_t lane = 0; lane < runs_.size(); ++lane) {
    learning_rates[lane] = scheduled_learning_rate(runs_[lane]->train.optimizer.learning_rate,
                                                   runs_[lane]->train.schedule, i, steps_);
    at(UpdateNumber::kLearningRate, lane) = static_cast<T>(learning_rates[lane]);
  }
  if (corrects_bias_) correct_bias(powers);
}

template <class T>
void OptimizerNumbers<T>::correct_bias(double* powers) {
  const std::size_t lanes = runs_.size(), size = counts_ * lanes;
  entries_differ_ = false;
  for (std::size_t from = 0; from < size; from += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const OptimizerSpec& optimizer = runs_[lane]->train.optimizer;
      const std::size_t i = from + lane;
      powers[i] *= optimizer.beta1;
      powers[size + i] *= optimizer.beta2;
      const bool is_old = powers[i] == powers[lane] && powers[size + i] == powers[size + lane];
      if (from > 0 && is_old) {
        for (Buffer<T>& numbers : counted_) numbers[i] = numbers[lane];
        continue;
      }
      const double root = std::sqrt(1 - powers[size + i]);
      counted_[0][i] = at(UpdateNumber::kLearningRate, lane) / static_cast<T>(1 - powers[i]);
      counted_[1][i] = static_cast<T>(root);
      // √v/root + ε/root is (√v + ε)/root.
      const bool is_keras = optimizer.library == Library::kKeras;
      counted_[2][i] = static_cast<T>(is_keras ? optimizer.epsilon / root : optimizer.epsilon);
      for (const Buffer<T>& numbers : counted_) entries_differ_ |= numbers[i] != numbers[lane];
    }
  }
  set_counted(numbers_.data(), 0);
}

template <class T>
void OptimizerNumbers<T>::set_counted(T* numbers, std::size_t count) const {
  const std::size_t lanes = runs_.size();
  for (std::size_t k = 0; k < counted_.size(); ++k)
    std::copy_n(counted_[k].data() + count * lanes, lanes,
                numbers + static_cast<std::size_t>(kCountedNumbers[k]) * lanes);
}

template <class T>
const UpdateParameters<T>& OptimizerNumbers<T>::of_row(std::size_t row, std::size_t columns) {
  std::copy_n(numbers_.data(), numbers_.size(), row_numbers_.data());
  set_counted(row_numbers_.data(), row);
  row_ = parameters_;
  row_.numbers = row_numbers_.data();
  const std::size_t from = columns * runs_.size();
  if (columns > 0) row_.columns = {&counted_[0][from], &counted_[1][from], &counted_[2][from]};
  return row_;
}

template <class T>
void OptimizerNumbers<T>::clip(std::span<const double> squared_norms) {
  assert(squared_norms.size() == runs_.size());
  for (std::size_t lane = 0; lane < runs_.size(); ++lane) {
    const double largest = runs_[lane]->train.clip_norm;
    if (largest > 0)
      at(UpdateNumber::kGradientFactor, lane) =
          static_cast<T>(std::min(1.0, largest / (std::sqrt(squared_norms[lane]) + 1e-6)));
  }
}

template class OptimizerNumbers<float>;
template class OptimizerNumbers<double>;

}  // namespace deadrelu
