// Turns examples, whose values follow each other, into columns of a lane matrix.
#pragma once

#include <cstddef>

#include "simd/target.h"

namespace deadrelu {

template <class T>
struct GatherKernels {
  // to[r·row_stride + c] = examples[c][r] for r < rows and as many columns c as a vector of the target holds.
  void (*columns)(const T* const* examples, std::size_t rows, T* to, std::size_t row_stride);
};

template <class T>
const GatherKernels<T>& gather_kernels(SimdTarget target);

}  // namespace deadrelu
