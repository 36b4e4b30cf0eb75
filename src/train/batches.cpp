#include "train/batches.h"

#include <algorithm>

namespace deadrelu {

template <class T>
BlockBuffer<T>::BlockBuffer(const NetworkShape& shape, std::size_t max_samples, std::size_t lanes)
    : inputs_(shape.inputs()), outputs_(shape.outputs()), lanes_(lanes), row_stride_(max_samples * lanes) {
  if (row_stride_ * sizeof(T) % 4096 == 0) row_stride_ += lanes;
  memory_ = Buffer<T>((inputs_ + outputs_) * row_stride_);
}

template <class T>
Block<T> BlockBuffer<T>::block(std::size_t samples) const {
  T* const targets = memory_.data() + inputs_ * row_stride_;
  return {{memory_.data(), inputs_, samples, row_stride_, lanes_},
          {targets, outputs_, samples, row_stride_, lanes_}};
}

template <class T>
Batches<T>::Batches(const Pack<T>& pack, std::size_t max_block)
    : indices_(max_block * pack.runs.size()), buffer_(pack.network.shape, max_block, pack.runs.size()) {
  const std::size_t samples = pack.data[0]->train.samples;
  const TrainSpec& train = pack.runs[0]->train;
  const std::size_t batch = train.batch_size == 0 ? samples : static_cast<std::size_t>(train.batch_size);
  for (std::size_t lane = 0; lane < pack.runs.size(); ++lane) {
    orders_.emplace_back(pack.runs[lane]->seed, train.sampling, samples, batch);
    splits_.push_back(&pack.data[lane]->train);
  }
  fixed_ = batch == samples && train.sampling != Sampling::kWithReplacement && batch <= max_block;
}

template <class T>
Block<T> Batches<T>::gather_block(std::uint64_t step, std::size_t from, std::size_t count) {
  const Block<T> block = buffer_.block(count);
  if (fixed_ && gathered_) return block;
  const std::size_t lanes = orders_.size();
  for (std::size_t lane = 0; lane < lanes; ++lane)
    orders_[lane].fill(step, from, count, &indices_[lane], lanes);
  gather<T>(splits_, indices_.data(), block.inputs, block.targets);
  gathered_ = true;
  return block;
}

template <class T>
std::size_t block_size(const NetworkShape& shape, std::size_t lanes) {
  constexpr std::size_t kCacheBytes = 256 * 1024;
  constexpr std::size_t kTile = 12;  // a multiple of every kernel's tile width
  std::size_t values = shape.inputs();
  for (const LayerShape& layer : shape.layers) values += 2 * layer.rows + layer.outputs;
  const std::size_t samples = kCacheBytes / (values * lanes * sizeof(T));
  return std::clamp(samples / kTile * kTile, 2 * kTile, 20 * kTile);
}

#define DEADRELU_INSTANTIATE(T)  \
  template class BlockBuffer<T>; \
  template class Batches<T>;     \
  template std::size_t block_size<T>(const NetworkShape&, std::size_t)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
