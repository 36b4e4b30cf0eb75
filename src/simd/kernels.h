// All kernels of one target and precision.
#pragma once

#include <cstddef>

#include "simd/activation.h"
#include "simd/dense.h"
#include "simd/loss.h"
#include "simd/target.h"
#include "simd/unit_sums.h"
#include "simd/update.h"

namespace deadrelu {

// Runs a vector of T holds: AVX2 8 floats or 4 doubles, AVX-512 16 or 8, NEON 4 or 2.
template <class T>
constexpr std::size_t lane_count(SimdTarget target) {
  const std::size_t bytes = target == SimdTarget::kAvx512 ? 64 : target == SimdTarget::kAvx2 ? 32 : 16;
  return bytes / sizeof(T);
}

template <class T>
struct Kernels {
  SimdTarget target;
  std::size_t lanes;
  const ActivationKernels<T>* activation;
  const DenseKernels<T>* dense;
  const LossKernels<T>* loss;
  const UpdateKernels<T>* update;
  const UnitSumKernels<T>* unit_sums;
};

// REQUIRES: target is one of available_simd(). T is float or double.
template <class T>
Kernels<T> kernels(SimdTarget target) {
  return {target,
          lane_count<T>(target),
          &activation_kernels<T>(target),
          &dense_kernels<T>(target),
          &loss_kernels<T>(target),
          &update_kernels<T>(target),
          &unit_sum_kernels<T>(target)};
}

}  // namespace deadrelu
