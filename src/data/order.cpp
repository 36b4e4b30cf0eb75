#include "data/order.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace deadrelu {
namespace {

constexpr std::size_t kBlock = 64;  // positions that walk together
constexpr std::size_t kVector =
    32;  // values per call of the rounds: loops that the compiler turns into vectors

// Sends n values of low_bits + high_bits bits through the rounds. keys: multiplier and offset of each round.
template <std::size_t n, std::size_t keys_size>
void feistel(const std::array<std::uint32_t, keys_size>& keys, std::uint32_t high_bits,
             std::uint32_t low_bits, std::uint32_t* values) {
  std::uint32_t high[n], low[n];
  const std::uint32_t low_mask = (std::uint32_t{1} << low_bits) - 1;
  for (std::size_t j = 0; j < n; ++j) {
    high[j] = values[j] >> low_bits;
    low[j] = values[j] & low_mask;
  }
  for (std::size_t r = 0; r < keys_size; r += 4) {
    for (std::size_t j = 0; j < n; ++j) high[j] ^= (keys[r] * low[j] + keys[r + 1]) >> (32 - high_bits);
    for (std::size_t j = 0; j < n; ++j) low[j] ^= (keys[r + 2] * high[j] + keys[r + 3]) >> (32 - low_bits);
  }
  for (std::size_t j = 0; j < n; ++j) values[j] = high[j] << low_bits | low[j];
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

Permutation::Permutation(std::uint64_t seed, Purpose purpose, std::uint64_t stream, std::size_t size)
    : size_(static_cast<std::uint32_t>(size)) {
  assert(size >= 1 && size <= std::size_t{1} << 31);
  const auto bits = static_cast<std::uint32_t>(std::bit_width(size_ - 1));
  high_bits_ = bits / 2;
  low_bits_ = bits - high_bits_;
  constexpr std::size_t kBlocks = kRounds / 2;  // of four words: two rounds' keys
  const auto low_stream = static_cast<std::uint32_t>(stream);
  const std::uint64_t first_block = (stream >> 32) * kBlocks;
  if (size_ <= kShuffled) {
    shuffle(seed, purpose, low_stream, first_block, size_, keys_);
    return;
  }
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const auto words = random_block(seed, purpose, low_stream, first_block + b);
    std::copy(words.begin(), words.end(), keys_.begin() + static_cast<std::ptrdiff_t>(4 * b));
  }
}

std::uint32_t Permutation::operator()(std::uint32_t position) const {
  assert(position < size_);
  if (size_ <= kShuffled) return keys_[position];
  std::uint32_t value = position;
  do {
    feistel<1>(keys_, high_bits_, low_bits_, &value);
  } while (value >= size_);
  return value;
}

void Permutation::fill(std::uint32_t from, std::size_t count, std::uint32_t* values,
                       std::size_t stride) const {
  assert(from + count <= size_);
  if (size_ <= kShuffled) {
    for (std::size_t j = 0; j < count; ++j) values[j * stride] = keys_[from + j];
    return;
  }
  std::uint32_t walking[kBlock] = {}, place[kBlock];
  for (std::size_t done = 0; done < count; done += kBlock) {
    std::size_t left = std::min(kBlock, count - done);
    for (std::uint32_t j = 0; j < left; ++j) {
      walking[j] = from + static_cast<std::uint32_t>(done) + j;
      place[j] = j;
    }
    std::uint32_t* block = values + done * stride;
    while (left > 0) {
      for (std::size_t j = 0; j < left; j += kVector)
        feistel<kVector>(keys_, high_bits_, low_bits_, walking + j);
      std::size_t outside = 0;  // those beyond size walk on, packed to the front; no branch to mispredict
      for (std::size_t j = 0; j < left; ++j) {
        block[place[j] * stride] = walking[j];
        place[outside] = place[j];
        walking[outside] = walking[j];
        outside += walking[outside] >= size_ ? 1 : 0;
      }
      left = outside;
    }
  }
}

BatchOrder::BatchOrder(std::uint64_t seed, Sampling sampling, std::size_t samples, std::size_t batch_size)
    : seed_(seed),
      sampling_(sampling == Sampling::kEpoch && batch_size == samples ? Sampling::kSequential : sampling),
      samples_(samples),
      batch_size_(batch_size),
      permutation_(seed, Purpose::kOrder, 0, samples) {
  assert(batch_size >= 1 && batch_size <= samples);
}

std::size_t BatchOrder::batches_per_epoch() const { return (samples_ - 1) / batch_size_ + 1; }

std::size_t BatchOrder::batch_size(std::uint64_t step) const {
  if (sampling_ == Sampling::kWithReplacement) return batch_size_;
  return std::min(batch_size_, samples_ - step % batches_per_epoch() * batch_size_);
}

void BatchOrder::fill(std::uint64_t step, std::size_t from, std::size_t count, std::uint32_t* indices,
                      std::size_t stride) {
  assert(from + count <= batch_size(step));
  if (sampling_ == Sampling::kWithReplacement) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::uint64_t draw = step * batch_size_ + from + j;
      indices[j * stride] =
          static_cast<std::uint32_t>(random_below(seed_, Purpose::kReplacement, 0, draw, samples_));
    }
    return;
  }
  const auto position = static_cast<std::uint32_t>(step % batches_per_epoch() * batch_size_ + from);
  if (sampling_ == Sampling::kSequential) {
    for (std::size_t j = 0; j < count; ++j) indices[j * stride] = position + static_cast<std::uint32_t>(j);
    return;
  }
  const std::uint64_t epoch = step / batches_per_epoch();
  if (epoch != epoch_) {
    permutation_ = Permutation(seed_, Purpose::kOrder, epoch, samples_);
    epoch_ = epoch;
  }
  permutation_.fill(position, count, indices, stride);
}

}  // namespace deadrelu
