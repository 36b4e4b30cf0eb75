// Products of lane matrices: the hot tile of forward pass, input gradient and weight gradient.
#pragma once

#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

// Where a product's sums start.
enum class ProductStart {
  kZero,        // at 0
  kBias,        // at bias[row][lane]
  kAccumulate,  // at what C holds: a reduction goes on where its last piece ended
};

template <class T>
struct DenseKernels {
  // C[m][n] = start + Σ_k A[m][k]·B[k][n], in ascending k with one fused multiply-add a term, lane by lane.
  // Forward: Z = b + W·X. Input gradient: Wᵀ·dZ. Weight gradient: dZ·Xᵀ. Any strides (transposed views).
  // REQUIRES: A is M×K, B is K×N, C is M×N and overlaps neither; bias is [M][lane] for kBias, unused
  // otherwise.
  void (*multiply)(LaneMatrix<const T> a, LaneMatrix<const T> b, ProductStart start, const T* bias,
                   LaneMatrix<T> c);
  // sums[row][lane] += Σ over columns of x, in ascending order.
  void (*add_row_sums)(LaneMatrix<const T> x, T* sums);
};

template <class T>
const DenseKernels<T>& dense_kernels(SimdTarget target);

}  // namespace deadrelu
