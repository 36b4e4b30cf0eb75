#include "probe/gradient_probe.h"

#include <algorithm>
#include <cmath>

namespace deadrelu {
namespace {

// Σ of squares of `count` rows of `length` parameters each from `place` on, [lane], overwritten.
template <class T>
void squares(const Network<T>& network, const T* buffer, std::size_t place, std::size_t rows,
             std::size_t length, double* sums) {
  const std::size_t lanes = network.kernels.lanes;
  std::fill_n(sums, lanes, 0.0);
  if (rows * length == 0) return;
  network.kernels.squares->add(dense_lane_matrix(buffer + place * lanes, rows, length, lanes), sums);
}

}  // namespace

template <class T>
GradientProbe<T>::GradientProbe(const Network<T>& network) : lanes_(network.kernels.lanes) {
  for (const LayerShape& layer : network.shape.layers) {
    const auto sums = [&] { return Buffer<double>(lanes_); };
    layers_.push_back({sums(), sums(), sums(), sums(), sums(), sums()});
    const auto unit_sums = [&] { return Buffer<double>(layer.units * lanes_); };
    units_.push_back({unit_sums(), unit_sums(), unit_sums(), std::vector<bool>(layer.units * lanes_)});
  }
}

template <class T>
void GradientProbe<T>::measure(const Network<T>& network, const T* parameters, const T* gradient) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    Sums& sums = layers_[l];
    squares(network, parameters, layer.weights, layer.rows, layer.inputs, sums.weights.data());
    squares(network, gradient, layer.weights, layer.rows, layer.inputs, sums.gradient_weights.data());
    squares(network, gradient, layer.biases, 1, layer.bias_count(), sums.gradient_bias.data());
    squares(network, gradient, layer.slope, 1, layer.learned_slope ? 1 : 0, sums.gradient_slope.data());
    std::fill_n(sums.bias.data(), lanes_, 0.0);
    for (std::size_t i = 0; i < layer.bias_count(); ++i)
      for (std::size_t lane = 0; lane < lanes_; ++lane)
        sums.bias[lane] += static_cast<double>(parameters[(layer.biases + i) * lanes_ + lane]);
    if (layer.hidden) measure_units(network, l, parameters, gradient);
  }
}

template <class T>
void GradientProbe<T>::measure_units(const Network<T>& network, std::size_t l, const T* parameters,
                                     const T* gradient) {
  const LayerShape& layer = network.shape.layers[l];
  UnitSums& sums = units_[l];
  const std::size_t pieces = layer.rows / layer.units;
  std::fill_n(sums.bias.data(), sums.bias.size(), 0.0);
  std::vector<char> nonzero(lanes_);
  const auto look = [&](const T* value) {
    for (std::size_t lane = 0; lane < lanes_; ++lane) nonzero[lane] |= value[lane] != T{0};
  };
  for (std::size_t u = 0; u < layer.units; ++u) {
    const std::size_t first_weight = layer.weights + u * pieces * layer.inputs;
    double* const gradient_squares = sums.gradient.data() + u * lanes_;
    squares(network, parameters, first_weight, pieces, layer.inputs, sums.weights.data() + u * lanes_);
    squares(network, gradient, first_weight, pieces, layer.inputs, gradient_squares);
    std::fill(nonzero.begin(), nonzero.end(), char{0});
    for (std::size_t i = 0; i < pieces * layer.inputs; ++i) look(gradient + (first_weight + i) * lanes_);
    for (std::size_t p = 0; layer.bias && p < pieces; ++p) {
      const std::size_t place = (layer.biases + u * pieces + p) * lanes_;
      look(gradient + place);
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const auto g = static_cast<double>(gradient[place + lane]);
        gradient_squares[lane] += g * g;
        sums.bias[u * lanes_ + lane] +=
            static_cast<double>(parameters[place + lane]) / static_cast<double>(pieces);
      }
    }
    for (std::size_t lane = 0; lane < lanes_; ++lane)
      sums.zero_gradient[u * lanes_ + lane] = nonzero[lane] == 0;
  }
}

template <class T>
void GradientProbe<T>::measure_update(const Network<T>& network, const T* before, const T* after) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const auto weights = [&](const T* buffer) {
      return dense_lane_matrix(buffer + layer.weights * lanes_, layer.rows, layer.inputs, lanes_);
    };
    std::fill_n(layers_[l].update.data(), lanes_, 0.0);
    network.kernels.squares->add_differences(weights(after), weights(before), layers_[l].update.data());
  }
}

template <class T>
void GradientProbe<T>::describe(const Network<T>& network, std::size_t l, std::size_t lane, LayerRow& row,
                                UnitRow* units) const {
  const LayerShape& layer = network.shape.layers[l];
  const Sums& sums = layers_[l];
  const double squared = sums.gradient_weights[lane] + sums.gradient_bias[lane] + sums.gradient_slope[lane];
  row.grad_norm = std::sqrt(squared);
  row.grad_norm_weights = std::sqrt(sums.gradient_weights[lane]);
  if (layer.bias) row.grad_norm_bias = std::sqrt(sums.gradient_bias[lane]);
  row.grad_rms = std::sqrt(squared / static_cast<double>(layer.parameter_count()));
  row.weight_norm = std::sqrt(sums.weights[lane]);
  if (layer.bias) row.bias_mean = sums.bias[lane] / static_cast<double>(layer.rows);
  if (!layer.hidden) return;
  std::size_t zero = 0;
  for (std::size_t u = 0; u < layer.units; ++u) {
    const std::size_t place = u * lanes_ + lane;
    zero += units_[l].zero_gradient[place] ? 1 : 0;
    if (units == nullptr) continue;
    units[u].zero_gradient = units_[l].zero_gradient[place] ? 1 : 0;
    units[u].grad_norm = std::sqrt(units_[l].gradient[place]);
    units[u].weight_norm = std::sqrt(units_[l].weights[place]);
    if (layer.bias) units[u].bias = units_[l].bias[place];
  }
  row.zero_gradient_fraction = static_cast<double>(zero) / static_cast<double>(layer.units);
}

template <class T>
double GradientProbe<T>::update_ratio(std::size_t l, std::size_t lane) const {
  const Sums& sums = layers_[l];
  return sums.weights[lane] > 0 ? std::sqrt(sums.update[lane]) / std::sqrt(sums.weights[lane]) : kMissing;
}

template <class T>
double GradientProbe<T>::grad_norm(std::size_t lane) const {
  double squared = 0;
  for (const Sums& sums : layers_)
    squared += sums.gradient_weights[lane] + sums.gradient_bias[lane] + sums.gradient_slope[lane];
  return std::sqrt(squared);
}

template <class T>
double GradientProbe<T>::weight_norm(std::size_t lane) const {
  double squared = 0;
  for (const Sums& sums : layers_) squared += sums.weights[lane];
  return std::sqrt(squared);
}

template <class T>
void squared_gradient_norm(const Network<T>& network, const T* gradient, double* sums) {
  const std::size_t lanes = network.kernels.lanes;
  std::fill_n(sums, lanes, 0.0);
  for (const LayerShape& layer : network.shape.layers) {
    network.kernels.squares->add(
        dense_lane_matrix(gradient + layer.weights * lanes, layer.rows, layer.inputs, lanes), sums);
    const std::size_t others = layer.parameter_count() - layer.weight_count();
    if (others > 0)
      network.kernels.squares->add(dense_lane_matrix(gradient + layer.biases * lanes, 1, others, lanes),
                                   sums);
  }
}

template class GradientProbe<float>;
template class GradientProbe<double>;
template void squared_gradient_norm(const Network<float>&, const float*, double*);
template void squared_gradient_norm(const Network<double>&, const double*, double*);

}  // namespace deadrelu
