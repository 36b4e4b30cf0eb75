// Normalization of a layer's numbers, and what else stands between a layer's activation and the next layer.
#pragma once

#include <cstddef>

#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

// What a normalization reads beside its input.
template <class T>
struct NormalizationNumbers {
  const T* epsilon;  // [lane]
  const T* gain;     // [row][lane]; null: 1 everywhere
  const T* shift;    // [row][lane]; null: 0 everywhere
};

// Of every row, over the samples of a batch: [row][lane].
template <class T>
struct RowStatistics {
  T *mean, *variance;  // divided by the number of samples
  T* scale;            // 1/√(variance + ε)
};

// PyTorch's formulas. All matrices are [row][sample]; sums run over rows or samples, ascending, with one fused
// multiply-add a product, in T: where their rounding shows, that of the products which made x does too.
template <class T>
struct NormalizationKernels {
  // Over the rows of each sample: n = (x − mean)·scale with scale = 1/√(mean (x − mean)² + ε), y = gain·n + shift.
  // Not centered: the same with 0 in place of the mean (Zhang, Sennrich 2019: RMSNorm). scale is [1][sample]; n may
  // be x.
  void (*over_rows)(bool centered, const NormalizationNumbers<T>& numbers, LaneMatrix<const T> x,
                    LaneMatrix<T> n, LaneMatrix<T> scale, LaneMatrix<T> y);
  // dx = (g − mean g − n·mean(g·n))·scale with g = gain·dy; not centered: without mean g. dx may be dy.
  void (*over_rows_backward)(bool centered, const T* gain, LaneMatrix<const T> n, LaneMatrix<const T> scale,
                             LaneMatrix<const T> dy, LaneMatrix<T> dx);
  // statistics.mean and variance of every row over the samples, and its scale.
  void (*measure_rows)(LaneMatrix<const T> x, const T* epsilon, const RowStatistics<T>& statistics);
  // n = (x − mean)·scale, y = gain·n + shift, with each row's own mean and scale. n may be x.
  void (*by_rows)(const NormalizationNumbers<T>& numbers, const T* mean, const T* scale,
                  LaneMatrix<const T> x, LaneMatrix<T> n, LaneMatrix<T> y);
  // dx = (dy − shift_sum/samples − n·gain_sum/samples)·gain·scale, where mean and scale are those of x itself and
  // the sums those of add_sums; without sums (null), where they are given: dy·gain·scale. dx may be dy.
  void (*by_rows_backward)(const T* gain, const T* scale, const T* gain_sum, const T* shift_sum,
                           LaneMatrix<const T> n, LaneMatrix<const T> dy, LaneMatrix<T> dx);
  // gain_sum[row][lane] += Σ over samples of dy·n, shift_sum (may be null) += Σ dy.
  void (*add_sums)(LaneMatrix<const T> n, LaneMatrix<const T> dy, T* gain_sum, T* shift_sum);
  // y = x·mask + beside (fused); either may be without data: left out. y may be x.
  void (*join)(LaneMatrix<const T> x, LaneMatrix<const T> mask, LaneMatrix<const T> beside, LaneMatrix<T> y);
};

template <class T>
const NormalizationKernels<T>& normalization_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
