// In which order examples are visited: keyed bijections instead of shuffled arrays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/enum_names.h"
#include "base/random.h"
#include "simd/order.h"

namespace deadrelu {

// A random permutation of 0 … size−1 that takes no memory: a Feistel network over the next power of two with
// cycle walking (Mitchell, Stokes, Frank, Holmes 2021, arXiv 2106.06161). A round adds (xor) the top bits of
// multiplier·half + offset, which are pairwise independent over random keys (Dietzfelbinger 1996). With ten
// rounds a chi-square test over 500,000 keys sees no difference from uniform in the values at two or three
// positions, from size 17 on (eight are not enough below 33). Up to 16 values are shuffled outright (Fisher,
// Yates 1938). 32-bit operations only: OrderKernels compute it for a pack with the same bits.
class Permutation {
 public:
  // Multiplier and offset of each round, or the shuffled values.
  using Keys = std::array<std::uint32_t, 2 * kFeistelRounds>;

  // REQUIRES: 1 ≤ size ≤ 2^31. Purposes kOrder, kSplit, kProbe; stream: its low 32 bits are random_block's.
  Permutation(std::uint64_t seed, Purpose purpose, std::uint64_t stream, std::size_t size);
  // REQUIRES: position < size.
  std::uint32_t operator()(std::uint32_t position) const;
  const Keys& keys() const { return keys_; }
  const FeistelShape& shape() const { return shape_; }
  bool is_shuffled() const { return shape_.size <= kShuffled; }

 private:
  static constexpr std::size_t kShuffled = 16;  // sizes up to this one are shuffled
  Keys keys_{};
  FeistelShape shape_{};
};

enum class Sampling {
  kEpoch,            // every example once an epoch, in a new random order each time
  kWithReplacement,  // every draw independent
  kSequential,       // in file order, from the start again after the last
};
template <>
inline constexpr std::array kNames<Sampling>{"epoch", "with_replacement", "sequential"};

// How many batches an epoch has; the last one may be smaller.
std::size_t batches_per_epoch(std::size_t samples, std::size_t batch_size);

// Which examples make up the batches of a pack of runs, each with an order of its own. A full batch
// (batch_size == samples) visits them in file order; otherwise the last batch of an epoch holds what is left
// (torch.utils.data.DataLoader with drop_last=False). Draws with replacement are draws whatever the batch
// size, and all their batches are of one size.
class BatchOrder {
 public:
  // seeds: one a lane, as many as the kernels have lanes. REQUIRES: 1 ≤ batch_size ≤ samples.
  BatchOrder(const OrderKernels& kernels, std::vector<std::uint64_t> seeds, Sampling sampling,
             std::size_t samples, std::size_t batch_size);

  std::size_t batches_per_epoch() const;             // with replacement: as many as an epoch would have
  std::size_t batch_size(std::uint64_t step) const;  // examples in the batch of that step (0: the first)
  // How many batches are left of the epoch of `step`, its own included, that all have batch_size examples.
  std::size_t full_batches_left(std::uint64_t step) const;
  // Writes the examples at positions from … from+count−1, counted from the beginning of the batch of `step`
  // through the next ones of its epoch, to indices [example][lane], which may be written up to the next whole
  // vector. Steps may come in any order; a new epoch costs a new permutation. REQUIRES: the epoch has that
  // many positions.
  void fill(std::uint64_t step, std::size_t from, std::size_t count, std::uint32_t* indices);

 private:
  void begin_epoch(std::uint64_t epoch);

  const OrderKernels* kernels_;
  std::vector<std::uint64_t> seeds_;
  Sampling sampling_;
  std::size_t samples_, batch_size_, batches_;
  // The present epoch's permutations, all of one shape.
  std::uint64_t epoch_ = 0;
  FeistelShape shape_{};
  bool is_shuffled_ = false;
  std::vector<std::uint32_t> keys_;  // [key][lane]
};

}  // namespace deadrelu
