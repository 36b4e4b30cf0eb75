#include "nn/network.h"

namespace deadrelu {

std::size_t highest_row_count(const NetworkShape& shape) {
  std::size_t rows = 0;
  for (const LayerShape& layer : shape.layers) rows = std::max(rows, layer.rows);
  return rows;
}

template <class T>
Activations<T>::Activations(const Network<T>& network, std::size_t max_samples)
    : max_samples_(max_samples),
      lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)) {
  std::size_t size = 0;
  const auto reserve = [&](std::size_t rows) { return std::exchange(size, size + rows * row_stride_); };
  std::size_t highest = 0;
  for (const LayerShape& layer : network.shape.layers) {
    LayerMemory memory{layer.rows, layer.outputs, reserve(layer.rows), 0, 0};
    memory.output = layer.hidden ? reserve(layer.outputs) : memory.z;
    if (layer.hidden && network.activation.kind == Activation::kRrelu) memory.slopes = reserve(layer.rows);
    layers_.push_back(memory);
    highest = std::max({highest, layer.rows, layer.outputs});
  }
  for (std::size_t& gradient : gradients_) gradient = reserve(highest);
  scratch_ = reserve(highest);
  memory_ = Buffer<T>(size);
}

template <class T>
bool is_plain_relu(const Network<T>& network) {
  const std::span<const T> at_zero = network.numbers.at_zero.span();
  return network.activation.kind == Activation::kRelu &&
         std::all_of(at_zero.begin(), at_zero.end(), [](T derivative) { return derivative == T{0}; });
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
  if (mode == Mode::kTrain && network.activation.kind == Activation::kRrelu)
    numbers.drawn_slopes = activations.drawn_slopes(l, samples);
  return numbers;
}

// Takes the gradient from layer l's pre-activations to those of the layer below, whose activation is not a
// plain ReLU.
template <class T>
void pass_gradient_down(const Network<T>& network, const T* parameters, std::size_t l, std::size_t samples,
                        Mode mode, bool first, const Activations<T>& activations, T* slope_sums) {
  const LayerShape& below = network.shape.layers[l - 1];
  const LaneMatrix<T> gradient_output = activations.scratch(below.outputs, samples);
  network.kernels.dense->multiply(weights_of(network, parameters, l).transposed(),
                                  activations.gradient(l, samples), ProductStart::kZero, nullptr,
                                  gradient_output);
  network.kernels.activation->backward(
      network.activation.kind, layer_activation(network, parameters, l - 1, mode, activations, samples),
      activations.z(l - 1, samples), gradient_output, activations.gradient(l - 1, samples));
  if (!below.has(BlockKind::kSlope)) return;
  const std::size_t pitch = highest_row_count(network.shape) * network.kernels.lanes;
  T* const sums = slope_sums + (l - 1) * pitch;
  if (first) std::fill_n(sums, pitch, T{0});
  network.kernels.activation->slope_gradient(activations.z(l - 1, samples), gradient_output, sums);
}

}  // namespace

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  const T* const learned = block_data(network, parameters, layer[BlockKind::kSlope]);
  return {learned != nullptr ? learned : network.numbers.slope.data(),
          network.numbers.alpha.data(),
          network.numbers.at_zero.data(),
          static_cast<std::size_t>(network.activation.pieces),
          {}};
}

template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations) {
  assert(input.rows == network.shape.inputs());
  const bool is_relu = is_plain_relu(network);
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const LaneMatrix<const T> weights = weights_of(network, parameters, l);
    const T* const bias = block_data(network, parameters, layer[BlockKind::kBias]);
    const LaneMatrix<T> z = activations.z(l, input.columns), output = activations.output(l, input.columns);
    if (layer.hidden && is_relu) {
      network.kernels.dense->relu_layer(weights, input, bias, output,
                                        mode == Mode::kTrain ? LaneMatrix<T>{} : z);
    } else {
      network.kernels.dense->multiply(weights, input,
                                      bias != nullptr ? ProductStart::kBias : ProductStart::kZero, bias, z);
      if (!layer.hidden) return;
      network.kernels.activation->forward(
          network.activation.kind, layer_activation(network, parameters, l, mode, activations, input.columns),
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
  const bool is_relu = is_plain_relu(network);
  const ProductStart start = first ? ProductStart::kZero : ProductStart::kAccumulate;
  for (std::size_t l = network.shape.layers.size(); l-- > 0;) {
    const LaneMatrix<T> weights = weights_of(network, gradient, l);
    T* const biases = block_data(network, gradient, network.shape.layers[l][BlockKind::kBias]);
    const LaneMatrix<const T> dz = activations.gradient(l, samples);
    const LaneMatrix<const T> x = l == 0 ? input : activations.output(l - 1, samples);
    if (l > 0 && is_relu) {
      network.kernels.dense->relu_backward(weights_of(network, parameters, l).transposed(), dz, x, start,
                                           weights, biases, activations.gradient(l - 1, samples));
    } else {
      network.kernels.dense->weight_gradient(dz, x, start, weights, biases);
      if (l > 0) pass_gradient_down(network, parameters, l, samples, mode, first, activations, slope_sums);
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
  template class Activations<T>;                                                                        \
  template bool is_plain_relu(const Network<T>&);                                                       \
  template ActivationParameters<T> layer_activation(const Network<T>&, const T*, std::size_t);          \
  template void forward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, const Activations<T>&); \
  template void backward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, bool,                  \
                         const Activations<T>&, T*, T*);                                                \
  template void finish_gradient(const Network<T>&, const T*, T*)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
