// The instruction sets that the kernels are compiled for, and which of them this machine has.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace deadrelu {

enum class SimdTarget { kAvx2, kAvx512, kNeon };

// "avx2", "avx512", "neon", and back (empty where the name is none of them).
std::string_view simd_name(SimdTarget target);
std::optional<SimdTarget> simd_from_name(std::string_view name);

// The targets that this binary holds and this processor runs, best first; never empty on a supported machine.
std::span<const SimdTarget> available_simd();

}  // namespace deadrelu
