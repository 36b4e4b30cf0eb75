// Activation functions on lane matrices: values and derivatives.
#pragma once

#include <cstddef>

#include "base/enum_names.h"
#include "base/formula.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

enum class Activation {
  kRelu,
  kLeakyRelu,
  kPrelu,
  kRrelu,
  kRelu6,
  kCrelu,
  kMaxout,
  kElu,
  kSelu,
  kCelu,
  kGelu,
  kSilu,
  kMish,
  kSoftplus,
  kSoftsign,
  kSigmoid,
  kTanh,
  kHardSigmoid,
  kHardTanh,
  kHardSwish,
  kAbs,
  kGaussian,
  kIdentity,
  kExpression,
};
template <>
inline constexpr std::array kNames<Activation>{
    "relu", "leaky_relu",   "prelu",     "rrelu",      "relu6", "crelu",    "maxout",   "elu",
    "selu", "celu",         "gelu",      "silu",       "mish",  "softplus", "softsign", "sigmoid",
    "tanh", "hard_sigmoid", "hard_tanh", "hard_swish", "abs",   "gaussian", "identity", "expression"};

// The numbers that an activation takes, one a lane; each pointer to [lane], never null.
template <class T>
struct ActivationParameters {
  const T* slope;    // leaky_relu, prelu, rrelu (the slope when not training): factor of z where z < 0
  const T* alpha;    // elu, celu
  const T* at_zero;  // the derivative at a ReLU's kink, in [0, 1]; leaky slopes: slope + at_zero·(1 − slope)
  std::size_t pieces = 1;  // maxout: pre-activation rows a unit
  // rrelu in training: the slope drawn for every element, [row][sample][lane]; data is null otherwise.
  LaneMatrix<const T> drawn_slopes{};
  // expression: its programs, and their numbers [number][lane], the last of which is derivative_at_zero.
  const ActivationPrograms* programs = nullptr;
  const T* formula_numbers = nullptr;
};

// Shapes: z [rows][samples]; output [rows][samples], but [2·rows][samples] for crelu (relu(z), then relu(−z))
// and [rows / pieces][samples] for maxout (unit u: the largest of rows u·pieces … u·pieces + pieces − 1;
// ties: the first). Formulas are PyTorch's documented ones; abs has derivative at_zero at 0, gaussian is
// exp(−z²), expression what its formula says (base/formula.h). NaN stays NaN. Input and output may not overlap. Everything is elementwise, so lanes never see
// each other.
template <class T>
struct ActivationKernels {
  void (*forward)(Activation kind, const ActivationParameters<T>& parameters, LaneMatrix<const T> z,
                  LaneMatrix<T> output);
  // gradient_z [rows][samples] = φ'(z) · gradient_output [outputs][samples]; crelu and maxout distribute. Where
  // φ is flat by definition (a ReLU that is off), 0 whatever the gradient, infinite or NaN, as in PyTorch.
  void (*backward)(Activation kind, const ActivationParameters<T>& parameters, LaneMatrix<const T> z,
                   LaneMatrix<const T> gradient_output, LaneMatrix<T> gradient_z);
  // [units][samples]: |φ'(z)| (crelu: the larger of its two outputs', maxout: 1). Units are rows, or rows /
  // pieces.
  void (*derivative_magnitude)(Activation kind, const ActivationParameters<T>& parameters,
                               LaneMatrix<const T> z, LaneMatrix<T> magnitude);
  // prelu's learned slope: row_sums[row][lane] += Σ over samples, ascending, of min(z, 0)·gradient_output
  // (fused).
  void (*slope_gradient)(LaneMatrix<const T> z, LaneMatrix<const T> gradient_output, T* row_sums);
};

template <class T>
const ActivationKernels<T>& activation_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
