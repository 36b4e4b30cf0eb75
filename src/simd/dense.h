// Products of lane matrices: the hot tile of forward pass, input gradient and weight gradient.
#pragma once

#include <span>

#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

// Where a product's sums start.
enum class ProductStart {
  kZero,        // at 0
  kBias,        // at bias[row][lane]
  kAccumulate,  // at what C holds: a reduction goes on where its last piece ended
};

// Layers of so many inputs or outputs, or fewer, are passed by all samples with the weights in registers: starting and
// ending a tile would take longer than its few terms.
inline constexpr std::size_t kNarrow = 3;

// A narrow layer of a chain: its inputs are the outputs of the layer before it.
template <class T>
struct ChainLayer {
  std::size_t rows, inputs;     // at most kNarrow
  std::size_t weights, biases;  // where they begin among all parameters, in scalars; kNoBiases: nowhere
  T *output, *gradient;         // [row][sample], the gradient by its product
  std::size_t row_stride;       // of both
  bool is_relu;                 // else the outputs are the product
};
inline constexpr std::size_t kNoBiases = static_cast<std::size_t>(-1);

// Plain SGD at the end of a gradient's sums, to the bit what UpdateKernels::update makes of the gradient.
template <class T>
struct SgdStep {
  T* parameters;  // laid out as the gradient
  const T* rate;  // [lane]
  T* poison;      // [lane], as in `update`
};

template <class T>
struct DenseKernels {
  // C[m][n] = start + Σ_k A[m][k]·B[k][n], in ascending k with one fused multiply-add a term, lane by lane.
  // REQUIRES: A is M×K, B is K×N, C is M×N and overlaps neither; bias is [M][lane] for kBias, unused
  // otherwise. Any strides in A (transposed views); the columns of B and C follow each other.
  void (*multiply)(const LaneMatrix<const T>& a, const LaneMatrix<const T>& b, ProductStart start,
                   const T* bias, const LaneMatrix<T>& c);
  // A layer of ReLUs: H = relu(W·X + bias), and the sums themselves into Z where Z.data is not null. bias may
  // be null. REQUIRES: the columns of X, H and Z follow each other.
  void (*relu_layer)(const LaneMatrix<const T>& w, const LaneMatrix<const T>& x, const T* bias,
                     const LaneMatrix<T>& h, const LaneMatrix<T>& z);
  // dW = start + dZ·Xᵀ and dB[row][lane] = start + Σ dZ, over the samples in ascending order. start is kZero
  // or kAccumulate; dB may be null. dW is dense.
  void (*weight_gradient)(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                          const LaneMatrix<T>& dw, T* db);
  // The same, but dW's sums end with the step, and what is in dW then matters to nobody. REQUIRES: more than kNarrow rows
  // of dZ; in wide as many rows of X as fill vectors.
  void (*weight_step)(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                      const LaneMatrix<T>& dw, T* db, const SgdStep<T>& step);
  // Back through a layer and the ReLUs below it, whose outputs are X: weight_gradient and
  // dX = Wᵀ·dZ where X > 0, else 0, whatever Wᵀ·dZ is; in passes that share dZ where it has few rows.
  // REQUIRES: X ≥ +0 or NaN; the columns of dZ, X and dX follow each other.
  void (*relu_backward)(const LaneMatrix<const T>& w_transposed, const LaneMatrix<const T>& dz,
                        const LaneMatrix<const T>& x, ProductStart start, const LaneMatrix<T>& dw, T* db,
                        const LaneMatrix<T>& dx);
  // Its dX alone.
  void (*relu_gradient)(const LaneMatrix<const T>& w_transposed, const LaneMatrix<const T>& dz,
                        const LaneMatrix<const T>& x, const LaneMatrix<T>& dx);
  // sums[row][lane] += Σ over columns of x, in ascending order.
  void (*add_row_sums)(const LaneMatrix<const T>& x, T* sums);
  // relu_layer of every layer, or multiply where it is none.
  void (*chain_forward)(std::span<const ChainLayer<T>> layers, const T* parameters,
                        const LaneMatrix<const T>& input);
  // From the last layer's gradient, which is there, relu_backward of every layer into the parameters' gradients and, where
  // below.data is not null, `below`. The other layers' gradients are memory to use, every other one's may be the same.
  // Null where it would be no faster.
  void (*chain_backward)(std::span<const ChainLayer<T>> layers, const T* parameters,
                         const LaneMatrix<const T>& input, ProductStart start, T* gradient,
                         const LaneMatrix<T>& below);
};

template <class T>
const DenseKernels<T>& dense_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
