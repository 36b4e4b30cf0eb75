// Which examples come next, for every lane at once: keyed bijections of the example's index (the rounds of a Feistel
// network, one key a lane) and independent draws.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/random.h"
#include "simd/target.h"

namespace deadrelu {

// A Feistel network over low_bits + high_bits bits whose rounds add (xor) the top bits of multiplier·half +
// offset to the other half, alternately to the high and to the low one; values of `size` and beyond go
// through it again until they are inside (cycle walking; Mitchell, Stokes, Frank, Holmes 2021).
struct FeistelShape {
  std::uint32_t size;
  std::uint32_t high_bits, low_bits;  // each at least 1
};
inline constexpr std::size_t kFeistelRounds = 10;

struct OrderKernels {
  // values[i][lane] = what the lane's network makes of first + i, for i < count. keys is
  // [2·kFeistelRounds][lane]: each round's multiplier, then its offset. Wide: values may be written up to the
  // next whole vector. REQUIRES: first + count ≤ size.
  void (*permute)(const FeistelShape& shape, const std::uint32_t* keys, std::uint32_t first,
                  std::size_t count, std::uint32_t* values);
  // values[i][lane] = random_below of block i with that bound, for i < count. Wide: as above.
  void (*draw)(const RandomBlocks& blocks, std::uint32_t bound, std::size_t count, std::uint32_t* values);
};

// T: the precision that decides how many lanes there are.
template <class T>
const OrderKernels& order_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
