#include "simd/target.h"

#include <array>
#include <cstddef>

namespace deadrelu {
namespace {

struct Available {
  std::array<SimdTarget, 2> targets{};
  std::size_t count = 0;

  // Not Highway's own question: its library takes 5 ms to load, most of what a short command takes.
  Available() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd"))
      targets[count++] = SimdTarget::kAvx512;
    targets[count++] = SimdTarget::kAvx2;  // the program stops at once where it is missing
#else
    targets[count++] = SimdTarget::kNeon;
#endif
  }
};

}  // namespace

std::span<const SimdTarget> available_simd() {
  static const Available available;
  return {available.targets.data(), available.count};
}

}  // namespace deadrelu
