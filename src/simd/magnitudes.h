// Sums of magnitudes, which rules that reset units go by, and of squares, which norms come from.
#pragma once

#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

template <class T>
struct MagnitudeKernels {
  // sums[row][lane] += Σ |x − origin[row][lane]| over the columns, in ascending order. Any strides; origin null: 0.
  void (*add)(const LaneMatrix<const T>& x, const T* origin, T* sums);
};

template <class T>
const MagnitudeKernels<T>& magnitude_kernels(SimdTarget target, Engine engine);

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
