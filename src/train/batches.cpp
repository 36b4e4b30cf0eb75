#include "train/batches.h"

#include <algorithm>
#include <cassert>

#include "base/processors.h"

namespace deadrelu {

template <class T>
BlockBuffer<T>::BlockBuffer(const Network<T>& network, std::size_t max_samples)
    : inputs_(network.shape.inputs()),
      outputs_(network.shape.outputs()),
      lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)),
      memory_((inputs_ + outputs_) * row_stride_) {}

template <class T>
Block<T> BlockBuffer<T>::block(std::size_t samples) const {
  T* const targets = memory_.data() + inputs_ * row_stride_;
  return {{memory_.data(), inputs_, samples, row_stride_, lanes_},
          {targets, outputs_, samples, row_stride_, lanes_}};
}

namespace {

constexpr std::size_t kAhead = 64;  // examples of a run that are looked up at once, if a batch has fewer

std::vector<std::uint64_t> seeds_of(std::span<const RunSpec* const> runs) {
  std::vector<std::uint64_t> seeds;
  for (const RunSpec* run : runs) seeds.push_back(run->seed);
  return seeds;
}

// A stream without end has batches of one size.
Sampling sampling_of(const RunSpec& run) {
  return is_endless(run.data) ? Sampling::kWithReplacement : run.train.sampling;
}

}  // namespace

template <class T>
Batches<T>::Batches(const Pack<T>& pack, std::size_t max_block)
    : kernels_(&pack.network.kernels),
      order_(*pack.network.kernels.order, seeds_of(pack.runs), sampling_of(*pack.runs[0]),
             pack.data[0]->train.samples, pack.batch_size),
      indices_(std::max(max_block, kAhead) * pack.runs.size()),
      batch_(pack.batch_size),
      inputs_(pack.network.shape.inputs()),
      buffer_(pack.network, max_block) {
  for (std::size_t lane = 0; lane < pack.runs.size(); ++lane) {
    const RunSpec& run = *pack.runs[lane];
    splits_.push_back(&pack.data[lane]->train);
    if (is_stream(run.data))
      streams_.push_back(make_stream<T>(run.data, *pack.data[lane],
                                        {run.seed, pack.batch_size, max_block, run.train.sampling}));
  }
  fetches_ahead_ = splits_[0]->inputs.size() * sizeof(T) > cache_sizes().level2 / 2;
  fixed_ = streams_.empty() && pack.batch_size == pack.data[0]->train.samples &&
           pack.runs[0]->train.sampling != Sampling::kWithReplacement && pack.batch_size <= max_block;
}

// Small batches are looked up several at a time: the permutation has enough to do at once, and what is known
// early can be fetched early.
template <class T>
const std::uint32_t* Batches<T>::find_indices(std::uint64_t step, std::size_t from, std::size_t count) {
  const std::size_t lanes = splits_.size(), batch = batch_;
  if (step >= ahead_to_ && batch * 2 <= kAhead) {
    const std::size_t batches = std::min(kAhead / batch, order_.full_batches_left(step));
    order_.fill(step, 0, batches * batch, indices_.data());
    ahead_from_ = step;
    ahead_to_ = step + batches;
  }
  if (step < ahead_from_ || step >= ahead_to_) {
    ahead_to_ = 0;
    order_.fill(step, from, count, indices_.data());
    return indices_.data();
  }
  const std::uint32_t* const found = indices_.data() + ((step - ahead_from_) * batch + from) * lanes;
  if (fetches_ahead_ && step + 1 < ahead_to_) fetch_ahead(found + batch * lanes, count * lanes);
  return found;
}

template <class T>
void Batches<T>::fetch_ahead(const std::uint32_t* indices, std::size_t count) const {
  constexpr std::size_t kLine = 64 / sizeof(T);
  const std::size_t lanes = splits_.size();
  for (std::size_t i = 0, lane = 0; i < count; ++i, lane = lane + 1 == lanes ? 0 : lane + 1) {
    const T* const example = splits_[lane]->inputs.data() + indices[i] * inputs_;
    for (std::size_t value = 0; value < inputs_; value += kLine) __builtin_prefetch(example + value);
  }
}

template <class T>
Block<T> Batches<T>::gather_block(std::uint64_t step, std::size_t from, std::size_t count) {
  assert(count > 0 && from + count <= batch_size(step));
  const Block<T> block = buffer_.block(count);
  if (fixed_ && gathered_) return block;
  if (streams_.empty()) {
    gather<T>(*kernels_, splits_, find_indices(step, from, count), block.inputs, block.targets);
  } else {
    for (std::size_t lane = 0; lane < streams_.size(); ++lane)
      streams_[lane]->fill(step, from, count, lane, block.inputs, block.targets);
  }
  gathered_ = true;
  return block;
}

template <class T>
std::size_t block_size(const Network<T>& network, std::size_t batch_size) {
  const bool is_wide = network.kernels.engine == Engine::kWide;
  // Multiples of every tile's width. The tiles stream well what lies beyond the L2 cache, those of wide (long
  // rows suit them) better than those of lanes, which have a pack's worth of everything.
  const std::size_t tile = is_wide ? 48 : 12;
  const std::size_t bytes = (is_wide ? 4 : 2) * cache_sizes().level2;
  // What training touches: a plain ReLU keeps no pre-activations, and two layers' gradients live at a time.
  std::size_t values = network.shape.inputs() + 2 * highest_row_count(network.shape);
  for (const LayerShape& layer : network.shape.layers)
    values += layer.outputs + (is_plain_relu(network) ? 0 : layer.rows);
  const std::size_t samples = bytes / (values * network.kernels.lanes * sizeof(T));
  const std::size_t most = std::clamp(samples / tile * tile, 2 * tile, 20 * tile);
  if (batch_size <= most) return most;
  const std::size_t pieces = (batch_size + most - 1) / most;
  const std::size_t piece = (batch_size + pieces - 1) / pieces;
  return (piece + tile - 1) / tile * tile;
}

#define DEADRELU_INSTANTIATE(T)  \
  template class BlockBuffer<T>; \
  template class Batches<T>;     \
  template std::size_t block_size<T>(const Network<T>&, std::size_t)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
