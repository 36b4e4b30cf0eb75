// The tables' unit columns, recomputed from pre-activations and activations by plain loops in double: the
// definitions, word by word, without a kernel or a running sum.
#pragma once

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "probe/pack_testing.h"
#include "probe/rows.h"

namespace deadrelu {

struct Curve {
  std::function<double(double)> value, slope;
};

inline Curve curve_of(const ActivationSpec& spec) {
  const double leak = spec.slope, at_zero = spec.at_zero;
  switch (spec.kind) {
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
      return {[leak](double z) { return z > 0 ? z : leak * z; },
              [leak](double z) { return z > 0 ? 1 : leak; }};
    case Activation::kTanh:
      return {[](double z) { return std::tanh(z); },
              [](double z) { return 1 / (std::cosh(z) * std::cosh(z)); }};
    case Activation::kSigmoid:
      return {[](double z) { return 1 / (1 + std::exp(-z)); },
              [](double z) { return 1 / ((1 + std::exp(-z)) * (1 + std::exp(z))); }};
    default:  // relu, and crelu's and maxout's parts
      return {[](double z) { return z > 0 ? z : 0; },
              [at_zero](double z) { return z > 0    ? 1
                                           : z == 0 ? at_zero
                                                    : 0; }};
  }
}

// A hidden layer on the probe set. z and slope are [unit][sample]; a is [output][sample].
struct LayerTrace {
  Matrix z, a, slope;
};

// Every hidden layer's trace, and the network's output [output][sample], for inputs [sample][input].
struct NetworkTrace {
  std::vector<LayerTrace> hidden;
  Matrix output;
};

inline Matrix affine(const LayerParameters& layer, const Matrix& inputs) {
  const std::vector<double>&weights = layer[BlockKind::kWeights], &bias = layer[BlockKind::kBias];
  Matrix z(layer.rows, std::vector<double>(inputs[0].size()));
  for (std::size_t r = 0; r < layer.rows; ++r) {
    for (std::size_t n = 0; n < inputs[0].size(); ++n) {
      z[r][n] = bias.empty() ? 0 : bias[r];
      for (std::size_t i = 0; i < layer.inputs; ++i) z[r][n] += weights[r * layer.inputs + i] * inputs[i][n];
    }
  }
  return z;
}

inline Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix[0].size(), std::vector<double>(matrix.size()));
  for (std::size_t r = 0; r < matrix.size(); ++r)
    for (std::size_t c = 0; c < matrix[0].size(); ++c) result[c][r] = matrix[r][c];
  return result;
}

inline LayerTrace trace_layer(const ActivationSpec& activation, const Matrix& z) {
  const Curve curve = curve_of(activation);
  const auto mapped = [&](const std::function<double(double)>& f) {
    Matrix result = z;
    for (auto& row : result)
      for (double& value : row) value = f(value);
    return result;
  };
  LayerTrace trace{z, mapped(curve.value), mapped(curve.slope)};
  if (activation.kind == Activation::kCrelu) {
    const Matrix negative = mapped([&](double v) { return curve.value(-v); });
    trace.a.insert(trace.a.end(), negative.begin(), negative.end());
    trace.slope = mapped([&](double v) { return std::max(curve.slope(v), curve.slope(-v)); });
  }
  if (activation.kind != Activation::kMaxout) return trace;
  const auto pieces = static_cast<std::size_t>(activation.pieces);
  Matrix largest(z.size() / pieces);
  for (std::size_t u = 0; u < largest.size(); ++u) {
    largest[u] = z[u * pieces];
    for (std::size_t p = 1; p < pieces; ++p)
      for (std::size_t n = 0; n < largest[u].size(); ++n)
        largest[u][n] = std::max(largest[u][n], z[u * pieces + p][n]);
  }
  return {largest, largest, Matrix(largest.size(), std::vector<double>(largest[0].size(), 1))};
}

inline NetworkTrace trace_network(const ParameterSet& parameters, const ActivationSpec& activation,
                                  const Matrix& inputs) {
  NetworkTrace trace;
  Matrix signal = transposed(inputs);
  for (std::size_t l = 0; l + 1 < parameters.layers.size(); ++l) {
    ActivationSpec own = activation;
    if (const auto& learned = parameters.layers[l][BlockKind::kSlope]; !learned.empty())
      own.slope = learned[0];
    trace.hidden.push_back(trace_layer(own, affine(parameters.layers[l], signal)));
    signal = trace.hidden.back().a;
  }
  trace.output = affine(parameters.layers.back(), signal);
  return trace;
}

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

inline std::vector<double> flattened(const Matrix& matrix) {
  std::vector<double> all;
  for (const auto& row : matrix) all.insert(all.end(), row.begin(), row.end());
  return all;
}

// Population standard deviation, in two passes.
inline double spread_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

inline std::vector<double> magnitudes(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

// exp of the entropy of the normalised singular values (Roy, Vetterli 2007), 0 for a zero matrix.
inline double recomputed_effective_rank(const Matrix& matrix) {
  Eigen::MatrixXd m(matrix.size(), matrix[0].size());
  for (std::size_t r = 0; r < matrix.size(); ++r)
    for (std::size_t c = 0; c < matrix[0].size(); ++c)
      m(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) = matrix[r][c];
  const Eigen::VectorXd singular = Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues();
  if (singular.sum() == 0) return 0;
  double entropy = 0;
  for (const double value : singular) {
    const double p = value / singular.sum();
    if (p > 1e-14) entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

inline bool all_of_them(const std::vector<double>& values, const std::function<bool(double)>& holds) {
  return std::all_of(values.begin(), values.end(), holds);
}

inline double share_of_them(const std::vector<double>& values, const std::function<bool(double)>& holds) {
  return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) /
         static_cast<double>(values.size());
}

// All activations of one unit: a row, or crelu's two.
inline std::vector<double> outputs_of(const LayerTrace& trace, std::size_t unit) {
  std::vector<double> all;
  for (std::size_t row = unit; row < trace.a.size(); row += trace.z.size())
    all.insert(all.end(), trace.a[row].begin(), trace.a[row].end());
  return all;
}

inline UnitRow recomputed_unit(const LayerTrace& trace, std::size_t unit, const Thresholds& thresholds) {
  const std::vector<double>& z = trace.z[unit];
  const std::vector<double> a = outputs_of(trace, unit);
  const double layer_magnitude = mean_of(magnitudes(flattened(trace.a)));
  UnitRow row;
  row.unit = static_cast<std::int64_t>(unit) + 1;
  row.dead = all_of_them(a, [](double v) { return v == 0; });
  row.never_active = all_of_them(z, [](double v) { return v <= 0; });
  row.active_fraction = share_of_them(z, [](double v) { return v > 0; });
  row.always_active = all_of_them(z, [](double v) { return v > 0; });
  row.rarely_active = row.active_fraction < thresholds.rarely_active;
  row.dormant_score = layer_magnitude == 0 ? 0 : mean_of(magnitudes(a)) / layer_magnitude;
  row.dormant = layer_magnitude == 0 || row.dormant_score <= thresholds.dormant;
  row.saturated =
      all_of_them(trace.slope[unit], [&](double v) { return std::abs(v) < thresholds.saturated; });
  row.activation_mean = mean_of(a);
  row.preactivation_mean = mean_of(z);
  row.preactivation_max = *std::max_element(z.begin(), z.end());
  return row;
}

inline LayerRow recomputed_layer(const LayerTrace& trace, const Thresholds& thresholds) {
  const std::size_t units = trace.z.size(), samples = trace.z[0].size();
  std::vector<UnitRow> rows;
  for (std::size_t u = 0; u < units; ++u) rows.push_back(recomputed_unit(trace, u, thresholds));
  const auto fraction = [&](std::int64_t UnitRow::*flag) {
    const auto count =
        std::count_if(rows.begin(), rows.end(), [&](const UnitRow& row) { return row.*flag == 1; });
    return static_cast<double>(count) / static_cast<double>(units);
  };
  LayerRow layer;
  layer.units = static_cast<std::int64_t>(units);
  layer.dead_fraction = fraction(&UnitRow::dead);
  layer.never_active_fraction = fraction(&UnitRow::never_active);
  layer.rarely_active_fraction = fraction(&UnitRow::rarely_active);
  layer.always_active_fraction = fraction(&UnitRow::always_active);
  layer.dormant_fraction = fraction(&UnitRow::dormant);
  layer.saturated_fraction = fraction(&UnitRow::saturated);
  layer.saturated_pairs_fraction =
      share_of_them(flattened(trace.slope), [&](double v) { return std::abs(v) < thresholds.saturated; });
  std::size_t dead_inputs = 0;
  for (std::size_t n = 0; n < samples; ++n) {
    bool fires = false;
    for (std::size_t u = 0; u < units; ++u) fires |= trace.z[u][n] > 0;
    dead_inputs += !fires;
  }
  layer.dead_input_fraction = static_cast<double>(dead_inputs) / static_cast<double>(samples);
  layer.sparsity = share_of_them(flattened(trace.a), [](double v) { return v == 0; });
  layer.activation_mean = mean_of(flattened(trace.a));
  layer.activation_std = spread_of(flattened(trace.a));
  layer.preactivation_mean = mean_of(flattened(trace.z));
  layer.preactivation_std = spread_of(flattened(trace.z));
  layer.preactivation_max_min = rows[0].preactivation_max;
  for (const UnitRow& row : rows)
    layer.preactivation_max_min = std::min(layer.preactivation_max_min, row.preactivation_max);
  layer.effective_rank = recomputed_effective_rank(trace.a);
  return layer;
}

// |a − b| ≤ tolerance · max(1, |b|), and missing equals missing.
inline void expect_near(double a, double b, double tolerance, const char* column) {
  if (std::isnan(a) && std::isnan(b)) return;
  EXPECT_NEAR(a, b, tolerance * std::max(1.0, std::abs(b))) << column;
}

// Compares the columns that the probe fills; flags and shares exactly, measured numbers within `tolerance`.
inline void expect_same_probe_columns(const LayerRow& row, const LayerRow& expected, double tolerance) {
  EXPECT_EQ(row.units, expected.units);
  EXPECT_EQ(row.dead_fraction, expected.dead_fraction);
  EXPECT_EQ(row.never_active_fraction, expected.never_active_fraction);
  EXPECT_EQ(row.rarely_active_fraction, expected.rarely_active_fraction);
  EXPECT_EQ(row.always_active_fraction, expected.always_active_fraction);
  EXPECT_EQ(row.saturated_pairs_fraction, expected.saturated_pairs_fraction);
  EXPECT_EQ(row.dormant_fraction, expected.dormant_fraction);
  EXPECT_EQ(row.saturated_fraction, expected.saturated_fraction);
  EXPECT_EQ(row.dead_input_fraction, expected.dead_input_fraction);
  EXPECT_EQ(row.sparsity, expected.sparsity);
  expect_near(row.activation_mean, expected.activation_mean, tolerance, "activation_mean");
  expect_near(row.activation_std, expected.activation_std, tolerance, "activation_std");
  expect_near(row.preactivation_mean, expected.preactivation_mean, tolerance, "preactivation_mean");
  expect_near(row.preactivation_std, expected.preactivation_std, tolerance, "preactivation_std");
  expect_near(row.preactivation_max_min, expected.preactivation_max_min, tolerance, "preactivation_max_min");
  expect_near(row.effective_rank, expected.effective_rank, std::max(tolerance, 1e-7), "effective_rank");
}

inline void expect_same_probe_columns(const UnitRow& row, const UnitRow& expected, double tolerance) {
  EXPECT_EQ(row.unit, expected.unit);
  EXPECT_EQ(row.dead, expected.dead);
  EXPECT_EQ(row.never_active, expected.never_active);
  EXPECT_EQ(row.rarely_active, expected.rarely_active);
  EXPECT_EQ(row.always_active, expected.always_active);
  EXPECT_EQ(row.dormant, expected.dormant);
  EXPECT_EQ(row.saturated, expected.saturated);
  EXPECT_EQ(row.active_fraction, expected.active_fraction);
  expect_near(row.dormant_score, expected.dormant_score, tolerance, "dormant_score");
  expect_near(row.activation_mean, expected.activation_mean, tolerance, "activation_mean");
  expect_near(row.preactivation_mean, expected.preactivation_mean, tolerance, "preactivation_mean");
  expect_near(row.preactivation_max, expected.preactivation_max, tolerance, "preactivation_max");
}

}  // namespace deadrelu
