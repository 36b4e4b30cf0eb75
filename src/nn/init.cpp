#include "nn/init.h"

#include <algorithm>
#include <cmath>

#include "simd/math.h"

namespace deadrelu {
namespace {

// One layer's stream of draws.
struct Draws {
  std::uint64_t seed;
  Purpose purpose;
  std::uint32_t stream;
  std::uint64_t first = 0;  // index

  void normal(std::span<double> out, double standard_deviation, std::uint64_t from = 0) const {
    fill_normal(out, seed, purpose, stream, first + from);
    for (double& value : out) value *= standard_deviation;
  }
  void uniform(std::span<double> out, double limit) const {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = (2 * random_uniform(seed, purpose, stream, first + i) - 1) * limit;
  }
  // An initializer's own normal and uniform distributions, times `gain`.
  template <class Kind>
  void normal(std::span<double> out, const Initializer<Kind>& init, double gain) const {
    normal(out, gain * init.std);
    shift(out, gain * init.mean);
  }
  template <class Kind>
  void uniform(std::span<double> out, const Initializer<Kind>& init, double gain) const {
    uniform(out, gain * (init.high - init.low) / 2);
    shift(out, gain * (init.low + init.high) / 2);
  }
  static void shift(std::span<double> values, double by) {
    for (double& value : values) value = by == 0 ? value : value + by;
  }
  void sign(std::span<double> out, double magnitude) const {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = random_below(seed, purpose, stream, first + i, 2) == 0 ? -magnitude : magnitude;
  }
};

// The reflection x ↦ x − factor·v·(v·x) on the entries from `first` on.
struct Reflection {
  std::size_t first = 0;
  std::vector<double> v;
  double factor = 0;
  double diagonal_sign = 1;  // of R's diagonal entry
};

// Maps column k of the tall matrix a, from row k on, to a multiple of the first unit vector.
Reflection reflection_of_column(std::span<const double> a, std::size_t rows, std::size_t columns,
                                std::size_t k) {
  Reflection h{k, std::vector<double>(rows - k), 0, 1};
  double squares = 0;
  for (std::size_t i = k; i < rows; ++i) {
    h.v[i - k] = a[i * columns + k];
    squares = std::fma(h.v[i - k], h.v[i - k], squares);
  }
  const double norm = std::sqrt(squares);
  if (norm == 0) return h;
  h.factor = 1 / (norm * (norm + std::abs(h.v[0])));
  h.diagonal_sign = h.v[0] > 0 ? -1 : 1;
  h.v[0] -= h.diagonal_sign * norm;
  return h;
}

// Reflects the columns of a from `from_column` on. Runs along rows, so that memory is read in order and no
// sum's order depends on the vector width.
void reflect(const Reflection& h, std::span<double> a, std::size_t columns, std::size_t from_column,
             std::vector<double>& projections) {
  const std::size_t width = columns - from_column;
  projections.assign(width, 0);
  double* p = projections.data();
  for (std::size_t i = 0; i < h.v.size(); ++i) {
    const double* row = a.data() + (h.first + i) * columns + from_column;
    for (std::size_t j = 0; j < width; ++j) p[j] = std::fma(h.v[i], row[j], p[j]);
  }
  for (std::size_t i = 0; i < h.v.size(); ++i) {
    double* row = a.data() + (h.first + i) * columns + from_column;
    const double step = -h.factor * h.v[i];
    for (std::size_t j = 0; j < width; ++j) row[j] = std::fma(step, p[j], row[j]);
  }
}

void orthonormalize_tall(std::span<double> a, std::size_t rows, std::size_t columns) {
  std::vector<Reflection> reflections;
  std::vector<double> projections;
  for (std::size_t k = 0; k < columns; ++k) {
    reflections.push_back(reflection_of_column(a, rows, columns, k));
    reflect(reflections.back(), a, columns, k + 1, projections);
  }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) a[i * columns + j] = i == j ? 1 : 0;
  for (std::size_t k = columns; k-- > 0;) reflect(reflections[k], a, columns, k, projections);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) a[i * columns + j] *= reflections[j].diagonal_sign;
}

std::vector<double> transposed(std::span<const double> a, std::size_t rows, std::size_t columns) {
  std::vector<double> b(a.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) b[j * rows + i] = a[i * columns + j];
  return b;
}

// Replaces `matrix` [rows][columns] by the Q of its QR decomposition (Householder 1958), with the signs that
// make R's diagonal positive, so that a Gaussian matrix becomes Haar-distributed (Mezzadri 2007). The columns
// become orthonormal; with more columns than rows the transpose is decomposed and the rows become
// orthonormal. Not Eigen's: its blocked products cut sums where this machine's cache sizes say, and so differ
// between machines.
void orthonormalize(std::span<double> matrix, std::size_t rows, std::size_t columns) {
  if (rows >= columns) return orthonormalize_tall(matrix, rows, columns);
  std::vector<double> tall = transposed(matrix, rows, columns);
  orthonormalize_tall(tall, columns, rows);
  std::ranges::copy(transposed(tall, columns, rows), matrix.begin());
}

// Lu, Shin, Su, Karniadakis 2019: a row is its weights and, where there is one, its bias.
void fill_asymmetric(std::size_t fan_in, double gain, const Draws& draws, std::span<double> weights,
                     std::span<double> bias) {
  const std::size_t entries = fan_in + (bias.empty() ? 0 : 1);
  const double standard_deviation = 0.6007 / std::sqrt(static_cast<double>(fan_in));
  for (std::size_t r = 0; r < weights.size() / fan_in; ++r) {
    const std::span<double> row = weights.subspan(r * fan_in, fan_in);
    draws.normal(row, standard_deviation, r * entries);
    if (!bias.empty()) draws.normal(bias.subspan(r, 1), standard_deviation, r * entries + fan_in);
    const std::uint64_t choice = 2 * (draws.first + r);
    const std::size_t replaced =
        random_below(draws.seed, Purpose::kAsymmetric, draws.stream, choice, entries);
    double& entry = replaced < fan_in ? row[replaced] : bias[r];
    entry = std::sqrt(random_uniform(draws.seed, Purpose::kAsymmetric, draws.stream, choice + 1));
    for (double& weight : row) weight *= gain;
  }
}

void fill_weights(const LayerShape& shape, const LayerInit& init, const Draws& draws,
                  std::span<double> weights) {
  const double fan_in = static_cast<double>(shape.inputs);
  const double fan_out = static_cast<double>(shape.rows);
  const double gain = init.gain;
  switch (init.weights.kind) {
    case WeightInit::kHeNormal: return draws.normal(weights, gain * std::sqrt(2 / fan_in));
    case WeightInit::kHeUniform: return draws.uniform(weights, gain * std::sqrt(6 / fan_in));
    case WeightInit::kGlorotNormal: return draws.normal(weights, gain * std::sqrt(2 / (fan_in + fan_out)));
    case WeightInit::kGlorotUniform: return draws.uniform(weights, gain * std::sqrt(6 / (fan_in + fan_out)));
    case WeightInit::kLecunNormal: return draws.normal(weights, gain * std::sqrt(1 / fan_in));
    case WeightInit::kLecunUniform: return draws.uniform(weights, gain * std::sqrt(3 / fan_in));
    case WeightInit::kPytorch: return draws.uniform(weights, gain / std::sqrt(fan_in));
    case WeightInit::kNormal: return draws.normal(weights, init.weights, gain);
    case WeightInit::kUniform: return draws.uniform(weights, init.weights, gain);
    case WeightInit::kSign: return draws.sign(weights, gain * init.weights.magnitude);
    case WeightInit::kConstant: std::fill(weights.begin(), weights.end(), gain * init.weights.value); return;
    case WeightInit::kMirrored:
      draws.normal(weights, gain * std::sqrt(2 / fan_in));
      for (std::size_t i = shape.inputs; i < weights.size(); ++i)
        if (i / shape.inputs % 2 == 1) weights[i] = -weights[i - shape.inputs];
      return;
    case WeightInit::kOrthogonal:
      draws.normal(weights, 1);
      orthonormalize(weights, shape.rows, shape.inputs);
      for (double& weight : weights) weight *= gain;
      return;
    case WeightInit::kRai: return;  // weights and bias are one draw: fill_asymmetric
  }
}

void fill_bias(const LayerShape& shape, const LayerInit& init, const Draws& draws, std::span<double> bias) {
  switch (init.bias.kind) {
    case BiasInit::kConstant: std::fill(bias.begin(), bias.end(), init.bias.value); return;
    case BiasInit::kNormal: return draws.normal(bias, init.bias, 1);
    case BiasInit::kUniform: return draws.uniform(bias, init.bias, 1);
    case BiasInit::kPytorch: return draws.uniform(bias, 1 / std::sqrt(static_cast<double>(shape.inputs)));
  }
}

}  // namespace

LayerInit InitSpec::of(const LayerShape& shape, std::size_t layer) const {
  if (!shape.hidden) return output;
  LayerInit init = hidden;
  if (!weights.empty()) init.weights = weights[layer];
  if (!biases.empty()) init.bias = biases[layer];
  return init;
}

void init_layer(const LayerShape& shape, const LayerInit& init, const ActivationSpec& activation,
                std::uint64_t seed, std::size_t layer, LayerParameters& parameters) {
  const auto stream = static_cast<std::uint32_t>(layer);
  const Draws weight_draws{seed, Purpose::kWeights, stream};
  parameters.rows = shape.rows;
  parameters.inputs = shape.inputs;
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    std::vector<double>& values = parameters.blocks[k];
    assert(values.empty() || values.size() == shape.blocks[k].size());
    if (!values.empty()) continue;
    values.resize(shape.blocks[k].size());
    switch (static_cast<BlockKind>(k)) {
      case BlockKind::kWeights:
        if (init.weights.kind != WeightInit::kRai) {
          fill_weights(shape, init, weight_draws, values);
        } else {  // the bias comes with the weights
          parameters[BlockKind::kBias].resize(shape[BlockKind::kBias].size());
          fill_asymmetric(shape.inputs, init.gain, weight_draws, values, parameters[BlockKind::kBias]);
        }
        break;
      case BlockKind::kBias: fill_bias(shape, init, {seed, Purpose::kBiases, stream}, values); break;
      case BlockKind::kSlope: std::fill(values.begin(), values.end(), activation.slope); break;
      case BlockKind::kGain:
      case BlockKind::kShift:
      case BlockKind::kRunningMean:
      case BlockKind::kRunningVariance:
        std::fill(values.begin(), values.end(), fresh_value(static_cast<BlockKind>(k)));
        break;
    }
  }
}

void redraw_row(const LayerShape& shape, const LayerInit& init, std::uint64_t seed, std::size_t layer,
                std::size_t row, std::uint64_t event, std::span<double> weights) {
  assert(weights.size() == shape.inputs && event > 0);
  const Draws draws{seed, Purpose::kReset, static_cast<std::uint32_t>(layer),
                    (event * shape.rows + row) * shape.inputs};
  if (init.weights.kind == WeightInit::kRai)
    return fill_asymmetric(shape.inputs, init.gain, draws, weights, {});
  if (init.weights.kind != WeightInit::kOrthogonal) return fill_weights(shape, init, draws, weights);
  draws.normal(weights, 1);
  double squares = 0;
  for (const double weight : weights) squares = std::fma(weight, weight, squares);
  const double mean_square =
      std::min(1.0, static_cast<double>(shape.inputs) / static_cast<double>(shape.rows));
  for (double& weight : weights) weight *= init.gain * std::sqrt(mean_square / squares);
}

}  // namespace deadrelu
