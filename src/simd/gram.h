// The product of a matrix with its own transpose, in double: what the effective rank starts from.
#pragma once

#include "simd/engine.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

template <class T>
struct GramKernels {
  // gram(i, j) += Σ_n x(i, n)·x(j, n) for all j ≤ i: n ascending, one fused multiply-add a term; what lies
  // beyond the diagonal is left undefined. In lanes: of as many runs as an element of gram holds (a vector of
  // doubles), the first ones of every element of x. x may have any strides in both engines; gram's columns
  // follow each other.
  void (*add)(LaneMatrix<const T> x, LaneMatrix<double> gram);
};

template <class T>
const GramKernels<T>& gram_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
