// Turns examples, whose values follow each other, into columns of a lane matrix.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/target.h"

namespace deadrelu {

// So many values an example are fetched faster by themselves than together.
inline constexpr std::size_t kFewRows = 3;

template <class T>
struct GatherKernels {
  // to[r·row_stride + c] = examples[c][r] for r < rows and as many columns c as a vector of the target holds.
  void (*columns)(const T* const* examples, std::size_t rows, T* to, std::size_t row_stride);
  // to[r·row_stride + c] = source[indices[c]·rows + r] for r < rows ≤ kFewRows and c < columns, value by
  // value.
  void (*few_rows)(const T* source, const std::uint32_t* indices, std::size_t rows, std::size_t columns,
                   T* to, std::size_t row_stride);
  // The same for r < rows ≤ values from examples of `values` numbers, which is 2 or a multiple of 4, one load for up to
  // four of an example's. first: which example of the source is a lane's first, [lane], one vector; null: 0.
  void (*few_values)(const T* source, std::size_t values, const std::uint32_t* first,
                     const std::uint32_t* indices, std::size_t rows, std::size_t columns, T* to,
                     std::size_t row_stride);
};

template <class T>
const GatherKernels<T>& gather_kernels(SimdTarget target);

}  // namespace deadrelu
