#include "probe/gradient_probe.h"

namespace deadrelu {
namespace {

// Σ of squares of some rows of a block, [lane], overwritten.
template <class T>
void squares(const Network<T>& network, const T* buffer, const ParameterBlock& block, std::size_t first_row,
             std::size_t rows, double* sums) {
  const std::size_t lanes = network.kernels.lanes;
  std::fill_n(sums, lanes, 0.0);
  if (block.size() == 0) return;
  const T* const first = buffer + (block.offset + first_row * block.columns) * lanes;
  const bool is_matrix = block.form() == BlockForm::kMatrix;  // else one sum, as a row's
  network.kernels.squares->add(is_matrix ? dense_lane_matrix(first, rows, block.columns, lanes)
                                         : dense_lane_matrix(first, 1, rows, lanes),
                               sums);
}

}  // namespace

template <class T>
GradientProbe<T>::GradientProbe(const Network<T>& network)
    : lanes_(network.kernels.lanes), zero_entries_(lanes_) {
  for (const LayerShape& layer : network.shape.layers) {
    LayerSums sums;
    for (auto* of : {&sums.weights, &sums.bias, &sums.update}) *of = Buffer<double>(lanes_);
    for (auto& of : sums.gradient) of = Buffer<double>(lanes_);
    layers_.push_back(std::move(sums));
    const auto of_units = [&] { return Buffer<double>(layer.units * lanes_); };
    units_.push_back({of_units(), of_units(), of_units(), Buffer<T>(layer.units * lanes_)});
  }
}

template <class T>
void GradientProbe<T>::measure(const Network<T>& network, const T* parameters, const T* gradient) {
  measure_zeros(network, gradient);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const ParameterBlock &weights = layer[BlockKind::kWeights], &bias = layer[BlockKind::kBias];
    LayerSums& sums = layers_[l];
    squares(network, parameters, weights, 0, weights.rows, sums.weights.data());
    for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
      squares(network, gradient, layer.blocks[k], 0, layer.blocks[k].rows, sums.gradient[k].data());
    std::fill_n(sums.bias.data(), lanes_, 0.0);
    for (std::size_t i = 0; i < bias.size(); ++i)
      for (std::size_t lane = 0; lane < lanes_; ++lane)
        sums.bias[lane] += static_cast<double>(parameters[(bias.offset + i) * lanes_ + lane]);
    if (layer.hidden) measure_units(network, l, parameters, gradient);
  }
}

template <class T>
void GradientProbe<T>::measure_zeros(const Network<T>& network, const T* gradient) {
  const std::size_t count = network.shape.parameter_count;
  std::fill_n(zero_entries_.data(), lanes_, 0.0);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t lane = 0; lane < lanes_; ++lane)
      zero_entries_[lane] += gradient[i * lanes_ + lane] == T{0};
  for (double& share : zero_entries_.span()) share /= static_cast<double>(count);
}

template <class T>
void GradientProbe<T>::measure_units(const Network<T>& network, std::size_t l, const T* parameters,
                                     const T* gradient) {
  const LayerShape& layer = network.shape.layers[l];
  const ParameterBlock &weights = layer[BlockKind::kWeights], &bias = layer[BlockKind::kBias];
  RowSums& sums = units_[l];
  const std::size_t pieces = layer.rows / layer.units;
  for (std::size_t u = 0; u < layer.units; ++u) {
    squares(network, parameters, weights, u * pieces, pieces, sums.weights.data() + u * lanes_);
    squares(network, gradient, weights, u * pieces, pieces, sums.gradient.data() + u * lanes_);
  }
  std::fill_n(sums.magnitude.data(), sums.magnitude.size(), T{0});
  for (const ParameterBlock& block : layer.blocks) {
    if (block.size() == 0 || block.form() == BlockForm::kNumber || !block.info().trained) continue;
    // Behind the activation, crelu's units have a number in either half.
    const bool apart = block.info().normalization && layer.normalizes(Position::kAfterActivation);
    const std::size_t of_unit = block.size() / layer.units;
    const LaneMatrix<const T> of_units{gradient + block.offset * lanes_, layer.units, of_unit,
                                       apart ? lanes_ : of_unit * lanes_,
                                       apart ? layer.units * lanes_ : lanes_};
    network.kernels.magnitudes->add(of_units, nullptr, sums.magnitude.data());
    for (std::size_t u = 0; u < layer.units && block.form() == BlockForm::kList; ++u)
      for (std::size_t i = 0; i < of_unit; ++i)
        for (std::size_t lane = 0; lane < lanes_; ++lane) {
          const auto g = static_cast<double>(of_units.at(u, i)[lane]);
          sums.gradient[u * lanes_ + lane] += g * g;
        }
  }
  for (std::size_t u = 0; u < layer.units; ++u) {
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      double sum = 0;
      for (std::size_t p = 0; bias.size() > 0 && p < pieces; ++p)
        sum += static_cast<double>(parameters[(bias.offset + u * pieces + p) * lanes_ + lane]) /
               static_cast<double>(pieces);
      sums.bias[u * lanes_ + lane] = sum;
    }
  }
}

template <class T>
void GradientProbe<T>::measure_update(const Network<T>& network, const T* before, const T* after) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const ParameterBlock& block = network.shape.layers[l][BlockKind::kWeights];
    const auto weights = [&](const T* buffer) {
      return dense_lane_matrix(buffer + block.offset * lanes_, block.rows, block.columns, lanes_);
    };
    std::fill_n(layers_[l].update.data(), lanes_, 0.0);
    network.kernels.squares->add_differences(weights(after), weights(before), layers_[l].update.data());
  }
}

template <class T>
void GradientProbe<T>::describe(const Network<T>& network, std::size_t l, std::size_t lane, LayerRow& row,
                                UnitRow* units) const {
  const LayerShape& layer = network.shape.layers[l];
  const LayerSums& sums = layers_[l];
  assert(l < layers_.size() && lane < lanes_);
  const bool has_bias = layer.has(BlockKind::kBias);
  const double squared = sums.squared_gradient(lane);
  row.grad_norm = std::sqrt(squared);
  row.grad_norm_weights = std::sqrt(sums.gradient[static_cast<std::size_t>(BlockKind::kWeights)][lane]);
  if (has_bias)
    row.grad_norm_bias = std::sqrt(sums.gradient[static_cast<std::size_t>(BlockKind::kBias)][lane]);
  row.grad_rms = std::sqrt(squared / static_cast<double>(layer.trained_count()));
  row.weight_norm = std::sqrt(sums.weights[lane]);
  if (has_bias) row.bias_mean = sums.bias[lane] / static_cast<double>(layer.rows);
  if (!layer.hidden) return;
  std::size_t zero = 0;
  for (std::size_t u = 0; u < layer.units; ++u) {
    const std::size_t i = u * lanes_ + lane;
    zero += units_[l].magnitude[i] == 0 ? 1 : 0;
    if (units == nullptr) continue;
    units[u].zero_gradient = units_[l].magnitude[i] == 0 ? 1 : 0;
    units[u].grad_norm = std::sqrt(units_[l].gradient[i]);
    units[u].weight_norm = std::sqrt(units_[l].weights[i]);
    if (has_bias) units[u].bias = units_[l].bias[i];
  }
  row.zero_gradient_fraction = static_cast<double>(zero) / static_cast<double>(layer.units);
}

template <class T>
double GradientProbe<T>::grad_norm(std::size_t lane) const {
  double squared = 0;
  for (const LayerSums& sums : layers_) squared += sums.squared_gradient(lane);
  return std::sqrt(squared);
}

template <class T>
double GradientProbe<T>::weight_norm(std::size_t lane) const {
  double squared = 0;
  for (const LayerSums& sums : layers_) squared += sums.weights[lane];
  return std::sqrt(squared);
}

template <class T>
void squared_gradient_norm(const Network<T>& network, const T* gradient, double* sums) {
  const std::size_t lanes = network.kernels.lanes;
  std::fill_n(sums, lanes, 0.0);
  for (const LayerShape& layer : network.shape.layers) {
    const ParameterBlock& weights = layer[BlockKind::kWeights];
    const T* const first = gradient + weights.offset * lanes;
    network.kernels.squares->add(dense_lane_matrix(first, weights.rows, weights.columns, lanes), sums);
    const std::size_t others = layer.trained_count() - weights.size();  // they follow the weights
    if (others > 0)
      network.kernels.squares->add(dense_lane_matrix(first + weights.size() * lanes, 1, others, lanes), sums);
  }
}

template class GradientProbe<float>;
template class GradientProbe<double>;
template void squared_gradient_norm(const Network<float>&, const float*, double*);
template void squared_gradient_norm(const Network<double>&, const double*, double*);

}  // namespace deadrelu
