// Draws for a pack: Philox blocks (base/random.h) for every lane at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

// Blocks of one stream a lane: block i is random_block(seeds[lane], purpose, stream, first + i·step).
struct RandomBlocks {
  const std::uint64_t* seeds;  // [lane]
  Purpose purpose;
  std::uint32_t stream;
  std::uint64_t first, step;
};

template <class T>
struct RandomKernels {
  // out[word][i][lane] = lower + width·(word + ½)/2³², in double, for the first out.rows ≤ 4 words of block i;
  // lower and width are [lane]. The numbers are all different, but as T two may be the same.
  void (*uniform)(const RandomBlocks& blocks, const double* lower, const double* width, LaneMatrix<T> out);
  // out[half][i][lane] = 0 where the half (of 16 bits; of a word the low one comes first) is below dropped[lane],
  // else kept[lane]; for the first out.rows ≤ 8 halves of block i. So 0 has the probability dropped / 2¹⁶.
  void (*mask)(const RandomBlocks& blocks, const std::uint32_t* dropped, const T* kept, LaneMatrix<T> out);
  // out[i][lane], i < count: the normal number that fill_normal (simd/math.h) makes of block i, as T. In wide, out
  // is filled up to the next whole vector.
  void (*normal)(const RandomBlocks& blocks, std::size_t count, T* out);
};

template <class T>
const RandomKernels<T>& random_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
