#include "nn/network.h"

#include <algorithm>
#include <utility>

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
    Place place{layer.rows, layer.outputs, reserve(layer.rows), 0, 0};
    place.output = layer.hidden ? reserve(layer.outputs) : place.z;
    if (layer.hidden && network.activation.kind == Activation::kRrelu) place.slopes = reserve(layer.rows);
    places_.push_back(place);
    highest = std::max({highest, layer.rows, layer.outputs});
  }
  for (std::size_t& gradient : gradients_) gradient = reserve(highest);
  scratch_ = reserve(highest);
  memory_ = Buffer<T>(size);
}

template <class T>
LaneMatrix<T> Activations<T>::view(std::size_t offset, std::size_t rows, std::size_t samples) const {
  return {memory_.data() + offset, rows, samples, row_stride_, lanes_};
}
template <class T>
LaneMatrix<T> Activations<T>::z(std::size_t l, std::size_t samples) const {
  return view(places_[l].z, places_[l].rows, samples);
}
template <class T>
LaneMatrix<T> Activations<T>::output(std::size_t l, std::size_t samples) const {
  return view(places_[l].output, places_[l].outputs, samples);
}
template <class T>
LaneMatrix<T> Activations<T>::gradient(std::size_t l, std::size_t samples) const {
  return view(gradients_[l % 2], places_[l].rows, samples);
}
template <class T>
LaneMatrix<T> Activations<T>::drawn_slopes(std::size_t l, std::size_t samples) const {
  return view(places_[l].slopes, places_[l].rows, samples);
}
template <class T>
LaneMatrix<T> Activations<T>::scratch(std::size_t rows, std::size_t samples) const {
  return view(scratch_, rows, samples);
}

template <class T>
bool is_plain_relu(const Network<T>& network) {
  const std::span<const T> at_zero = network.numbers.at_zero.span();
  return network.activation.kind == Activation::kRelu &&
         std::all_of(at_zero.begin(), at_zero.end(), [](T derivative) { return derivative == T{0}; });
}

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  const T* slope =
      layer.learned_slope ? parameters + layer.slope * network.kernels.lanes : network.numbers.slope.data();
  return {slope,
          network.numbers.alpha.data(),
          network.numbers.at_zero.data(),
          static_cast<std::size_t>(network.activation.pieces),
          {}};
}

namespace {

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l,
                                         Mode mode, const Activations<T>& activations, std::size_t samples) {
  auto numbers = layer_activation(network, parameters, l);
  if (mode == Mode::kTrain && network.activation.kind == Activation::kRrelu)
    numbers.drawn_slopes = activations.drawn_slopes(l, samples);
  return numbers;
}

template <class T>
LaneMatrix<const T> weights_of(const Network<T>& network, const T* parameters, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  return dense_lane_matrix(parameters + layer.weights * network.kernels.lanes, layer.rows, layer.inputs,
                           network.kernels.lanes);
}

// Where layer l's weight and bias gradients go.
template <class T>
struct LayerGradient {
  LaneMatrix<T> weights;
  T* biases;  // null where there are none

  LayerGradient(const Network<T>& network, std::size_t l, T* gradient) {
    const LayerShape& layer = network.shape.layers[l];
    const std::size_t lanes = network.kernels.lanes;
    weights = dense_lane_matrix(gradient + layer.weights * lanes, layer.rows, layer.inputs, lanes);
    biases = layer.bias ? gradient + layer.biases * lanes : nullptr;
  }
};

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
  if (!below.learned_slope) return;
  const std::size_t pitch = highest_row_count(network.shape) * network.kernels.lanes;
  T* const sums = slope_sums + (l - 1) * pitch;
  if (first) std::fill_n(sums, pitch, T{0});
  network.kernels.activation->slope_gradient(activations.z(l - 1, samples), gradient_output, sums);
}

}  // namespace

template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations) {
  const bool is_relu = is_plain_relu(network);
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const LaneMatrix<const T> weights = weights_of(network, parameters, l);
    const T* const bias = layer.bias ? parameters + layer.biases * network.kernels.lanes : nullptr;
    const LaneMatrix<T> z = activations.z(l, input.columns), output = activations.output(l, input.columns);
    if (layer.hidden && is_relu) {
      network.kernels.dense->relu_layer(weights, input, bias, output,
                                        mode == Mode::kTrain ? LaneMatrix<T>{} : z);
    } else {
      network.kernels.dense->multiply(weights, input, layer.bias ? ProductStart::kBias : ProductStart::kZero,
                                      bias, z);
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
  const std::size_t samples = input.columns;
  const bool is_relu = is_plain_relu(network);
  const ProductStart start = first ? ProductStart::kZero : ProductStart::kAccumulate;
  for (std::size_t l = network.shape.layers.size(); l-- > 0;) {
    const LayerGradient<T> layer(network, l, gradient);
    const LaneMatrix<const T> dz = activations.gradient(l, samples);
    const LaneMatrix<const T> x = l == 0 ? input : activations.output(l - 1, samples);
    if (l > 0 && is_relu) {
      network.kernels.dense->relu_backward(weights_of(network, parameters, l).transposed(), dz, x, start,
                                           layer.weights, layer.biases, activations.gradient(l - 1, samples));
    } else {
      network.kernels.dense->weight_gradient(dz, x, start, layer.weights, layer.biases);
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
    if (!layer.learned_slope) continue;
    T* const slope = gradient + layer.slope * lanes;
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
