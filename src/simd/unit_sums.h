// What the probe sums up about the units of a layer while the probe set passes through it.
#pragma once

#include <cstddef>

#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

// Running sums over samples, in double and ascending; each pointer is to [unit][lane]. Before the first
// block: z_max −∞, all others 0. "Outputs" of a unit are its activations: one, or crelu's two (rows u and
// units + u).
struct UnitSums {
  double* positive;  // samples with z > 0
  double* z_max;     // largest z
  double* z_sum;
  double* z_squares;
  double* a_sum;  // Σ φ(z), over all outputs of the unit
  double* a_squares;
  double* a_magnitude;  // Σ |φ(z)|
  double* a_zeros;      // outputs that are exactly 0
  double* slope_max;    // largest |φ'(z)|
  double* saturated;    // samples with |φ'(z)| < saturated_below

  const double* saturated_below;  // [lane], read only
};
inline constexpr std::size_t kUnitSums = 10;

// The same of the rows of an output, each pointer to [row][lane]. Before the first block: low ∞, high −∞, sums 0.
struct OutputSums {
  double *low, *high;  // smallest and largest value
  const double*
      origin;  // what the sums count from: the row's first value, so that a constant row has sums of 0
  double *sum, *squares;  // Σ (x − origin), Σ (x − origin)²
};

template <class T>
struct UnitSumKernels {
  // Adds a block of samples. z and slopes (|φ'(z)|) are [units][samples], a is [units or 2·units][samples].
  // silent_samples[lane] += the number of samples on which no unit of the layer has z > 0.
  void (*add)(LaneMatrix<const T> z, LaneMatrix<const T> a, LaneMatrix<const T> slopes, const UnitSums& sums,
              double* silent_samples);
  // The same for ReLUs whose derivative at zero is 0, whose outputs and slopes follow from z.
  void (*add_relu)(LaneMatrix<const T> z, const UnitSums& sums, double* silent_samples);
  void (*add_outputs)(LaneMatrix<const T> x, const OutputSums& sums);
  // peaks[row][lane] ← the largest of it and the row's numbers; NaN from the first one that is NaN on.
  void (*add_peaks)(LaneMatrix<const T> x, T* peaks);
};

template <class T>
const UnitSumKernels<T>& unit_sum_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
