#include "probe/gradient_probe.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"

namespace deadrelu {
namespace {

// A pack of networks with 3 inputs and 2 outputs, and buffers [parameter][lane] to fill.
template <class T>
struct Buffers {
  explicit Buffers(const RunSpec& spec)
      : specs{spec},
        pack(probed_pack<T>(specs, make_examples<T>({Matrix(1, {0, 0, 0}), Matrix(1, {0, 0})}))),
        lanes(pack.network.kernels.lanes),
        parameters(pack.network.shape.parameter_count * lanes),
        gradient(parameters.size()),
        after(parameters.size()) {
    std::mt19937 engine(7);
    for (auto* buffer : {&parameters, &gradient, &after})
      for (T& value : buffer->span()) value = static_cast<T>(engine() * 0x1p-31 - 1);
  }
  const LayerShape& layer(std::size_t l) const { return pack.network.shape.layers[l]; }
  // Parameters `from` … `from + count − 1` of one lane.
  std::vector<long double> values(const Buffer<T>& buffer, std::size_t from, std::size_t count,
                                  std::size_t lane) const {
    std::vector<long double> result;
    for (std::size_t i = from; i < from + count; ++i) result.push_back(buffer[i * lanes + lane]);
    return result;
  }
  GradientProbe<T> measured() const {
    GradientProbe<T> probe(pack.network);
    probe.measure(pack.network, parameters.data(), gradient.data());
    probe.measure_update(pack.network, parameters.data(), after.data());
    return probe;
  }
  LayerRow layer_row(std::size_t l, std::size_t lane) const {
    LayerRow row;
    measured().describe(pack.network, l, lane, row, nullptr);
    return row;
  }
  std::vector<UnitRow> unit_rows(std::size_t l, std::size_t lane) const {
    LayerRow row;
    std::vector<UnitRow> units(layer(l).units);
    measured().describe(pack.network, l, lane, row, units.data());
    return units;
  }

  std::vector<RunSpec> specs;
  Pack<T> pack;
  std::size_t lanes;
  Buffer<T> parameters, gradient, after;
};

double norm(const std::vector<long double>& values) {
  long double sum = 0;
  for (const long double value : values) sum += value * value;
  return static_cast<double>(std::sqrt(sum));
}

void expect_close(double a, double b) { EXPECT_NEAR(a, b, 1e-14 * std::abs(b)); }

RunSpec shaped(Activation kind, bool bias = true) {
  RunSpec spec = untrained({5, 4}, kind);
  spec.model.bias = bias;
  return spec;
}

template <class T>
void expect_layer_norms(const RunSpec& spec) {
  const Buffers<T> b(spec);
  for (std::size_t lane = 0; lane < b.lanes; ++lane) {
    for (std::size_t l = 0; l < 3; ++l) {
      const LayerShape& layer = b.layer(l);
      const LayerRow row = b.layer_row(l, lane);
      expect_close(row.grad_norm, norm(b.values(b.gradient, layer[BlockKind::kWeights].offset,
                                                layer.parameter_count(), lane)));
      expect_close(row.grad_norm_weights,
                   norm(b.values(b.gradient, layer[BlockKind::kWeights].offset, layer.weight_count(), lane)));
      expect_close(row.grad_rms, row.grad_norm / std::sqrt(static_cast<double>(layer.parameter_count())));
      expect_close(row.weight_norm, norm(b.values(b.parameters, layer[BlockKind::kWeights].offset,
                                                  layer.weight_count(), lane)));
      auto change = b.values(b.after, layer[BlockKind::kWeights].offset, layer.weight_count(), lane);
      const auto before =
          b.values(b.parameters, layer[BlockKind::kWeights].offset, layer.weight_count(), lane);
      for (std::size_t i = 0; i < change.size(); ++i) change[i] -= before[i];
      expect_close(b.measured().update_ratio(l, lane), norm(change) / norm(before));
      EXPECT_EQ(std::isnan(row.grad_norm_bias), !layer.has(BlockKind::kBias));
      EXPECT_EQ(std::isnan(row.bias_mean), !layer.has(BlockKind::kBias));
      if (!layer.has(BlockKind::kBias)) continue;
      expect_close(row.grad_norm_bias,
                   norm(b.values(b.gradient, layer[BlockKind::kBias].offset, layer.rows, lane)));
      long double sum = 0;
      for (const long double value : b.values(b.parameters, layer[BlockKind::kBias].offset, layer.rows, lane))
        sum += value;
      EXPECT_NEAR(row.bias_mean, static_cast<double>(sum) / static_cast<double>(layer.rows), 1e-15);
    }
  }
}

TEST(GradientProbe, layer_norms_follow_the_definitions) {
  for (const Activation kind :
       {Activation::kRelu, Activation::kPrelu, Activation::kMaxout, Activation::kCrelu}) {
    expect_layer_norms<float>(shaped(kind));
    expect_layer_norms<double>(shaped(kind));
  }
}

TEST(GradientProbe, layers_without_a_bias_leave_its_columns_empty) {
  expect_layer_norms<double>(shaped(Activation::kRelu, false));
}

TEST(GradientProbe, the_norms_of_the_whole_network_cover_all_layers) {
  const Buffers<double> b(shaped(Activation::kPrelu));
  std::vector<long double> weights;
  for (std::size_t l = 0; l < 3; ++l) {
    const auto more =
        b.values(b.parameters, b.layer(l)[BlockKind::kWeights].offset, b.layer(l).weight_count(), 1);
    weights.insert(weights.end(), more.begin(), more.end());
  }
  const std::size_t count = b.pack.network.shape.parameter_count;
  expect_close(b.measured().grad_norm(1), norm(b.values(b.gradient, 0, count, 1)));
  expect_close(b.measured().weight_norm(1), norm(weights));
  Buffer<double> squares(b.lanes);
  squared_gradient_norm(b.pack.network, b.gradient.data(), squares.data());
  expect_close(std::sqrt(squares[1]), norm(b.values(b.gradient, 0, count, 1)));
}

TEST(GradientProbe, zero_entries_are_counted_in_each_lane_alone) {
  Buffers<float> b(shaped(Activation::kPrelu));
  const std::size_t count = b.pack.network.shape.parameter_count;
  for (const std::size_t i : {std::size_t{0}, count / 2, count - 1}) b.gradient[i * b.lanes + 1] = -0.0F;
  EXPECT_EQ(b.measured().zero_entries(1), 3 / static_cast<double>(count));
  EXPECT_EQ(b.measured().zero_entries(0), 0);
}

TEST(GradientProbe, units_own_their_incoming_weights_and_bias) {
  for (const Activation kind : {Activation::kRelu, Activation::kMaxout}) {
    const Buffers<float> b(shaped(kind));
    const LayerShape& layer = b.layer(1);
    const std::size_t pieces = layer.rows / layer.units;
    const auto rows = b.unit_rows(1, 2);
    for (std::size_t u = 0; u < layer.units; ++u) {
      const std::size_t first = layer[BlockKind::kWeights].offset + u * pieces * layer.inputs;
      auto own = b.values(b.gradient, first, pieces * layer.inputs, 2);
      const auto biases = b.values(b.gradient, layer[BlockKind::kBias].offset + u * pieces, pieces, 2);
      own.insert(own.end(), biases.begin(), biases.end());
      expect_close(rows[u].grad_norm, norm(own));
      expect_close(rows[u].weight_norm, norm(b.values(b.parameters, first, pieces * layer.inputs, 2)));
      long double bias = 0;
      for (const long double value :
           b.values(b.parameters, layer[BlockKind::kBias].offset + u * pieces, pieces, 2))
        bias += value;
      EXPECT_NEAR(rows[u].bias, static_cast<double>(bias) / static_cast<double>(pieces), 1e-15);
      EXPECT_EQ(rows[u].zero_gradient, 0);
    }
  }
}

// Sets all gradients of unit u in layer l of one lane to `weight` and `bias`.
template <class T>
void set_unit_gradient(Buffers<T>& b, std::size_t l, std::size_t u, std::size_t lane, T weight, T bias) {
  const LayerShape& layer = b.layer(l);
  const std::size_t pieces = layer.rows / layer.units;
  for (std::size_t i = 0; i < pieces * layer.inputs; ++i)
    b.gradient[(layer[BlockKind::kWeights].offset + u * pieces * layer.inputs + i) * b.lanes + lane] = weight;
  for (std::size_t p = 0; p < pieces; ++p)
    b.gradient[(layer[BlockKind::kBias].offset + u * pieces + p) * b.lanes + lane] = bias;
}

TEST(GradientProbe, a_zero_gradient_unit_has_no_incoming_gradient_at_all) {
  for (const Activation kind : {Activation::kRelu, Activation::kMaxout}) {
    Buffers<float> b(shaped(kind));
    set_unit_gradient(b, 0, 1, 3, 0.0F, 0.0F);
    set_unit_gradient(b, 0, 2, 3, -0.0F, -0.0F);
    set_unit_gradient(b, 0, 3, 3, 0.0F,
                      1e-45F);  // the smallest float is not zero, although its square is nothing
    set_unit_gradient(b, 0, 4, 3, 0.0F, 0.0F);
    const std::size_t last_weight = b.layer(0)[BlockKind::kWeights].offset + b.layer(0).weight_count() - 1;
    b.gradient[last_weight * b.lanes + 3] = 1e-45F;
    const auto rows = b.unit_rows(0, 3);
    EXPECT_EQ(rows[0].zero_gradient, 0);
    EXPECT_EQ(rows[1].zero_gradient, 1);
    EXPECT_EQ(rows[2].zero_gradient, 1);
    EXPECT_EQ(rows[3].zero_gradient, 0);
    EXPECT_EQ(rows[4].zero_gradient, 0);
    EXPECT_EQ(b.layer_row(0, 3).zero_gradient_fraction, 0.4);
    EXPECT_EQ(b.layer_row(0, 2).zero_gradient_fraction, 0);
    EXPECT_TRUE(std::isnan(b.layer_row(2, 3).zero_gradient_fraction)) << "the output layer has no units";
  }
}

TEST(GradientProbe, gradients_from_1e_minus_38_to_1e38_have_their_norms) {
  for (const float scale : {1e-38F, 1e-30F, 1e-20F, 1.0F, 1e20F, 1e30F, 1e38F}) {
    Buffers<float> b(shaped(Activation::kRelu));
    std::fill(b.gradient.span().begin(), b.gradient.span().end(), scale);
    std::fill(b.parameters.span().begin(), b.parameters.span().end(), scale);
    const LayerRow row = b.layer_row(0, 0);
    expect_close(row.grad_norm_weights, std::sqrt(15.0) * static_cast<double>(scale));
    expect_close(row.grad_norm_bias, std::sqrt(5.0) * static_cast<double>(scale));
    expect_close(row.grad_norm, std::sqrt(20.0) * static_cast<double>(scale));
    expect_close(row.grad_rms, static_cast<double>(scale));
    expect_close(row.weight_norm, std::sqrt(15.0) * static_cast<double>(scale));
    expect_close(b.measured().grad_norm(0), std::sqrt(54.0) * static_cast<double>(scale));
    Buffer<double> squares(b.lanes);
    squared_gradient_norm(b.pack.network, b.gradient.data(), squares.data());
    expect_close(std::sqrt(squares[0]), std::sqrt(54.0) * static_cast<double>(scale));
  }
}

TEST(GradientProbe, an_update_below_the_weights_digits_counts_as_it_was_applied) {
  Buffers<float> b(shaped(Activation::kRelu));
  std::fill(b.parameters.span().begin(), b.parameters.span().end(), 1.0F);
  std::fill(b.after.span().begin(), b.after.span().end(), 1.0F + 0x1p-23F);
  expect_close(b.measured().update_ratio(0, 0), 0x1p-23);
}

TEST(GradientProbe, weights_that_are_all_zero_have_no_update_ratio) {
  Buffers<double> b(shaped(Activation::kRelu));
  std::fill(b.parameters.span().begin(), b.parameters.span().end(), 0.0);
  EXPECT_TRUE(std::isnan(b.measured().update_ratio(0, 0)));
}

}  // namespace
}  // namespace deadrelu
