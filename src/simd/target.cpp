#include "simd/target.h"

#include <array>
#include <cstddef>

namespace deadrelu {
namespace {

struct Named {
  SimdTarget target;
  std::string_view name;
};
constexpr std::array<Named, 3> kNames{
    {{SimdTarget::kAvx2, "avx2"}, {SimdTarget::kAvx512, "avx512"}, {SimdTarget::kNeon, "neon"}}};

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

std::string_view simd_name(SimdTarget target) {
  for (const Named& named : kNames) {
    if (named.target == target) return named.name;
  }
  return {};
}

std::optional<SimdTarget> simd_from_name(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.name == name) return named.target;
  }
  return std::nullopt;
}

std::span<const SimdTarget> available_simd() {
  static const Available available;
  return {available.targets.data(), available.count};
}

}  // namespace deadrelu
