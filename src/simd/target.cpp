#include "simd/target.h"

#include <algorithm>
#include <array>
#include <chrono>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/target.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Twelve independent sums: more than latency times units anywhere. Returns what has been summed up, so that
// the compiler keeps the work.
float multiply_add(std::size_t rounds) {
  const Tag<float> d;
  const auto factor = hn::Set(d, 0.999f), term = hn::Set(d, 0.001f);
  // Different starts, lest the compiler finds that the sums are all one.
  const auto start = [&](float value) HWY_ATTR { return hn::Set(d, value); };
  auto a = start(1), b = start(2), c = start(3), e = start(4), f = start(5), g = start(6), h = start(7),
       i = start(8), j = start(9), k = start(10), l = start(11), m = start(12);
  for (std::size_t r = 0; r < rounds; ++r) {
    a = hn::MulAdd(a, factor, term);
    b = hn::MulAdd(b, factor, term);
    c = hn::MulAdd(c, factor, term);
    e = hn::MulAdd(e, factor, term);
    f = hn::MulAdd(f, factor, term);
    g = hn::MulAdd(g, factor, term);
    h = hn::MulAdd(h, factor, term);
    i = hn::MulAdd(i, factor, term);
    j = hn::MulAdd(j, factor, term);
    k = hn::MulAdd(k, factor, term);
    l = hn::MulAdd(l, factor, term);
    m = hn::MulAdd(m, factor, term);
  }
  a = hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)), hn::Add(hn::Add(f, g), hn::Add(h, i)));
  return hn::GetLane(hn::Add(a, hn::Add(hn::Add(j, k), hn::Add(l, m))));
}

constexpr float (*kMultiplyAdd)(std::size_t rounds) = &multiply_add;

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
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

double measure_peak_gflops(SimdTarget target) {
  constexpr std::size_t kRounds = 400'000;  // about a millisecond
  constexpr int kTrials = 30;
  const auto multiply_add = DEADRELU_TARGET_TABLE(target, kMultiplyAdd);
  const double flops = 2.0 * 12 * static_cast<double>(lane_count<float>(target)) * kRounds;
  double best = 0;
  volatile float sink = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    sink = sink + multiply_add(kRounds);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, flops / seconds.count() * 1e-9);
  }
  return best;
}

}  // namespace deadrelu
#endif
