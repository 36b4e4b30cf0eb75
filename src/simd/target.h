// What the kernels are compiled for, and what of it this machine has and can do.
#pragma once

#include <cstddef>
#include <span>

#include "base/enum_names.h"

namespace deadrelu {

enum class SimdTarget { kAvx2, kAvx512, kNeon };
template <>
inline constexpr std::array kNames<SimdTarget>{"avx2", "avx512", "neon"};

// Where the vectors of the kernels lie.
enum class Engine {
  kLanes,  // across runs: as many networks side by side as a vector has lanes
  kWide,   // along samples or inputs of a single network
};
template <>
inline constexpr std::array kNames<Engine>{"lanes", "wide"};

// Runs a vector of T holds: AVX2 8 floats or 4 doubles, AVX-512 16 or 8, NEON 4 or 2.
template <class T>
constexpr std::size_t lane_count(SimdTarget target) {
  const std::size_t bytes = target == SimdTarget::kAvx512 ? 64 : target == SimdTarget::kAvx2 ? 32 : 16;
  return bytes / sizeof(T);
}

// The targets that this binary holds and this processor runs, best first; never empty on a supported machine.
std::span<const SimdTarget> available_simd();

// Fused multiply-adds of float32 vectors of the target that need no memory, in GFLOP/s (two operations each):
// the best of several short trials on the calling thread.
double measure_peak_gflops(SimdTarget target);

}  // namespace deadrelu
