#include "simd/target.h"

#include <array>
#include <cstddef>

#include "hwy/highway.h"

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

  Available() {
#if HWY_ARCH_X86
    const auto supported = hwy::SupportedTargets();
    if ((supported & HWY_AVX3) != 0) targets[count++] = SimdTarget::kAvx512;
    if ((supported & HWY_AVX2) != 0) targets[count++] = SimdTarget::kAvx2;
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
