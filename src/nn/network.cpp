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
Network<T>::Network(NetworkShape layers, const Kernels<T>& table)
    : shape(std::move(layers)),
      kernels(table),
      epsilon(kernels.lanes),
      momentum(kernels.lanes),
      dropped(kernels.lanes),
      kept(kernels.lanes),
      frozen(shape.layers.size()) {
  ModelSpec model;
  model.normalization = shape.layers.front().normalization;
  for (std::size_t lane = 0; lane < kernels.lanes; ++lane) set(lane, model);  // no activations are there yet
  for (const LayerShape& layer : shape.layers) numbers.emplace_back(layer.activation, kernels.lanes);
}

template <class T>
void Network<T>::set(std::size_t lane, const ModelSpec& model) {
  epsilon[lane] = static_cast<T>(model.normalization.epsilon);
  momentum[lane] = static_cast<T>(model.normalization.momentum);
  dropped[lane] = static_cast<std::uint32_t>(model.dropout * 0x1p16 + 0.5);
  kept[lane] = static_cast<T>(1 / (1 - model.dropout));
  for (std::size_t l = 0; l < numbers.size(); ++l) numbers[l].set(lane, model.activation_of(l));
}

constexpr std::size_t kRowSums = 5;  // of batch_norm: statistics, gain_sums, shift_sums

template <class T>
Activations<T>::Activations(const Network<T>& network, std::size_t max_samples)
    : linear_output_(network.shape.layers.back().is_linear_output()),
      max_samples_(max_samples),
      lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)) {
  std::size_t size = 0;
  const auto reserve = [&](std::size_t rows) { return std::exchange(size, size + rows * row_stride_); };
  std::size_t highest = 0;
  bool branches = false;
  for (const LayerShape& layer : network.shape.layers) {
    LayerMemory memory{layer.rows, layer.outputs, layer.normalized(), reserve(layer.rows), 0, 0, 0, 0, 0, 0};
    memory.activated = memory.output = layer.is_linear_output() ? memory.z : reserve(layer.outputs);
    if (layer.activation.kind == Activation::kRrelu) memory.slopes = reserve(layer.rows);
    const bool normalizes_after = layer.normalizes(Position::kAfterActivation);
    if (normalizes_after || layer.drops || layer.adds_input) memory.output = reserve(layer.outputs);
    if (layer.drops) memory.mask = reserve(layer.outputs);
    branches |= normalizes_after || layer.drops;
    if (layer.normalization.kind != Normalization::kNone) {
      memory.normalized = reserve(layer.normalized());
      const std::size_t sums = kRowSums * layer.normalized() * lanes_;
      memory.statistics = reserve(layer.couples_samples() ? (sums + row_stride_ - 1) / row_stride_ : 1);
    }
    layers_.push_back(memory);
    highest = std::max({highest, layer.rows, layer.outputs});
  }
  for (std::size_t& gradient : gradients_) gradient = reserve(highest);
  scratch_ = reserve(highest);
  if (branches) branch_ = reserve(highest);
  memory_ = Buffer<T>(size);
  if (network.kernels.dense->chain_backward != nullptr) find_chains(network);
}

template <class T>
void Activations<T>::find_chains(const Network<T>& network) {
  const auto& shapes = network.shape.layers;
  for (std::size_t l = 0, begin = 0; l < shapes.size(); ++l) {
    const LayerShape& layer = shapes[l];
    const auto place = [&](BlockKind kind) {
      return layer.has(kind) ? layer[kind].offset * lanes_ : kNoBiases;
    };
    links_.push_back({layer.rows, layer.inputs, place(BlockKind::kWeights), place(BlockKind::kBias),
                      output(l, 1).data, gradient(l, 1).data, row_stride_, layer.hidden});
    if (std::max(layer.rows, layer.inputs) > kNarrow || !is_link(network, l) ||
        (l > 0 && !is_link(network, l - 1)))
      begin = l + 1;
    for (std::size_t i = begin; begin < l && i <= l; ++i)
      layers_[i].chain = begin, layers_[i].chain_end = l + 1;
  }
}

template <class T>
ParameterSet lane_parameters(const NetworkShape& shape, const T* parameters, std::size_t lanes,
                             std::size_t lane) {
  ParameterSet set;
  for (const LayerShape& layer : shape.layers) {
    LayerParameters one{layer.rows, layer.inputs, {}};
    for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
      const T* const values = parameters + layer.blocks[k].offset * lanes + lane;
      for (std::size_t i = 0; i < layer.blocks[k].size(); ++i)
        one.blocks[k].push_back(static_cast<double>(values[i * lanes]));
    }
    set.layers.push_back(std::move(one));
  }
  return set;
}

template struct LaneActivation<float>;
template struct LaneActivation<double>;
template struct Network<float>;
template struct Network<double>;
template class Activations<float>;
template class Activations<double>;
template ParameterSet lane_parameters(const NetworkShape&, const float*, std::size_t, std::size_t);
template ParameterSet lane_parameters(const NetworkShape&, const double*, std::size_t, std::size_t);

}  // namespace deadrelu
