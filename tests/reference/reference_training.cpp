#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/reference_network.h"

namespace deadrelu::reference {
namespace {

// Calls f for every parameter of both, pairwise, in a fixed order.
template <class A, class B, class F>
void for_each_pair(A& a, B& b, const F& f) {
  for (std::size_t l = 0; l < a.size(); ++l) {
    for (Eigen::Index i = 0; i < a[l].weights.size(); ++i) f(a[l].weights.data()[i], b[l].weights.data()[i]);
    if (a[l].has_bias) {
      for (Eigen::Index i = 0; i < a[l].bias.size(); ++i) f(a[l].bias[i], b[l].bias[i]);
    }
    if (a[l].learns_slope) f(a[l].slope, b[l].slope);
    for (Eigen::Index i = 0; i < a[l].gain.size(); ++i) f(a[l].gain[i], b[l].gain[i]);
    for (Eigen::Index i = 0; i < a[l].shift.size(); ++i) f(a[l].shift[i], b[l].shift[i]);
  }
}

}  // namespace

double largest_difference(const Layers& a, const Layers& b) {
  double largest = 0;
  const auto see = [&](double x, double y) {
    const double difference = std::abs(x - y) / std::max(1.0, std::abs(y));
    largest = difference <= largest ? largest : difference;  // a NaN shows
  };
  for_each_pair(a, b, see);
  for (std::size_t l = 0; l < a.size(); ++l) {
    for (Eigen::Index i = 0; i < a[l].running_mean.size(); ++i) {
      see(a[l].running_mean[i], b[l].running_mean[i]);
      see(a[l].running_variance[i], b[l].running_variance[i]);
    }
  }
  return largest;
}

double squared_norm(const Layers& gradient) {
  double sum = 0;
  for_each_pair(gradient, gradient, [&](double x, double) { sum += x * x; });
  return sum;
}

void ReferenceOptimizer::step(Layers& parameters, Layers gradient, double learning_rate) {
  ++count_;
  double factor = 1;
  if (train_.clip_norm > 0)
    factor = std::min(1.0, train_.clip_norm / (std::sqrt(squared_norm(gradient)) + 1e-6));
  std::size_t place = 0;
  for_each_pair(parameters, gradient, [&](double& parameter, double g) {
    if (place == first_.size()) {
      first_.push_back(0);
      second_.push_back(0);
    }
    g *= factor;
    if (train_.clip_value > 0) g = std::clamp(g, -train_.clip_value, train_.clip_value);
    step_one(parameter, g, learning_rate, place++);
  });
}

void ReferenceOptimizer::step_one(double& parameter, double g, double learning_rate, std::size_t place) {
  const OptimizerSpec& o = train_.optimizer;
  double &first = first_[place], &second = second_[place];
  if (o.kind == Optimizer::kAdamw || o.kind == Optimizer::kLion) {
    parameter -= learning_rate * o.weight_decay * parameter;
  } else {
    g += o.weight_decay * parameter;
  }
  switch (o.kind) {
    case Optimizer::kSgd:
      if (o.momentum != 0) {
        first = count_ == 1 ? g : o.momentum * first + (1 - o.dampening) * g;
        g = o.nesterov ? g + o.momentum * first : first;
      }
      parameter -= learning_rate * g;
      return;
    case Optimizer::kAdam:
    case Optimizer::kAdamw: {
      const double t = static_cast<double>(count_);
      first = o.beta1 * first + (1 - o.beta1) * g;
      second = o.beta2 * second + (1 - o.beta2) * g * g;
      const double mean = first / (1 - std::pow(o.beta1, t)), square = second / (1 - std::pow(o.beta2, t));
      const double epsilon =
          o.library == Library::kPytorch ? o.epsilon : o.epsilon / std::sqrt(1 - std::pow(o.beta2, t));
      parameter -= learning_rate * mean / (std::sqrt(square) + epsilon);
      return;
    }
    case Optimizer::kLion: {
      const double direction = o.beta1 * first + (1 - o.beta1) * g;
      parameter -= learning_rate * (direction > 0 ? 1 : direction < 0 ? -1 : 0);
      first = o.beta2 * first + (1 - o.beta2) * g;
      return;
    }
    case Optimizer::kRmsprop:
      second = o.alpha * second + (1 - o.alpha) * g * g;
      g /= o.library == Library::kPytorch ? std::sqrt(second) + o.epsilon : std::sqrt(second + o.epsilon);
      if (o.momentum != 0) g = first = o.momentum * first + g;
      parameter -= learning_rate * g;
      return;
  }
  parameter = kNoFormula;
}

double learning_rate(const TrainSpec& train, std::uint64_t i, std::uint64_t n) {
  const ScheduleSpec& s = train.schedule;
  const double rate = train.optimizer.learning_rate;
  const double step = static_cast<double>(i), steps = static_cast<double>(n);
  switch (s.kind) {
    case Schedule::kConstant: return rate;
    case Schedule::kLinearWarmup: {
      const double last = std::floor(s.until * steps);
      if (step <= last) return rate * (1 + (s.factor - 1) * step / steps);
      return rate * (1 + (s.factor - 1) * last / steps) / s.then_divide;
    }
    case Schedule::kStep: return rate * std::pow(s.gamma, static_cast<double>(i / s.every));
    case Schedule::kCosine:
      return rate *
             (s.final_factor + (1 - s.final_factor) * (1 + std::cos(std::numbers::pi * step / steps)) / 2);
    case Schedule::kPhases: {
      std::size_t phase = 0;
      while (phase + 1 < s.phases.size() && step >= std::round(s.phases[phase][0] * steps)) ++phase;
      return rate * s.phases[phase][1];
    }
  }
  return kNoFormula;
}

}  // namespace deadrelu::reference
