// Forward and backward pass of a pack of equally shaped networks, for one block of samples.
#pragma once

#include "base/buffer.h"
#include "base/processors.h"
#include "nn/model.h"
#include "simd/kernels.h"

namespace deadrelu {

// The numbers of a layer's activation that may differ from lane to lane, each [lane].
template <class T>
struct LaneActivation {
  LaneActivation(const ActivationSpec& spec, std::size_t lanes);  // which all lanes have
  void set(std::size_t lane, const ActivationSpec& spec);         // REQUIRES: of the same kind

  // As the kernels take them. `learned`: the slopes of prelu, null: those here.
  ActivationParameters<T> parameters(const T* learned = nullptr) const;

  Buffer<T> slope, alpha, at_zero;  // slope: rrelu's when not training, prelu's before it is learned
  Buffer<double> lower, width;      // rrelu in training: the slope is drawn from [lower, lower + width)
  // A ReLU whose derivative at zero is zero in every lane: its outputs alone tell the derivative.
  bool is_plain_relu = false;

 private:
  std::size_t pieces_;
  Formula formula_;  // expression
  ActivationPrograms programs_;
  Buffer<T> formula_numbers_;  // [number][lane], at_zero the last one
};

// The pack's networks. Parameters and gradients are flat buffers [parameter][lane], laid out as the shape
// says.
template <class T>
struct Network {
  // Every lane has the numbers of the shape's activations and normalizations, and drops nothing.
  Network(NetworkShape layers, const Kernels<T>& table);
  void set(std::size_t lane, const ModelSpec& model);  // REQUIRES: of the same shape

  NetworkShape shape;
  Kernels<T> kernels;
  std::vector<LaneActivation<T>> numbers;  // [layer]
  Buffer<T> epsilon, momentum;             // [lane], of the normalization
  Buffer<std::uint32_t> dropped;           // [lane]: model.dropout · 2¹⁶
  Buffer<T> kept;                          // [lane]: 1/(1 − model.dropout)
  std::vector<bool> frozen;                // [layer]: training takes and leaves its running statistics
};

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

// Whether the layer's product ends as a ReLU, so that training keeps no pre-activations of it.
template <class T>
bool fuses_relu(const Network<T>& network, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  return network.numbers[l].is_plain_relu && layer.hidden && !layer.normalizes(Position::kBeforeActivation);
}

// Whether it is a layer of such ReLUs with nothing between them and the next layer, or of linear outputs.
template <class T>
bool is_link(const Network<T>& network, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  return layer.is_linear_output() ||
         (fuses_relu(network, l) && !layer.normalizes(Position::kAfterActivation) && !layer.drops &&
          !layer.adds_input);
}
template <class T>
bool is_relu_chain(const Network<T>& network) {
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l)
    if (!is_link(network, l)) return false;
  return network.shape.layers.back().is_linear_output();
}

// Whether the sums of layer l's weight gradient end with SGD's step, where the kernel can and where it pays: parameters and
// gradient that stay in the L1 cache cost less than the gradient below, which has to go first, pushes out.
template <class T>
bool steps_along(const Network<T>& network, std::size_t l) {
  const LayerShape& layer = network.shape.layers[l];
  const Kernels<T>& kernels = network.kernels;
  const std::size_t bytes = network.shape.parameter_count * kernels.lanes * sizeof(T);
  return 2 * bytes > cache_sizes().level1 && layer.rows > kNarrow &&
         (kernels.engine == Engine::kLanes || layer.inputs % kernels.vector == 0);
}

// Everything that one block of samples leaves behind in the layers. Allocated once and used for every block;
// what it held before never matters.
template <class T>
class Activations {
 public:
  // REQUIRES: max_samples at least 1.
  Activations(const Network<T>& network, std::size_t max_samples);

  // Views of the first `samples` samples of layer l, the output layer included.
  // What enters the activation function, after a normalization that stands before it: [rows][sample].
  LaneMatrix<T> z(std::size_t l, std::size_t samples) const {
    return view(layers_[l].z, layers_[l].rows, samples);
  }
  // What leaves it: [outputs][sample]; a linear output layer's is its z.
  LaneMatrix<T> activated(std::size_t l, std::size_t samples) const {
    return view(layers_[l].activated, layers_[l].outputs, samples);
  }
  // What the next layer gets, after a normalization behind the activation, dropout and skip: [outputs][sample].
  LaneMatrix<T> output(std::size_t l, std::size_t samples) const {
    return view(layers_[l].output, layers_[l].outputs, samples);
  }
  // d loss / d the layer's product (its z, where no normalization stands before the activation), [rows][sample],
  // until the gradient of layer l − 2 takes its place.
  LaneMatrix<T> gradient(std::size_t l, std::size_t samples) const {
    return view(gradients_[l % 2], layers_[l].rows, samples);
  }
  // d loss / d output of the output layer, [outputs][sample]: the loss fills it for `backward`.
  LaneMatrix<T> output_gradient(std::size_t samples) const {
    const std::size_t last = layers_.size() - 1;
    return linear_output_ ? gradient(last, samples) : scratch(layers_[last].outputs, samples);
  }
  // rrelu in training, [rows][sample].
  LaneMatrix<T> drawn_slopes(std::size_t l, std::size_t samples) const {
    return view(layers_[l].slopes, layers_[l].rows, samples);
  }
  // What the layer's normalization makes of its input, before gain and shift: [normalized][sample].
  LaneMatrix<T> normalized(std::size_t l, std::size_t samples) const {
    return view(layers_[l].normalized, layers_[l].normalized_rows, samples);
  }
  // 1/√(variance + ε) of every sample, [1][sample]: layer_norm, rms_norm.
  LaneMatrix<T> scale(std::size_t l, std::size_t samples) const {
    return view(layers_[l].statistics, 1, samples);
  }
  // batch_norm: of the batch that was trained with last, and the sums of its gains' and shifts' gradients, where they
  // are not learned; [row][lane] each.
  RowStatistics<T> statistics(std::size_t l) const { return {sums(l, 0), sums(l, 1), sums(l, 2)}; }
  T* gain_sums(std::size_t l) const { return sums(l, 3); }
  T* shift_sums(std::size_t l) const { return sums(l, 4); }
  // Dropout in training: 0 or 1/(1 − p), [outputs][sample].
  LaneMatrix<T> mask(std::size_t l, std::size_t samples) const {
    return view(layers_[l].mask, layers_[l].outputs, samples);
  }
  // As high as the highest layer; what is left of it behind dropout and normalization.
  LaneMatrix<T> branch(std::size_t rows, std::size_t samples) const { return view(branch_, rows, samples); }
  // As high as the highest layer.
  LaneMatrix<T> scratch(std::size_t rows, std::size_t samples) const { return view(scratch_, rows, samples); }
  // Two or more narrow layers that the kernels pass in one call: those from layer l on, or up to it. Often empty.
  std::span<const ChainLayer<T>> chain_from(std::size_t l) const {
    return layers_[l].chain == l ? chain(l) : std::span<const ChainLayer<T>>();
  }
  std::span<const ChainLayer<T>> chain_to(std::size_t l) const {
    return layers_[l].chain_end == l + 1 ? chain(l) : std::span<const ChainLayer<T>>();
  }
  std::size_t max_samples() const { return max_samples_; }
  std::span<T> memory() const { return memory_.span(); }  // all of it, for tests that poison it

 private:
  struct LayerMemory {
    std::size_t rows, outputs, normalized_rows;
    std::size_t z, activated, output, slopes, normalized, statistics, mask;  // offsets in memory_
    std::size_t chain = 0, chain_end = 0;                                    // the layer's chain, or none
  };
  std::span<const ChainLayer<T>> chain(std::size_t l) const {
    return std::span(links_).subspan(layers_[l].chain, layers_[l].chain_end - layers_[l].chain);
  }
  void find_chains(const Network<T>& network);
  T* sums(std::size_t l, std::size_t i) const {
    const LayerMemory& layer = layers_[l];
    return memory_.data() + layer.statistics + i * layer.normalized_rows * lanes_;
  }
  LaneMatrix<T> view(std::size_t offset, std::size_t rows, std::size_t samples) const {
    assert(samples <= max_samples_);
    return {memory_.data() + offset, rows, samples, row_stride_, lanes_};
  }

  std::vector<LayerMemory> layers_;
  std::vector<ChainLayer<T>> links_;  // [layer]; of chains
  bool linear_output_;
  std::size_t max_samples_, lanes_, row_stride_, gradients_[2] = {}, scratch_ = 0, branch_ = 0;
  mutable Buffer<T> memory_;
};

enum class Mode {
  kEvaluate,
  kTrain,  // rrelu takes the slopes that the caller has put into drawn_slopes, dropout the mask; batch_norm normalizes
           // with the block, which is the whole batch
};

// Fills z and output of every layer from the input [inputs][sample]. Training fills no z where fuses_relu:
// `backward` reads the outputs. layers: only the first so many.
template <class T>
void forward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
             const Activations<T>& activations, std::size_t layers = static_cast<std::size_t>(-1));

// Reads output_gradient, which the loss has filled, fills the layers' gradients, and adds up the parameters'
// gradients over the samples, ascending: `first` starts at 0, later blocks of a batch go on.
// Learned slopes are summed in slope_sums [layer][highest layer's rows][lane] until finish_gradient.
// With a step (of all parameters, where `parameters` may lie) the weights of the layers that `steps_along` names take it,
// in place of leaving a gradient.
template <class T>
void backward(const Network<T>& network, const T* parameters, LaneMatrix<const T> input, Mode mode,
              bool first, const Activations<T>& activations, T* gradient, T* slope_sums,
              const SgdStep<T>* step = nullptr);

// After the batch's last block: the gradients of the learned slopes, and 0 for what is not trained.
template <class T>
void finish_gradient(const Network<T>& network, const T* slope_sums, T* gradient);

// Moves the running statistics of batch_norm, but for frozen layers, towards those of the batch of `samples` examples
// that `activations` was trained with last: r + momentum·(s − r), where s is the mean, or variance·samples/(samples −
// 1). REQUIRES: at least two samples.
template <class T>
void update_statistics(const Network<T>& network, const Activations<T>& activations, std::size_t samples,
                       T* parameters);

// Rows of the highest layer: the pitch of slope_sums.
std::size_t highest_row_count(const NetworkShape& shape);

// The numbers of layer l's activation as the kernels take them; a learned slope is read from `parameters`.
template <class T>
ActivationParameters<T> layer_activation(const Network<T>& network, const T* parameters, std::size_t l);

// One lane's parameters, out of the pack.
template <class T>
ParameterSet lane_parameters(const NetworkShape& shape, const T* parameters, std::size_t lanes,
                             std::size_t lane);

}  // namespace deadrelu
