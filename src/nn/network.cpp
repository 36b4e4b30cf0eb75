#include "nn/network.h"

namespace deadrelu {

std::size_t highest_row_count(const NetworkShape& shape) {
  std::size_t rows = 0;
  for (const LayerShape& layer : shape.layers) rows = std::max(rows, layer.rows);
  return rows;
}

template <class T>
LaneActivation<T>::LaneActivation(const ActivationSpec& spec, std::size_t lanes)
    : slope(lanes),
      alpha(lanes),
      at_zero(lanes),
      lower(lanes),
      width(lanes),
      pieces_(static_cast<std::size_t>(spec.pieces)) {
  if (spec.kind == Activation::kExpression) {
    formula_ = formula_of(spec);
    programs_ = formula_.activation();
    formula_numbers_ = Buffer<T>((formula_.numbers().size() + 1) * lanes);
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) set(lane, spec);
}

template <class T>
void LaneActivation<T>::set(std::size_t lane, const ActivationSpec& spec) {
  const bool is_random = spec.kind == Activation::kRrelu;
  slope[lane] = static_cast<T>(is_random ? 0.5 * (spec.lower + spec.upper) : spec.slope);
  alpha[lane] = static_cast<T>(spec.alpha);
  at_zero[lane] = static_cast<T>(spec.at_zero);
  lower[lane] = spec.lower;
  width[lane] = spec.upper - spec.lower;
  const auto is_zero = [](T derivative) { return derivative == T{0}; };
  const std::span<const T> kink = at_zero.span();
  is_plain_relu = spec.kind == Activation::kRelu && std::all_of(kink.begin(), kink.end(), is_zero);
  if (spec.kind != Activation::kExpression) return;
  std::vector<double> values = formula_.values_of_numbers(spec.numbers);
  values.push_back(spec.at_zero);
  for (std::size_t i = 0; i < values.size(); ++i)
    formula_numbers_[i * slope.size() + lane] = static_cast<T>(values[i]);
}

template <class T>
ActivationParameters<T> LaneActivation<T>::parameters(const T* learned) const {
  return {learned != nullptr ? learned : slope.data(),
          alpha.data(),
          at_zero.data(),
          pieces_,
          {},
          &programs_,
          formula_numbers_.data()};
}

template <class T>
Network<T>::Network(NetworkShape layers, const Kernels<T>& table) : shape(std::move(layers)), kernels(table) {
  for (const LayerShape& layer : shape.layers) numbers.emplace_back(layer.activation, kernels.lanes);
}

template <class T>
Activations<T>::Activations(const Network<T>& network, std::size_t max_samples)
    : linear_output_(network.shape.layers.back().is_linear_output()),
      max_samples_(max_samples),
      lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)) {
  std::size_t size = 0;
  const auto reserve = [&](std::size_t rows) { return std::exchange(size, size + rows * row_stride_); };
  std::size_t highest = 0;
  for (const LayerShape& layer : network.shape.layers) {
    LayerMemory memory{layer.rows, layer.outputs, reserve(layer.rows), 0, 0, 0};
    memory.activated = memory.output = layer.is_linear_output() ? memory.z : reserve(layer.outputs);
    if (layer.activation.kind == Activation::kRrelu) memory.slopes = reserve(layer.rows);
    layers_.push_back(memory);
    highest = std::max({highest, layer.rows, layer.outputs});
  }
  for (std::size_t& gradient : gradients_) gradient = reserve(highest);
  scratch_ = reserve(highest);
  memory_ = Buffer<T>(size);
}

namespace {

// Where a block of a layer lies in a flat buffer; null where the layer has none.
template <class T, class Value>
Value* block_data(const Network<T>& network, Value* buffer, const ParameterBlock& block) {
  return block.rows > 0 ? buffer + block.offset * network.kernels.lanes : nullptr;
}

template <class T, class Value>
LaneMatrix<Value> weights_of(const Network<T>& network, Value* buffer, std::size_t l) {
  const ParameterBlock& weights = network.shape.layers[l][BlockKind::kWeights];
  return dense_lane_matrix(block_data(network, buffer, weights), weights.rows, weights.columns,
                           network.kernels.lanes);
}

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l,
                                         Mode mode, const Activations<T>& activations, std::size_t samples) {
  auto numbers = layer_activation(network, parameters, l);
  if (mode == Mode::kTrain && network.shape.layers[l].activation.kind == Activation::kRrelu)
    numbers.drawn_slopes = activations.drawn_slopes(l, samples);
  return numbers;
}

// Takes the gradient from layer l's outputs, in scratch, to its pre-activations.
template <class T>
void pass_activation_back(const Network<T>& network, const T* parameters, std::size_t l, std::size_t samples,
                          Mode mode, bool first, const Activations<T>& activations, T* slope_sums) {
  const LayerShape& layer = network.shape.layers[l];
  const LaneMatrix<T> gradient_output = activations.scratch(layer.outputs, samples);
  network.kernels.activation->backward(
      layer.activation.kind, layer_activation(network, parameters, l, mode, activations, samples),
      activations.z(l, samples), gradient_output, activations.gradient(l, samples));
  if (!layer.has(BlockKind::kSlope)) return;
  const std::size_t pitch = highest_row_count(network.shape) * network.kernels.lanes;
  T* const sums = slope_sums + l * pitch;
  if (first) std::fill_n(sums, pitch, T{0});
  network.kernels.activation->slope_gradient(activations.z(l, samples), gradient_output, sums);
}

}  // namespace

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l) {
  const ParameterBlock& slope = network.shape.layers[l][BlockKind::kSlope];
  return network.numbers[l].parameters(block_data(network, parameters, slope));
}

template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations) {
  assert(input.rows == network.shape.inputs());
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const LaneMatrix<const T> weights = weights_of(network, parameters, l);
    const T* const bias = block_data(network, parameters, layer[BlockKind::kBias]);
    const LaneMatrix<T> z = activations.z(l, input.columns), output = activations.output(l, input.columns);
    if (fuses_relu(network, l)) {
      network.kernels.dense->relu_layer(weights, input, bias, output,
                                        mode == Mode::kTrain ? LaneMatrix<T>{} : z);
    } else {
      network.kernels.dense->multiply(weights, input,
                                      bias != nullptr ? ProductStart::kBias : ProductStart::kZero, bias, z);
      if (layer.is_linear_output()) return;
      network.kernels.activation->forward(
          layer.activation.kind, layer_activation(network, parameters, l, mode, activations, input.columns),
          z, output);
    }
    input = output;
  }
}

template <class T>
void backward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
              bool first, const Activations<T>& activations, T* gradient, T* slope_sums) {
  assert(input.rows == network.shape.inputs());
  const std::size_t samples = input.columns;
  const ProductStart start = first ? ProductStart::kZero : ProductStart::kAccumulate;
  const std::size_t last = network.shape.layers.size() - 1;
  const auto pass_back = [&](std::size_t l) {
    pass_activation_back(network, parameters, l, samples, mode, first, activations, slope_sums);
  };
  if (!network.shape.layers[last].is_linear_output()) pass_back(last);
  for (std::size_t l = last + 1; l-- > 0;) {
    const LaneMatrix<T> weights = weights_of(network, gradient, l);
    T* const biases = block_data(network, gradient, network.shape.layers[l][BlockKind::kBias]);
    const LaneMatrix<const T> dz = activations.gradient(l, samples);
    if (l == 0) {
      network.kernels.dense->weight_gradient(dz, input, start, weights, biases);
      return;
    }
    const LaneMatrix<const T> x = activations.output(l - 1, samples);
    const LaneMatrix<const T> transposed = weights_of(network, parameters, l).transposed();
    if (fuses_relu(network, l - 1)) {
      network.kernels.dense->relu_backward(transposed, dz, x, start, weights, biases,
                                           activations.gradient(l - 1, samples));
    } else {
      network.kernels.dense->weight_gradient(dz, x, start, weights, biases);
      network.kernels.dense->multiply(transposed, dz, ProductStart::kZero, nullptr,
                                      activations.scratch(network.shape.layers[l - 1].outputs, samples));
      pass_back(l - 1);
    }
  }
}

template <class T>
void finish_gradient(const Network<T>& network, const T* slope_sums, T* gradient) {
  const std::size_t lanes = network.kernels.lanes;
  const std::size_t pitch = highest_row_count(network.shape) * lanes;
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    T* const slope = block_data(network, gradient, layer[BlockKind::kSlope]);
    if (slope == nullptr) continue;
    std::fill_n(slope, lanes, T{0});
    network.kernels.dense->add_row_sums(dense_lane_matrix(slope_sums + l * pitch, 1, layer.rows, lanes),
                                        slope);
  }
}

#define DEADRELU_INSTANTIATE(T)                                                                         \
  template struct LaneActivation<T>;                                                                    \
  template struct Network<T>;                                                                           \
  template class Activations<T>;                                                                        \
  template ActivationParameters<T> layer_activation(const Network<T>&, const T*, std::size_t);          \
  template void forward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, const Activations<T>&); \
  template void backward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, bool,                  \
                         const Activations<T>&, T*, T*);                                                \
  template void finish_gradient(const Network<T>&, const T*, T*)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
