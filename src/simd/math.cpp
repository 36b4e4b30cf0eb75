#include "simd/math.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/math.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
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
namespace deadrelu {
namespace HWY_NAMESPACE {
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
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
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

}  // namespace deadrelu
#endif
