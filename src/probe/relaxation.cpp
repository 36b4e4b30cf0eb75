#include "probe/relaxation.h"

#include <algorithm>
#include <cmath>

namespace deadrelu {
namespace {

struct Line {
  double slope, offset;
};
struct Unit {
  Line below, above;         // the activation lies between them
  double most_in, most_out;  // largest |z| and |activation|
};

// The chord gets the offset that its two ends need, whatever its slope was rounded to.
Unit relax(const Ends& z, double slope) {
  const auto [low, high] = z;
  const double at_low = slope * low, most = std::max(std::abs(low), std::abs(high));
  Unit unit{{}, {}, most, kSlack * std::max(low < 0 ? std::abs(at_low) : low, high)};
  unit.below = unit.above = {low >= 0 || (high > 0 && high > -low) ? 1 : slope, 0};
  if (low >= 0 || high <= 0) return unit;
  const double chord = (high - at_low) / (high - low), margin = 8 * kRoundoff * (1 + std::abs(slope)) * most;
  const auto [least, greatest] = std::minmax({std::fma(-chord, low, at_low), std::fma(-chord, high, high)});
  if (slope <= 1)
    unit.above = {chord, greatest + margin};
  else
    unit.below = {chord, least - margin};
  return unit;
}

// What is known of the layers so far. Each step of a substitution takes what the forward pass computes, φ(z) + δ and
// b + Σ w·a + δ', and adds the most that its δ can be to its own error.
class Substitution {
 public:
  explicit Substitution(const KinkedNetwork& network) : network_(network) {}

  // The next layer, when its z are as tight as they get; before, what computing them costs.
  void add_activations(const KinkedLayer& layer) {
    units_.emplace_back();
    for (const Ends& z : layer.z) units_.back().push_back(relax(z, layer.slope));
  }
  void add_sums(const KinkedLayer& layer) {
    const std::size_t inputs = layer.numbers.inputs, rows = layer.numbers.rows;
    const double relative = relative_error(inputs, network_.roundoff) + relative_error(rows, kRoundoff);
    errors_.emplace_back();
    for (std::size_t r = 0; r < rows; ++r) {
      double magnitude = std::abs(layer.bias(r));
      for (std::size_t j = 0; j < inputs; ++j) {
        const double most = units_.empty()
                                ? std::max(std::abs(network_.box[j][0]), std::abs(network_.box[j][1]))
                                : units_.back()[j].most_out;
        magnitude = std::fma(std::abs(layer.weights(r)[j]), most, magnitude);
      }
      errors_.back().push_back(relative * magnitude + static_cast<double>(inputs) * network_.smallest);
    }
  }

  bool goes_on() const { return work_ < kMostWork; }
  // The largest that sign·z of row r of the layer may be; `corner` is where the bound is attained.
  double highest(const KinkedLayer& layer, std::size_t r, double sign, std::vector<double>& corner) {
    factors_.assign(layer.weights(r), layer.weights(r) + layer.numbers.inputs);
    for (double& factor : factors_) factor *= sign;
    sum_ = 0;
    error_ = errors_.back()[r];
    add(sign * layer.bias(r));
    for (std::size_t k = units_.size(); k-- > 0;) substitute(k);
    for (std::size_t j = 0; j < corner.size(); ++j) {
      corner[j] = network_.box[j][factors_[j] > 0 ? 1 : 0];
      add(factors_[j] * corner[j]);
    }
    return sum_ + kSlack * error_ + std::numeric_limits<double>::min();
  }

 private:
  void add(double term) {  // a product
    sum_ += term;
    error_ += kRoundoff * (std::abs(sum_) + std::abs(term));
  }
  // Factors of layer k's activations become factors of its inputs.
  void substitute(std::size_t k) {
    const KinkedLayer& layer = network_.layers[k];
    std::vector<double> next(layer.numbers.inputs);
    work_ += factors_.size() * next.size();
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      const Unit& unit = units_[k][i];
      const Line& line = factors_[i] > 0 ? unit.above : unit.below;
      const double factor = factors_[i] * line.slope;
      error_ += std::abs(factors_[i]) * (network_.roundoff * unit.most_out + network_.smallest) +
                std::abs(factor) * (kRoundoff * unit.most_in + errors_[k][i]);
      add(factors_[i] * line.offset);
      add(factor * layer.bias(i));
      for (std::size_t j = 0; j < next.size(); ++j) next[j] = std::fma(factor, layer.weights(i)[j], next[j]);
    }
    factors_ = std::move(next);
  }

  const KinkedNetwork& network_;
  std::vector<std::vector<double>> errors_;  // [layer][row], of z
  std::vector<std::vector<Unit>> units_;     // [layer][row]
  std::vector<double> factors_;
  double sum_ = 0, error_ = 0;
  std::size_t work_ = 0;
};

}  // namespace

void tighten_by_lines(KinkedNetwork& network, const Propose& propose) {
  Substitution substitution(network);
  std::vector<double> corner(network.box.size());
  for (std::size_t l = 0; l <= network.deepest_asked(); ++l) {
    KinkedLayer& layer = network.layers[l];
    substitution.add_sums(layer);
    for (std::size_t r = 0; r < layer.z.size() && l > 0; ++r) {  // the first layer's are exact
      auto& [low, high] = layer.z[r];
      const bool is_asked = std::ranges::binary_search(layer.asked, r);
      const bool counts = is_asked || l < network.deepest_asked();
      if (low >= 0 || high <= 0 || !counts || !substitution.goes_on()) continue;
      low = std::max(low, -substitution.highest(layer, r, -1, corner));
      high = std::min(high, substitution.highest(layer, r, 1, corner));
      if (is_asked) propose(corner);
    }
    substitution.add_activations(layer);
  }
}

}  // namespace deadrelu
