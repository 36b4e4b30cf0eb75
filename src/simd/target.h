// The instruction sets that the kernels are compiled for, and which of them this machine has.
#pragma once

#include <span>

#include "base/enum_names.h"

namespace deadrelu {

enum class SimdTarget { kAvx2, kAvx512, kNeon };
template <>
inline constexpr std::array kNames<SimdTarget>{"avx2", "avx512", "neon"};

// The targets that this binary holds and this processor runs, best first; never empty on a supported machine.
std::span<const SimdTarget> available_simd();

}  // namespace deadrelu
