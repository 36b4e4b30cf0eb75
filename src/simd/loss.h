// Loss functions on lane matrices, with PyTorch's formulas (mean over batch and outputs).
#pragma once

#include "base/enum_names.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

enum class Loss { kMse, kHalfMse, kMae, kCrossEntropy, kBinaryCrossEntropy };
template <>
inline constexpr std::array kNames<Loss>{"mse", "half_mse", "mae", "cross_entropy", "binary_cross_entropy"};

// Outputs and targets are [output][sample]; targets are values, one-hot rows (cross_entropy) or 0/1
// (binary_cross_entropy: outputs are logits). One sample's loss: mse Σ(y−t)²/outputs, half_mse half of that,
// mae Σ|y−t|/outputs, cross_entropy −Σ t·log softmax(y), binary_cross_entropy Σ (softplus(y) − t·y)/outputs.
template <class T>
struct LossKernels {
  // sums[lane] += Σ over samples, ascending, of the sample's loss; the sum is kept in double. Where
  // gradient.data is not null, gradient [output][sample] = gradient_scale · d(sample's loss)/d(output);
  // mae has derivative 0 at 0.
  void (*evaluate)(Loss loss, const LaneMatrix<const T>& outputs, const LaneMatrix<const T>& targets,
                   T gradient_scale, double* sums, const LaneMatrix<T>& gradient);
  // counts[lane] += the number of samples classified right: the largest output (ties: the first) is the
  // largest target; with one output, (y > threshold) == (t > middle). A sample with a NaN output is wrong.
  void (*count_correct)(const LaneMatrix<const T>& outputs, const LaneMatrix<const T>& targets, T threshold,
                        T middle, double* counts);
};

template <class T>
const LossKernels<T>& loss_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
