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
    : max_samples_(max_samples), lanes_(network.kernels.lanes), row_stride_(max_samples * lanes_) {
  // Rows a multiple of 4 KiB apart fall into the same few sets of the L1 cache.
  if (row_stride_ * sizeof(T) % 4096 == 0) row_stride_ += lanes_;
  std::size_t size = 0;
  const auto reserve = [&](std::size_t rows) { return std::exchange(size, size + rows * row_stride_); };
  std::size_t highest = 0;
  for (const LayerShape& layer : network.shape.layers) {
    Place place{layer.rows, layer.outputs, reserve(layer.rows), 0, 0, 0};
    place.output = layer.hidden ? reserve(layer.outputs) : place.z;
    place.gradient = reserve(layer.rows);
    if (layer.hidden && network.activation.kind == Activation::kRrelu) place.slopes = reserve(layer.rows);
    places_.push_back(place);
    highest = std::max({highest, layer.rows, layer.outputs});
  }
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
  return view(places_[l].gradient, places_[l].rows, samples);
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

// Adds layer l's weight and bias gradients.
template <class T>
void add_layer_gradient(const Network<T>& network, LaneMatrix<const T> input, std::size_t l, bool first,
                        const Activations<T>& activations, T* gradient) {
  const LayerShape& layer = network.shape.layers[l];
  const std::size_t lanes = network.kernels.lanes;
  const LaneMatrix<const T> gradient_z = activations.gradient(l, input.columns);
  network.kernels.dense->multiply(
      gradient_z, input.transposed(), first ? ProductStart::kZero : ProductStart::kAccumulate, nullptr,
      dense_lane_matrix(gradient + layer.weights * lanes, layer.rows, layer.inputs, lanes));
  if (!layer.bias) return;
  T* const bias_gradient = gradient + layer.biases * lanes;
  if (first) std::fill_n(bias_gradient, layer.rows * lanes, T{0});
  network.kernels.dense->add_row_sums(gradient_z, bias_gradient);
}

}  // namespace

template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations) {
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const LaneMatrix<T> z = activations.z(l, input.columns);
    network.kernels.dense->multiply(weights_of(network, parameters, l), input,
                                    layer.bias ? ProductStart::kBias : ProductStart::kZero,
                                    parameters + layer.biases * network.kernels.lanes, z);
    if (!layer.hidden) return;
    const LaneMatrix<T> output = activations.output(l, input.columns);
    network.kernels.activation->forward(
        network.activation.kind, layer_activation(network, parameters, l, mode, activations, input.columns),
        z, output);
    input = output;
  }
}

template <class T>
void backward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
              bool first, const Activations<T>& activations, T* gradient, T* slope_sums) {
  const std::size_t samples = input.columns;
  const std::size_t pitch = highest_row_count(network.shape) * network.kernels.lanes;
  for (std::size_t l = network.shape.layers.size(); l-- > 0;) {
    if (l == 0) {
      add_layer_gradient(network, input, l, first, activations, gradient);
      return;
    }
    add_layer_gradient(network, LaneMatrix<const T>(activations.output(l - 1, samples)), l, first,
                       activations, gradient);
    const LayerShape& below = network.shape.layers[l - 1];
    const LaneMatrix<T> gradient_output = activations.scratch(below.outputs, samples);
    network.kernels.dense->multiply(weights_of(network, parameters, l).transposed(),
                                    activations.gradient(l, samples), ProductStart::kZero, nullptr,
                                    gradient_output);
    network.kernels.activation->backward(
        network.activation.kind, layer_activation(network, parameters, l - 1, mode, activations, samples),
        activations.z(l - 1, samples), gradient_output, activations.gradient(l - 1, samples));
    if (!below.learned_slope) continue;
    T* const sums = slope_sums + (l - 1) * pitch;
    if (first) std::fill_n(sums, pitch, T{0});
    network.kernels.activation->slope_gradient(activations.z(l - 1, samples), gradient_output, sums);
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
  template ActivationParameters<T> layer_activation(const Network<T>&, const T*, std::size_t);          \
  template void forward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, const Activations<T>&); \
  template void backward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, bool,                  \
                         const Activations<T>&, T*, T*);                                                \
  template void finish_gradient(const Network<T>&, const T*, T*)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
