// A learning step on a single example: a chain of dense layers, all but the last of ReLUs.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "simd/lane_matrix.h"
#include "simd/target.h"
#include "simd/update.h"

namespace deadrelu {

// Parameters, and what the optimizer keeps beside them; null where there is nothing.
template <class T>
struct OnlineBlock {
  T *values = nullptr, *first = nullptr, *second = nullptr;
};

template <class T>
struct OnlineLayer {
  std::size_t rows = 0, inputs = 0;
  OnlineBlock<T> weights, biases;  // [row][input][lane], [row][lane]
  LaneMatrix<const T> input;       // [input][1]: of a layer above another one, that one's output
  LaneMatrix<T> output, gradient;  // [row][1]: the ReLUs', and d loss / d their inputs
};

// As many bits as T has.
template <class T>
using LaneBits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
struct OnlineKernels {
  // to[row][0] = low where bit `row` of bits [lane] is 0, else high, both [lane].
  void (*write_bits)(const LaneBits<T>* bits, const T* low, const T* high, const LaneMatrix<T>& to);
  // Fills the outputs.
  void (*forward)(std::span<const OnlineLayer<T>> layers);
  // From the last layer's gradient, which is there, to what DenseKernels and UpdateKernels do one after the other, to the
  // bit: the gradients of all parameters at their values before the step, and the optimizer's step, in one pass over each
  // layer. Gradients of parameters are not kept. REQUIRES: outputs as `forward` left them, no EntryNumbers.
  void (*learn)(std::span<const OnlineLayer<T>> layers, Optimizer optimizer, const UpdateParameters<T>& p,
                T* poison);
};

template <class T>
const OnlineKernels<T>& online_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
