#include "data/order.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace deadrelu {
namespace {

std::uint32_t feistel(const FeistelShape& shape, const Permutation::Keys& keys, std::uint32_t value) {
  std::uint32_t high = value >> shape.low_bits;
  std::uint32_t low = value & ((std::uint32_t{1} << shape.low_bits) - 1);
  for (std::size_t r = 0; r < keys.size(); r += 4) {
    high ^= (keys[r] * low + keys[r + 1]) >> (32 - shape.high_bits);
    low ^= (keys[r + 2] * high + keys[r + 3]) >> (32 - shape.low_bits);
  }
  return high << shape.low_bits | low;
}

// Fisher–Yates: values becomes a uniformly random order of 0 … size−1.
template <std::size_t n>
void shuffle(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t first_block,
             std::uint32_t size, std::array<std::uint32_t, n>& values) {
  for (std::uint32_t i = 0; i < size; ++i) values[i] = i;
  std::array<std::uint32_t, 4> words{};
  for (std::uint32_t i = 0; i + 1 < size; ++i) {
    if (i % 4 == 0) words = random_block(seed, purpose, stream, first_block + i / 4);
    const std::uint64_t left = size - i;
    std::swap(values[i], values[i + (words[i % 4] * left >> 32)]);
  }
}

}  // namespace

Permutation::Permutation(std::uint64_t seed, Purpose purpose, std::uint64_t stream, std::size_t size) {
  assert(size >= 1 && size <= std::size_t{1} << 31);
  const auto last = static_cast<std::uint32_t>(size - 1);
  const auto bits = static_cast<std::uint32_t>(std::bit_width(last));
  shape_ = {last + 1, bits / 2, bits - bits / 2};
  constexpr std::size_t kBlocks = kFeistelRounds / 2;  // of four words: two rounds' keys
  const auto low_stream = static_cast<std::uint32_t>(stream);
  const std::uint64_t first_block = (stream >> 32) * kBlocks;
  if (is_shuffled()) {
    shuffle(seed, purpose, low_stream, first_block, shape_.size, keys_);
    return;
  }
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const auto words = random_block(seed, purpose, low_stream, first_block + b);
    std::ranges::copy(words, keys_.begin() + static_cast<std::ptrdiff_t>(4 * b));
  }
}

std::uint32_t Permutation::operator()(std::uint32_t position) const {
  assert(position < shape_.size);
  if (is_shuffled()) return keys_[position];
  std::uint32_t value = position;
  do {
    value = feistel(shape_, keys_, value);
  } while (value >= shape_.size);
  return value;
}

std::size_t batches_per_epoch(std::size_t samples, std::size_t batch_size) {
  return (samples - 1) / batch_size + 1;
}

BatchOrder::BatchOrder(const OrderKernels& kernels, std::vector<std::uint64_t> seeds, Sampling sampling,
                       std::size_t samples, std::size_t batch_size)
    : kernels_(&kernels),
      seeds_(std::move(seeds)),
      sampling_(sampling == Sampling::kEpoch && batch_size == samples ? Sampling::kSequential : sampling),
      samples_(samples),
      batch_size_(batch_size),
      batches_(deadrelu::batches_per_epoch(samples, batch_size)),
      keys_(std::tuple_size_v<Permutation::Keys> * seeds_.size()) {
  assert(batch_size >= 1 && batch_size <= samples);
  if (sampling_ == Sampling::kEpoch) begin_epoch(0);
}

std::size_t BatchOrder::batches_per_epoch() const { return batches_; }

std::size_t BatchOrder::batch_size(std::uint64_t step) const {
  if (sampling_ == Sampling::kWithReplacement) return batch_size_;
  return std::min(batch_size_, samples_ - step % batches_ * batch_size_);
}

std::size_t BatchOrder::full_batches_left(std::uint64_t step) const {
  return samples_ / batch_size_ - std::min<std::size_t>(step % batches_, samples_ / batch_size_);
}

void BatchOrder::begin_epoch(std::uint64_t epoch) {
  epoch_ = epoch;
  for (std::size_t lane = 0; lane < seeds_.size(); ++lane) {
    const Permutation permutation(seeds_[lane], Purpose::kOrder, epoch, samples_);
    shape_ = permutation.shape();
    is_shuffled_ = permutation.is_shuffled();
    const Permutation::Keys& keys = permutation.keys();
    for (std::size_t i = 0; i < keys.size(); ++i) keys_[i * seeds_.size() + lane] = keys[i];
  }
}

void BatchOrder::fill(std::uint64_t step, std::size_t from, std::size_t count, std::uint32_t* indices) {
  assert(sampling_ == Sampling::kWithReplacement || step % batches_ * batch_size_ + from + count <= samples_);
  if (sampling_ == Sampling::kWithReplacement)
    return kernels_->draw({seeds_.data(), Purpose::kReplacement, 0, step * batch_size_ + from, 1},
                          static_cast<std::uint32_t>(samples_), count, indices);
  const std::size_t lanes = seeds_.size();
  const auto position = static_cast<std::uint32_t>(step % batches_ * batch_size_ + from);
  if (sampling_ == Sampling::kSequential) {
    for (std::size_t j = 0; j < count; ++j)
      std::fill_n(indices + j * lanes, lanes, position + static_cast<std::uint32_t>(j));
    return;
  }
  if (const std::uint64_t epoch = step / batches_; epoch != epoch_) begin_epoch(epoch);
  if (is_shuffled_) {
    std::copy_n(keys_.data() + position * lanes, count * lanes, indices);
  } else {
    kernels_->permute(shape_, keys_.data(), position, count, indices);
  }
}

}  // namespace deadrelu
