#include "nn/init.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/random.h"
#include "nn/orthogonal.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

// One layer's stream of draws.
struct Draws {
  std::uint64_t seed;
  Purpose purpose;
  std::uint32_t stream;

  void normal(std::span<double> out, double standard_deviation, std::uint64_t first_index = 0) const {
    fill_normal(out, seed, purpose, stream, first_index);
    for (double& value : out) value *= standard_deviation;
  }
  void uniform(std::span<double> out, double limit) const {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = (2 * random_uniform(seed, purpose, stream, i) - 1) * limit;
    }
  }
  void sign(std::span<double> out, double magnitude) const {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = random_below(seed, purpose, stream, i, 2) == 0 ? -magnitude : magnitude;
    }
  }
};

// Lu, Shin, Su, Karniadakis 2019: a row is its weights and, where there is one, its bias.
void fill_asymmetric(const LayerShape& shape, double gain, const Draws& draws, std::span<double> weights,
                     std::span<double> bias) {
  const std::size_t fan_in = shape.inputs;
  const std::size_t entries = fan_in + (bias.empty() ? 0 : 1);
  const double standard_deviation = 0.6007 / std::sqrt(static_cast<double>(fan_in));
  for (std::size_t r = 0; r < shape.rows; ++r) {
    const std::span<double> row = weights.subspan(r * fan_in, fan_in);
    draws.normal(row, standard_deviation, r * entries);
    if (!bias.empty()) draws.normal(bias.subspan(r, 1), standard_deviation, r * entries + fan_in);
    const std::size_t replaced = random_below(draws.seed, Purpose::kAsymmetric, draws.stream, 2 * r, entries);
    double& entry = replaced < fan_in ? row[replaced] : bias[r];
    entry = std::sqrt(random_uniform(draws.seed, Purpose::kAsymmetric, draws.stream, 2 * r + 1));
    for (double& weight : row) weight *= gain;
  }
}

void fill_weights(const LayerShape& shape, const LayerInit& init, const Draws& draws,
                  std::span<double> weights) {
  const double fan_in = static_cast<double>(shape.inputs);
  const double fan_out = static_cast<double>(shape.rows);
  const double gain = init.gain;
  switch (init.weights) {
    case WeightInit::kHeNormal:
      return draws.normal(weights, gain * std::sqrt(2 / fan_in));
    case WeightInit::kHeUniform:
      return draws.uniform(weights, gain * std::sqrt(6 / fan_in));
    case WeightInit::kGlorotNormal:
      return draws.normal(weights, gain * std::sqrt(2 / (fan_in + fan_out)));
    case WeightInit::kGlorotUniform:
      return draws.uniform(weights, gain * std::sqrt(6 / (fan_in + fan_out)));
    case WeightInit::kLecunNormal:
      return draws.normal(weights, gain * std::sqrt(1 / fan_in));
    case WeightInit::kLecunUniform:
      return draws.uniform(weights, gain * std::sqrt(3 / fan_in));
    case WeightInit::kPytorch:
      return draws.uniform(weights, gain / std::sqrt(fan_in));
    case WeightInit::kNormal:
      return draws.normal(weights, gain * init.scale);
    case WeightInit::kUniform:
      return draws.uniform(weights, gain * init.scale);
    case WeightInit::kSign:
      return draws.sign(weights, gain * init.scale);
    case WeightInit::kOrthogonal:
      draws.normal(weights, 1);
      orthonormalize(weights, shape.rows, shape.inputs);
      for (double& weight : weights) weight *= gain;
      return;
    case WeightInit::kRai:
      return;  // weights and bias are one draw: fill_asymmetric
  }
}

void fill_bias(const LayerShape& shape, const LayerInit& init, const Draws& draws, std::span<double> bias) {
  switch (init.bias) {
    case BiasInit::kConstant:
      for (double& value : bias) value = init.bias_value;
      return;
    case BiasInit::kNormal:
      return draws.normal(bias, init.bias_value);
    case BiasInit::kUniform:
      return draws.uniform(bias, init.bias_value);
    case BiasInit::kPytorch:
      return draws.uniform(bias, 1 / std::sqrt(static_cast<double>(shape.inputs)));
  }
}

}  // namespace

void init_layer(const LayerShape& shape, const LayerInit& init, const ActivationSpec& activation,
                std::uint64_t seed, std::size_t layer, LayerParameters& parameters) {
  const auto stream = static_cast<std::uint32_t>(layer);
  const Draws weight_draws{seed, Purpose::kWeights, stream};
  bool is_new[kBlockKinds.size()];
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    is_new[k] = parameters.blocks[k].empty();
    if (is_new[k]) parameters.blocks[k].resize(shape.blocks[k].size());
    assert(parameters.blocks[k].size() == shape.blocks[k].size());
  }
  parameters.rows = shape.rows;
  parameters.inputs = shape.inputs;
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    const std::span<double> values = parameters.blocks[k];
    if (!is_new[k]) continue;
    switch (static_cast<BlockKind>(k)) {
      case BlockKind::kWeights:
        if (init.weights == WeightInit::kRai)
          fill_asymmetric(shape, init.gain, weight_draws, values, parameters[BlockKind::kBias]);
        else
          fill_weights(shape, init, weight_draws, values);
        break;
      case BlockKind::kBias:
        if (init.weights != WeightInit::kRai)
          fill_bias(shape, init, {seed, Purpose::kBiases, stream}, values);
        break;
      case BlockKind::kSlope:
        std::fill(values.begin(), values.end(), activation.slope);
        break;
    }
  }
}

}  // namespace deadrelu
