#include <cmath>

#include "nn/network.h"

namespace deadrelu {
namespace {

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l,
                                         Mode mode, const Activations<T>& activations, std::size_t samples) {
  auto numbers = layer_activation(network, parameters, l);
  if (mode == Mode::kTrain && network.shape.layers[l].activation.kind == Activation::kRrelu)
    numbers.drawn_slopes = activations.drawn_slopes(l, samples);
  return numbers;
}

// Where a normalization's numbers lie for one layer.
template <class T>
NormalizationNumbers<T> normalization_numbers(const Network<T>& network, const T* parameters, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  return {network.epsilon.data(), block_data(network, parameters, layer[BlockKind::kGain]),
          block_data(network, parameters, layer[BlockKind::kShift])};
}

template <class T>
bool takes_batch(const Network<T>& network, std::size_t l, Mode mode) {
  return mode == Mode::kTrain && !network.frozen[l] && network.shape.layers[l].couples_samples();
}

// y = normalized x; x may be the view `normalized`.
template <class T>
void normalize(const Network<T>& network, const T* parameters, std::size_t l, Mode mode,
               const Activations<T>& activations, LaneMatrix<const T> x, LaneMatrix<T> y) {
  const LayerShape& layer = network.shape.layers[l];
  const NormalizationKernels<T>& kernels = *network.kernels.normalization;
  const auto numbers = normalization_numbers(network, parameters, l);
  const LaneMatrix<T> n = activations.normalized(l, x.columns);
  if (!layer.couples_samples())
    return kernels.over_rows(layer.normalization.kind == Normalization::kLayerNorm, numbers, x, n,
                             activations.scale(l, x.columns), y);
  const RowStatistics<T> statistics = activations.statistics(l);
  if (takes_batch(network, l, mode)) {
    kernels.measure_rows(x, numbers.epsilon, statistics);
    return kernels.by_rows(numbers, statistics.mean, statistics.scale, x, n, y);
  }
  const T* const variance = block_data(network, parameters, layer[BlockKind::kRunningVariance]);
  const std::size_t lanes = network.kernels.lanes;
  for (std::size_t i = 0; i < x.rows * lanes; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      statistics.scale[i + lane] = T{1} / std::sqrt(variance[i + lane] + network.epsilon[lane]);
  kernels.by_rows(numbers, block_data(network, parameters, layer[BlockKind::kRunningMean]), statistics.scale,
                  x, n, y);
}

// From what leaves the activation function to what the next layer gets: normalization, dropout, skip.
template <class T>
void pass_on(const Network<T>& network, const T* parameters, std::size_t l, Mode mode,
             const Activations<T>& activations, LaneMatrix<const T> input) {
  const LayerShape& layer = network.shape.layers[l];
  const std::size_t samples = input.columns;
  LaneMatrix<T> from = activations.activated(l, samples);
  const LaneMatrix<T> to = activations.output(l, samples);
  if (layer.normalizes(Position::kAfterActivation)) {
    normalize<T>(network, parameters, l, mode, activations, from, to);
    from = to;
  }
  const bool drops = layer.drops && mode == Mode::kTrain;
  if (from.data == to.data && !drops && !layer.adds_input) return;
  network.kernels.normalization->join(from, drops ? activations.mask(l, samples) : LaneMatrix<T>{},
                                      layer.adds_input ? input : LaneMatrix<const T>{}, to);
}

// What a pass back reads and adds to.
template <class T>
struct PassBack {
  const Network<T>& network;
  const T* parameters;
  std::size_t samples;
  Mode mode;
  bool first;  // block of the batch
  const Activations<T>& activations;
  T *gradient, *slope_sums;

  // From d loss / d what the normalization puts out to d loss / d its input, and its gains' and shifts' gradients.
  // dx may be dy.
  void normalization(std::size_t l, LaneMatrix<const T> dy, LaneMatrix<T> dx) const {
    const LayerShape& layer = network.shape.layers[l];
    const NormalizationKernels<T>& kernels = *network.kernels.normalization;
    const LaneMatrix<const T> n = activations.normalized(l, samples);
    const T* const gain = normalization_numbers(network, parameters, l).gain;
    T* gain_sum = block_data(network, gradient, layer[BlockKind::kGain]);
    T* shift_sum = block_data(network, gradient, layer[BlockKind::kShift]);
    const bool by_batch = takes_batch(network, l, mode);
    if (by_batch && gain_sum == nullptr) {
      gain_sum = activations.gain_sums(l);
      shift_sum = activations.shift_sums(l);
    }
    if (gain_sum != nullptr) {
      const std::size_t count = layer.normalized() * network.kernels.lanes;
      if (first) std::fill_n(gain_sum, count, T{0});
      if (first && shift_sum != nullptr) std::fill_n(shift_sum, count, T{0});
      kernels.add_sums(n, dy, gain_sum, shift_sum);
    }
    if (layer.couples_samples())
      kernels.by_rows_backward(gain, activations.statistics(l).scale, by_batch ? gain_sum : nullptr,
                               by_batch ? shift_sum : nullptr, n, dy, dx);
    else
      kernels.over_rows_backward(layer.normalization.kind == Normalization::kLayerNorm, gain, n,
                                 activations.scale(l, samples), dy, dx);
  }

  // From d loss / d the layer's outputs, in scratch and left there, to d loss / d its product.
  void layer(std::size_t l) const {
    const LayerShape& shape = network.shape.layers[l];
    LaneMatrix<T> above = activations.scratch(shape.outputs, samples);
    const LaneMatrix<T> branch = activations.branch(shape.outputs, samples);
    if (shape.drops && mode == Mode::kTrain) {
      network.kernels.normalization->join(above, activations.mask(l, samples), {}, branch);
      above = branch;
    }
    if (shape.normalizes(Position::kAfterActivation)) {
      normalization(l, above, branch);
      above = branch;
    }
    const LaneMatrix<T> below = activations.gradient(l, samples);
    // A ReLU's own outputs tell its slope, too.
    const LaneMatrix<const T> z =
        fuses_relu(network, l) ? activations.activated(l, samples) : activations.z(l, samples);
    network.kernels.activation->backward(shape.activation.kind,
                                         layer_activation(network, parameters, l, mode, activations, samples),
                                         z, above, below);
    if (shape.has(BlockKind::kSlope)) add_slopes(l, above);
    if (shape.normalizes(Position::kBeforeActivation)) normalization(l, below, below);
  }

  void add_slopes(std::size_t l, LaneMatrix<const T> gradient_output) const {
    const std::size_t pitch = highest_row_count(network.shape) * network.kernels.lanes;
    T* const sums = slope_sums + l * pitch;
    if (first) std::fill_n(sums, pitch, T{0});
    network.kernels.activation->slope_gradient(activations.z(l, samples), gradient_output, sums);
  }

  // Whether the product with layer l + 1's weights may end with the slope of layer l: its outputs, of ReLUs that
  // nothing follows but dropout, tell which ones fire and are kept.
  bool ends_with_relu(std::size_t l) const {
    const LayerShape &layer = network.shape.layers[l], &next = network.shape.layers[l + 1];
    return fuses_relu(network, l) && !layer.normalizes(Position::kAfterActivation) && !layer.adds_input &&
           !next.adds_input;
  }

  template <bool kSteps>
  void all(LaneMatrix<const T> input, const SgdStep<T>* step) const {
    const DenseKernels<T>& dense = *network.kernels.dense;
    const ProductStart start = first ? ProductStart::kZero : ProductStart::kAccumulate;
    const std::size_t last = network.shape.layers.size() - 1;
    if (!network.shape.layers[last].is_linear_output()) layer(last);
    for (std::size_t l = last + 1; l-- > 0;) {
      if (const auto chain = activations.chain_to(l); !chain.empty()) {
        l -= chain.size() - 1;
        const LaneMatrix<const T> x = l == 0 ? input : activations.output(l - 1, samples);
        dense.chain_backward(chain, parameters, x, start, gradient,
                             l == 0 ? LaneMatrix<T>{} : activations.gradient(l - 1, samples));
        if (l == 0) return;
        continue;
      }
      const LaneMatrix<T> weights = weights_of(network, gradient, l);
      T* const biases = block_data(network, gradient, network.shape.layers[l][BlockKind::kBias]);
      const LaneMatrix<const T> dz = activations.gradient(l, samples);
      const bool steps = kSteps && steps_along(network, l);
      const auto sum_up = [&](LaneMatrix<const T> x) {
        if (!steps) return dense.weight_gradient(dz, x, start, weights, biases);
        dense.weight_step(dz, x, start, weights, biases,
                          {weights_of(network, step->parameters, l).data, step->rate, step->poison});
      };
      if (l == 0) return sum_up(input);
      const LaneMatrix<const T> x = activations.output(l - 1, samples);
      const LaneMatrix<const T> transposed = weights_of(network, parameters, l).transposed();
      // The gradient below takes the weights before their step. Else it comes last, and stays in the cache.
      if (ends_with_relu(l - 1)) {
        const LaneMatrix<T> below = activations.gradient(l - 1, samples);
        if (!steps) dense.relu_backward(transposed, dz, x, start, weights, biases, below);
        if (steps) dense.relu_gradient(transposed, dz, x, below);
        if (steps) sum_up(x);
        if (network.shape.layers[l - 1].drops && mode == Mode::kTrain)
          network.kernels.normalization->join(below, activations.mask(l - 1, samples), {}, below);
      } else {
        if (!steps) sum_up(x);
        // What a skip passes by the layer is there already.
        dense.multiply(transposed, dz,
                       network.shape.layers[l].adds_input ? ProductStart::kAccumulate : ProductStart::kZero,
                       nullptr, activations.scratch(network.shape.layers[l - 1].outputs, samples));
        if (steps) sum_up(x);
        layer(l - 1);
      }
    }
  }
};

}  // namespace

template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l) {
  const ParameterBlock& slope = network.shape.layers[l][BlockKind::kSlope];
  return network.numbers[l].parameters(block_data(network, parameters, slope));
}

template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations, std::size_t layers) {
  assert(input.rows == network.shape.inputs());
  const std::size_t samples = input.columns;
  for (std::size_t l = 0; l < std::min(layers, network.shape.layers.size()); ++l) {
    const auto chain = activations.chain_from(l);
    if (mode == Mode::kTrain && !chain.empty() && chain.size() <= layers - l) {
      network.kernels.dense->chain_forward(chain, parameters, input);
      l += chain.size() - 1;
      input = activations.output(l, samples);
      continue;
    }
    const LayerShape& layer = network.shape.layers[l];
    const LaneMatrix<const T> weights = weights_of(network, parameters, l);
    const T* const bias = block_data(network, parameters, layer[BlockKind::kBias]);
    const LaneMatrix<T> z = activations.z(l, samples), activated = activations.activated(l, samples),
                        output = activations.output(l, samples);
    if (fuses_relu(network, l)) {
      network.kernels.dense->relu_layer(weights, input, bias, activated,
                                        mode == Mode::kTrain ? LaneMatrix<T>{} : z);
    } else {
      const bool normalizes = layer.normalizes(Position::kBeforeActivation);
      const LaneMatrix<T> product = normalizes ? activations.normalized(l, samples) : z;
      network.kernels.dense->multiply(
          weights, input, bias != nullptr ? ProductStart::kBias : ProductStart::kZero, bias, product);
      if (normalizes) normalize<T>(network, parameters, l, mode, activations, product, z);
      if (layer.is_linear_output()) return;
      network.kernels.activation->forward(
          layer.activation.kind, layer_activation(network, parameters, l, mode, activations, samples), z,
          activated);
    }
    if (output.data != activated.data) pass_on<T>(network, parameters, l, mode, activations, input);
    input = output;
  }
}

template <class T>
void backward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
              bool first, const Activations<T>& activations, T* gradient, T* slope_sums,
              const SgdStep<T>* step) {
  assert(input.rows == network.shape.inputs());
  const PassBack<T> pass_back{network, parameters,  input.columns, mode,
                              first,   activations, gradient,      slope_sums};
  step == nullptr ? pass_back.template all<false>(input, step) : pass_back.template all<true>(input, step);
}

template <class T>
void finish_gradient(const Network<T>& network, const T* slope_sums, T* gradient) {
  const std::size_t lanes = network.kernels.lanes;
  const std::size_t pitch = highest_row_count(network.shape) * lanes;
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    for (std::size_t k = 0; layer.couples_samples() && k < kBlockKinds.size(); ++k)
      if (const ParameterBlock& block = layer.blocks[k]; !block.info().trained)
        std::fill_n(gradient + block.offset * lanes, block.size() * lanes, T{0});
    T* const slope = block_data(network, gradient, layer[BlockKind::kSlope]);
    if (slope == nullptr) continue;
    std::fill_n(slope, lanes, T{0});
    network.kernels.dense->add_row_sums(dense_lane_matrix(slope_sums + l * pitch, 1, layer.rows, lanes),
                                        slope);
  }
}

template <class T>
void update_statistics(const Network<T>& network, const Activations<T>& activations, std::size_t samples,
                       T* parameters) {
  const std::size_t lanes = network.kernels.lanes;
  const auto unbiased = static_cast<T>(static_cast<double>(samples) / static_cast<double>(samples - 1));
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    if (!takes_batch(network, l, Mode::kTrain)) continue;
    assert(samples > 1);
    const auto move = [&](BlockKind kind, const T* to, T factor) {
      T* const running = block_data(network, parameters, layer[kind]);
      for (std::size_t i = 0; i < layer[kind].size() * lanes; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane)
          running[i + lane] =
              std::fma(network.momentum[lane], to[i + lane] * factor - running[i + lane], running[i + lane]);
    };
    move(BlockKind::kRunningMean, activations.statistics(l).mean, T{1});
    move(BlockKind::kRunningVariance, activations.statistics(l).variance, unbiased);
  }
}

#define DEADRELU_INSTANTIATE(T)                                                                        \
  template ActivationParameters<T> layer_activation(const Network<T>&, const T*, std::size_t);         \
  template void forward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, const Activations<T>&, \
                        std::size_t);                                                                  \
  template void backward(const Network<T>&, const T*, LaneMatrix<const T>, Mode, bool,                 \
                         const Activations<T>&, T*, T*, const SgdStep<T>*);                            \
  template void finish_gradient(const Network<T>&, const T*, T*);                                      \
  template void update_statistics(const Network<T>&, const Activations<T>&, std::size_t, T*)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
