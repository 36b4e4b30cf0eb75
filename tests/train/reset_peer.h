// Training with resets written once more, in plain matrix formulas and in double: the oracle of train/reset. It shares
// with it only the random bits. Layers start as torch.nn.Linear's weights do.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/random.h"
#include "reference/reference_network.h"
#include "train/pack_testing.h"

namespace deadrelu {

class ResetPeer {
 public:
  using Matrix = reference::Matrix;
  struct Entry {
    double first = 0, second = 0;
    int count = 0;
  };

  ResetPeer(const RunSpec& run, const ParameterSet& initial)
      : run_(run), rule_(run.remedy.reset), layers(reference::layers_from(initial)) {
    for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
      const auto units = static_cast<std::size_t>(layers[l].weights.rows());
      worth_.emplace_back(units);
      silence_.emplace_back(units);
      const double longest = static_cast<double>(rule_.rule == ResetRule::kFrt ? rule_.silent_examples
                                                                               : rule_.highest_threshold);
      for (Silence& silence : silence_.back()) silence.longest = longest;
      carried_.push_back(0);
    }
  }

  // Update number `step` (from 1) on a batch, and what follows it.
  void train(int step, const Matrix& inputs, const Matrix& targets) {
    const reference::Trace trace = reference::forward(run_.model, layers, inputs);
    const reference::Layers gradient =
        reference::gradient(run_.model, run_.train.loss, layers, inputs, targets);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      for (Eigen::Index k = 0; k < layers[l].weights.rows(); ++k) {
        for (Eigen::Index i = 0; i < layers[l].weights.cols(); ++i)
          move(entry(l, k, i), layers[l].weights(k, i), gradient[l].weights(k, i));
        move(entry(l, k, -1), layers[l].bias[k], gradient[l].bias[k]);
      }
    }
    std::vector<std::set<Eigen::Index>> chosen;
    for (std::size_t l = 0; l + 1 < layers.size(); ++l)
      chosen.push_back(choose(l, step, trace.inputs[l + 1], gradient[l].weights));
    for (std::size_t l = 0; l < chosen.size() && rule_.compensation == Compensation::kMean; ++l)
      for (const Eigen::Index u : chosen[l]) layers[l + 1].bias += layers[l + 1].weights.col(u) * mean_[l][u];
    for (std::size_t l = 0; l < chosen.size(); ++l)
      for (const Eigen::Index u : chosen[l]) reset(l, u, step);
    for (std::size_t l = 0; l < chosen.size() && rule_.outgoing == ResetOutgoing::kZero; ++l)
      for (const Eigen::Index u : chosen[l]) layers[l + 1].weights.col(u).setZero();
    if (rule_.rule == ResetRule::kSnr && step % static_cast<int>(rule_.every) == 0) choose_thresholds();
  }

 private:
  struct Worth {
    double age = 0, mean = 0, utility = 0;
  };
  struct Silence {
    double length = 0, longest = 0;
    std::vector<double> ended;
  };

 public:
  double longest_silence(std::size_t l, std::size_t u) const { return silence_[l][u].longest; }

 private:
  Entry& entry(std::size_t l, Eigen::Index k, Eigen::Index i) { return state_[{l, k, i}]; }

  void move(Entry& state, double& parameter, double g) {
    const OptimizerSpec& o = run_.train.optimizer;
    ++state.count;
    switch (o.kind) {
      case Optimizer::kAdam: {
        state.first = o.beta1 * state.first + (1 - o.beta1) * g;
        state.second = o.beta2 * state.second + (1 - o.beta2) * g * g;
        const double mean = state.first / (1 - std::pow(o.beta1, state.count));
        const double square = state.second / (1 - std::pow(o.beta2, state.count));
        parameter -= o.learning_rate * mean / (std::sqrt(square) + o.epsilon);
        return;
      }
      case Optimizer::kSgd:
        state.first = o.momentum * state.first + g;
        parameter -= o.learning_rate * state.first;
        return;
      default: parameter = reference::kNoFormula;
    }
  }

  std::set<Eigen::Index> choose(std::size_t l, int step, const Matrix& h, const Matrix& gradient) {
    const auto units = h.rows();
    const double batch = static_cast<double>(h.cols());
    mean_.resize(layers.size());
    mean_[l] = h.rowwise().mean();
    const bool event = step % static_cast<int>(rule_.every) == 0;
    const bool over = step >= static_cast<int>(run_.train.steps) ||
                      step > std::lround(rule_.until * static_cast<double>(run_.train.steps));
    if (over) return {};
    switch (rule_.rule) {
      case ResetRule::kNone: return {};
      case ResetRule::kRedo: return event ? low(h.cwiseAbs().rowwise().mean()) : std::set<Eigen::Index>{};
      case ResetRule::kGrama:
        return event ? low(gradient.cwiseAbs().rowwise().mean()) : std::set<Eigen::Index>{};
      case ResetRule::kRandom: {
        if (!event) return {};
        std::vector<double> scores;
        for (Eigen::Index u = 0; u < units; ++u)
          scores.push_back(random_uniform(run_.seed, Purpose::kResetChoice, static_cast<std::uint32_t>(l),
                                          static_cast<std::uint64_t>(step * units + u)));
        return lowest(l, scores, rule_.fraction * static_cast<double>(units));
      }
      case ResetRule::kCbp: return least_useful(l, h);
      case ResetRule::kFrt:
      case ResetRule::kSnr: {
        std::set<Eigen::Index> chosen;
        for (Eigen::Index u = 0; u < units; ++u) {
          Silence& silence = silence_[l][static_cast<std::size_t>(u)];
          const bool silent = h.row(u).isZero(0);
          if (!silent && silence.length > 0) silence.ended.push_back(silence.length);
          silence.length = silent ? silence.length + batch : 0;
          if (silence.length >= silence.longest) chosen.insert(u);
        }
        return chosen;
      }
    }
    return {};
  }

  std::set<Eigen::Index> low(const reference::Vector& scores) const {
    std::set<Eigen::Index> chosen;
    for (Eigen::Index u = 0; u < scores.size(); ++u)
      if (scores.sum() == 0 || scores[u] / scores.mean() <= rule_.threshold) chosen.insert(u);
    return chosen;
  }

  std::set<Eigen::Index> lowest(std::size_t l, const std::vector<double>& scores, double share) {
    std::vector<Eigen::Index> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
      return scores[static_cast<std::size_t>(a)] < scores[static_cast<std::size_t>(b)];
    });
    carried_[l] += share;
    const auto count = static_cast<std::ptrdiff_t>(carried_[l]);
    carried_[l] -= static_cast<double>(count);
    return {order.begin(), order.begin() + std::min(count, static_cast<std::ptrdiff_t>(order.size()))};
  }

  std::set<Eigen::Index> least_useful(std::size_t l, const Matrix& h) {
    std::vector<double> scores;
    double mature = 0;
    for (Eigen::Index u = 0; u < h.rows(); ++u) {
      Worth& worth = worth_[l][static_cast<std::size_t>(u)];
      const double eta = rule_.decay;
      ++worth.age;
      const double correction = 1 - std::pow(eta, worth.age);
      worth.mean = eta * worth.mean + (1 - eta) * h.row(u).mean();
      mean_[l][u] = worth.mean / correction;
      const double out = layers[l + 1].weights.col(u).cwiseAbs().mean();
      double y = out * h.row(u).cwiseAbs().mean();
      if (rule_.utility == Utility::kAdaptableContribution)
        y = out * (h.row(u).array() - mean_[l][u]).abs().mean() / layers[l].weights.row(u).cwiseAbs().mean();
      worth.utility = eta * worth.utility + (1 - eta) * y;
      const bool is_mature = worth.age > static_cast<double>(rule_.maturity);
      mature += is_mature;
      scores.push_back(is_mature ? worth.utility / correction : std::numeric_limits<double>::infinity());
    }
    return lowest(l, scores, rule_.replacement_rate * mature);
  }

  void choose_thresholds() {
    for (auto& layer : silence_) {
      for (Silence& silence : layer) {
        if (silence.ended.empty()) continue;
        std::sort(silence.ended.begin(), silence.ended.end());
        const auto rank = static_cast<std::size_t>(
            std::ceil(rule_.percentile * static_cast<double>(silence.ended.size()) - 1e-9));
        const double usual = rounded_up(silence.ended[std::max<std::size_t>(rank, 1) - 1]);
        silence.longest = std::clamp(usual < silence.longest ? usual : 2 * silence.longest,
                                     static_cast<double>(rule_.lowest_threshold),
                                     static_cast<double>(rule_.highest_threshold));
        silence.ended.clear();
      }
    }
  }
  // To the last whole number before the next multiple of a 16th of the power of two below it.
  static double rounded_up(double length) {
    const double part = std::max(1.0, std::exp2(std::floor(std::log2(length))) / 16);
    return (std::floor(length / part) + 1) * part - 1;
  }

  void reset(std::size_t l, Eigen::Index u, int step) {
    reference::Layer& layer = layers[l];
    const double bound = 1 / std::sqrt(static_cast<double>(layer.weights.cols()));
    for (Eigen::Index i = 0; i < layer.weights.cols(); ++i) layer.weights(u, i) = draw(l, u, i, step, bound);
    layer.bias[u] = 0;
    Matrix& above = layers[l + 1].weights;
    const double next_bound = 1 / std::sqrt(static_cast<double>(above.cols()));
    for (Eigen::Index k = 0; k < above.rows(); ++k)
      above(k, u) = rule_.outgoing == ResetOutgoing::kZero ? 0 : draw(l + 1, k, u, step, next_bound);
    for (Eigen::Index i = -1; i < layer.weights.cols(); ++i) renew(entry(l, u, i));
    for (Eigen::Index k = 0; k < above.rows(); ++k) renew(entry(l + 1, k, u));
    worth_[l][static_cast<std::size_t>(u)] = {};
    Silence& silence = silence_[l][static_cast<std::size_t>(u)];
    if (silence.length > 0) silence.ended.push_back(silence.length);
    silence.length = 0;
    ++resets;
  }
  double draw(std::size_t l, Eigen::Index k, Eigen::Index i, int step, double bound) const {
    const Matrix& w = layers[l].weights;
    const auto index = static_cast<std::uint64_t>((step * w.rows() + k) * w.cols() + i);
    return bound * (2 * random_uniform(run_.seed, Purpose::kReset, static_cast<std::uint32_t>(l), index) - 1);
  }
  void renew(Entry& state) const {
    if (rule_.optimizer_state == ResetState::kKeep) return;
    state.first = state.second = 0;
    if (rule_.optimizer_state == ResetState::kEntry) state.count = 0;
  }

  RunSpec run_;
  ResetSpec rule_;
  std::map<std::tuple<std::size_t, Eigen::Index, Eigen::Index>, Entry> state_;
  std::vector<std::vector<Worth>> worth_;
  std::vector<std::vector<Silence>> silence_;
  std::vector<double> carried_;
  std::vector<reference::Vector> mean_;

 public:
  reference::Layers layers;
  int resets = 0;
};

}  // namespace deadrelu
