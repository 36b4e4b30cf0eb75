// Sums of squares: what norms are the roots of.
#pragma once

#include "simd/engine.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

template <class T>
struct SquareKernels {
  // sums[lane] += Σ over rows (ascending) of the row's own sum of squares (ascending columns), in double.
  void (*add)(LaneMatrix<const T> x, double* sums);
  // The same of the differences a − b, each difference taken in double.
  void (*add_differences)(LaneMatrix<const T> a, LaneMatrix<const T> b, double* sums);
};

template <class T>
const SquareKernels<T>& square_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
