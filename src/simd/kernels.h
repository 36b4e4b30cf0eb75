// All kernels of one target and precision.
#pragma once

#include <cstddef>

#include "simd/activation.h"
#include "simd/dense.h"
#include "simd/gather.h"
#include "simd/loss.h"
#include "simd/magnitudes.h"
#include "simd/normalize.h"
#include "simd/online.h"
#include "simd/order.h"
#include "simd/random.h"
#include "simd/remedy.h"
#include "simd/target.h"
#include "simd/unit_sums.h"
#include "simd/update.h"

namespace deadrelu {

template <class T>
struct Kernels {
  SimdTarget target;
  Engine engine;
  std::size_t lanes;   // runs side by side in every element: as many as a vector holds, or 1 (wide)
  std::size_t vector;  // scalars a vector holds: rows that samples lie along are padded to a multiple (wide)
  const ActivationKernels<T>* activation;
  const DenseKernels<T>* dense;
  const GatherKernels<T>* gather;
  const LossKernels<T>* loss;
  const MagnitudeKernels<T>* magnitudes;
  const NormalizationKernels<T>* normalization;
  const OnlineKernels<T>* online;
  const OrderKernels* order;
  const RandomKernels<T>* random;
  const RemedyKernels<T>* remedy;
  const SquareKernels<T>* squares;
  const UpdateKernels<T>* update;
  const UnitSumKernels<T>* unit_sums;
};

// REQUIRES: target is one of available_simd(). T is float or double.
template <class T>
Kernels<T> kernels(SimdTarget target, Engine engine = Engine::kLanes) {
  const std::size_t vector = lane_count<T>(target);
  return {target,
          engine,
          engine == Engine::kLanes ? vector : 1,
          vector,
          &activation_kernels<T>(target, engine),
          &dense_kernels<T>(target, engine),
          &gather_kernels<T>(target),
          &loss_kernels<T>(target, engine),
          &magnitude_kernels<T>(target, engine),
          &normalization_kernels<T>(target, engine),
          &online_kernels<T>(target, engine),
          &order_kernels<T>(target, engine),
          &random_kernels<T>(target, engine),
          &remedy_kernels<T>(target, engine),
          &square_kernels<T>(target, engine),
          &update_kernels<T>(target, engine),
          &unit_sum_kernels<T>(target, engine)};
}

// The distance in scalars from one row of `columns` elements to the next: whole vectors, and beyond a multiple of 4 KiB at
// least half a KiB: else all rows share few sets of the L1 cache, or a load of one row waits for the store to another
// whose address has the same last 12 bits (10 % of a network of narrow layers).
template <class T>
std::size_t padded_row(const Kernels<T>& kernels, std::size_t columns) {
  std::size_t stride = columns * kernels.lanes;
  stride += (kernels.vector - stride % kernels.vector) % kernels.vector;
  constexpr std::size_t kPage = 4096 / sizeof(T), kLeast = 512 / sizeof(T);
  const std::size_t beyond = stride % kPage;
  return stride < kPage || beyond >= kLeast ? stride : stride + kLeast - beyond;
}

}  // namespace deadrelu
