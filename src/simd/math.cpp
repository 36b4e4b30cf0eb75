#include "simd/math.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/math.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/math-inl.h"
#include "simd/target.h"

namespace deadrelu {
#ifndef DEADRELU_SIMD_MATH_TABLE_
#define DEADRELU_SIMD_MATH_TABLE_
namespace {
// Each works in place on `count` doubles.
struct MathKernels {
  using Function = void (*)(double* x, std::size_t count);
  Function exp, log, sin;
};
}  // namespace
#endif
}  // namespace deadrelu

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

using V = Lanes<double>;

struct Exp {
  static HWY_INLINE V of(V x) { return lane_exp(Tag<double>(), x); }
};
struct Log {
  static HWY_INLINE V of(V x) { return lane_log(Tag<double>(), x); }
};
struct Sin {
  static HWY_INLINE V of(V x) { return hn::Sin(Tag<double>(), x); }
};

template <class F>
void apply(double* x, std::size_t count) {
  const Tag<double> d;
  constexpr std::size_t kStep = kLanes<double>;
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) hn::StoreU(F::of(hn::LoadU(d, x + i)), d, x + i);
  if (i < count) {  // the rest goes through a whole register, so that every value meets the same instructions
    HWY_ALIGN double rest[kStep] = {};
    std::copy(x + i, x + count, rest);
    hn::Store(F::of(hn::Load(d, rest)), d, rest);
    std::copy(rest, rest + (count - i), x + i);
  }
}

constexpr MathKernels kMath{&apply<Exp>, &apply<Log>, &apply<Sin>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {
namespace {

const MathKernels& math() {
  static const MathKernels& kernels = DEADRELU_TARGET_TABLE(available_simd().front(), kMath);
  return kernels;
}

double of_one(MathKernels::Function function, double x) {
  function(&x, 1);
  return x;
}

constexpr std::size_t kBlock = 256;  // draws at a time; the scratch stays in the L1 cache

double unit_interval(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace

void vector_log(std::span<double> x) { math().log(x.data(), x.size()); }
void vector_sin(std::span<double> x) {
  assert(std::all_of(x.begin(), x.end(), [](double value) { return !(std::abs(value) > 39000); }));
  math().sin(x.data(), x.size());
}

double portable_exp(double x) { return of_one(math().exp, x); }
double portable_log(double x) { return of_one(math().log, x); }
double portable_sin(double x) { return of_one(math().sin, x); }
double portable_cos(double x) { return portable_sin(x + 1.57079632679489661923); }

void fill_normal(std::span<double> out, std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                 std::uint64_t first_index) {
  std::array<double, kBlock> scratch;
  for (std::size_t from = 0; from < out.size(); from += kBlock) {
    const std::span<double> sines = out.subspan(from, std::min(kBlock, out.size() - from));
    const std::span<double> logs = std::span(scratch).first(sines.size());
    for (std::size_t j = 0; j < sines.size(); ++j) {
      const auto words = random_block(seed, purpose, stream, first_index + from + j);
      logs[j] = unit_interval(words[0], words[1]);
      sines[j] = 2 * std::numbers::pi * unit_interval(words[2], words[3]);
    }
    vector_log(logs);
    vector_sin(sines);
    for (std::size_t j = 0; j < sines.size(); ++j) sines[j] *= std::sqrt(-2 * logs[j]);
  }
}

}  // namespace deadrelu
#endif
