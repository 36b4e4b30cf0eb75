// Elementary functions on registers, with every argument allowed and NaN kept: Highway's polynomials for doubles, and
// the same ones, but for log1p, for floats.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_MATH_INL_H_
#undef DEADRELU_SIMD_MATH_INL_H_
#else
#define DEADRELU_SIMD_MATH_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// The larger and the smaller of x and a bound; NaN stays.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V at_least(D d, hn::TFromD<D> bound, V x) {
#if HWY_ARCH_X86
  return hn::Max(hn::Set(d, bound), x);  // of two, x86 returns the second beside a NaN
#else
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, bound)), hn::Set(d, bound), x);
#endif
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V at_most(D d, hn::TFromD<D> bound, V x) {
#if HWY_ARCH_X86
  return hn::Min(hn::Set(d, bound), x);
#else
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, bound)), hn::Set(d, bound), x);
#endif
}

// Constant term first.
template <class D, class V, class T, std::size_t kCount>
HWY_INLINE V polynomial(D d, V x, const T (&coefficients)[kCount]) {
  V y = hn::Set(d, coefficients[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) y = hn::MulAdd(y, x, hn::Set(d, coefficients[i]));
  return y;
}

// e^x of floats and what is made of it take Highway's operations, so that they have the bits of its Exp, Expm1
// and Tanh, but for the comparisons that never decide where the argument's range is known.
struct FloatExp {
  // x = q·ln 2 + r; `rest` is e^r − 1 and the low bits of `exponent` are q.
  template <class D>
  struct Parts {
    hn::Vec<D> rest;
    hn::Vec<hn::RebindToSigned<D>> exponent;
  };
  // `half` has the sign of x. REQUIRES: |x| < 2^20, or NaN, which comes back as the rest.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE Parts<D> parts(D d, V x, V half) {
    const hn::RebindToSigned<D> bits;
    // Added to a small integer, its bits are those of the integer, and more above; taken away again, −0 is 0.
    const V shifter = hn::Set(d, 0x1.8p23f);
    const V shifted =
        hn::Add(hn::Trunc(hn::MulAdd(x, hn::Set(d, 1.442695040888963407359924681f), half)), shifter);
    const V q = hn::Sub(shifted, shifter);
    const V high = hn::MulAdd(q, hn::Set(d, -0.693145751953125f), x);
    const V r = hn::MulAdd(q, hn::Set(d, -1.428606765330187045e-6f), high), square = hn::Mul(r, r);
    const V p01 = hn::MulAdd(hn::Set(d, 0.166666671633720397949219f), r, hn::Set(d, 0.5f));
    const V p23 =
        hn::MulAdd(hn::Set(d, 0.00833336077630519866943359f), r, hn::Set(d, 0.0416664853692054748535156f));
    const V p45 =
        hn::MulAdd(hn::Set(d, 0.000198527617612853646278381f), r, hn::Set(d, 0.00139304355252534151077271f));
    const V p = hn::MulAdd(hn::Mul(square, square), p45, hn::MulAdd(square, p23, p01));
    return {hn::MulAdd(p, square, r), hn::BitCast(bits, shifted)};
  }
  // y·2^q as long as that is a normal number; y is about 1.
  template <class V, class I>
  static HWY_INLINE V scale(V y, I q) {
    const hn::DFromV<I> bits;
    return hn::BitCast(hn::DFromV<V>(), hn::Add(hn::BitCast(bits, y), hn::ShiftLeft<23>(q)));
  }
};

// e^x for −104 ≤ x ≤ 89, or NaN. `half` has the sign of x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V float_exp(D d, V x, V half) {
  const hn::RebindToSigned<D> bits;
  const auto parts = FloatExp::parts(d, x, half);
  // In two steps, as 2^q may be no normal number: the first is exact, the second rounds.
  const auto q = hn::Sub(parts.exponent, hn::Set(bits, 0x4B400000)), first = hn::ShiftRight<1>(q);
  const auto second = hn::ShiftLeft<23>(hn::Add(hn::Sub(q, first), hn::Set(bits, 127)));
  return hn::Mul(FloatExp::scale(hn::Add(parts.rest, hn::Set(d, 1.0f)), first), hn::BitCast(d, second));
}

// e^x. Beyond the bounds here the result is 0 or infinity.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_exp(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const V half = hn::CopySign(hn::Set(d, 0.5f), x);
    return float_exp(d, at_most(d, 89, at_least(d, -104, x)), half);
  } else {
    const V y = hn::Exp(d, hn::Min(hn::Max(x, hn::Set(d, -746.0)), hn::Set(d, 710.0)));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }
}

// e^x for x ≤ 0; positive arguments give garbage. The same bits as lane_exp.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_exp_negative(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4)
    return float_exp(d, at_least(d, -104, x), hn::Set(d, -0.5f));
  else
    return lane_exp(d, x);
}

// e^x − 1 for x ≤ 0; positive arguments give garbage.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_expm1_negative(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const V one = hn::Set(d, 1.0f), bounded = at_least(d, -80, x);  // −1 there, to the last bit
    const auto parts = FloatExp::parts(d, bounded, hn::Set(d, -0.5f));
    const V far = hn::Sub(FloatExp::scale(hn::Add(parts.rest, one), parts.exponent), one);
    return hn::IfThenElse(hn::Gt(bounded, hn::Set(d, -0.346573590279972654708616f)), parts.rest, far);
  } else {
    const V y = hn::Expm1(d, hn::Max(x, hn::Set(d, -100.0)));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }
}

// log(1 + x). REQUIRES: 0 ≤ x ≤ 1 (or NaN). Floats: x + x²·P₈(x), off by less than 1.2·10⁻⁷ of itself.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_log1p(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    static constexpr float kP[] = {-0.49999902f, 0.33329964f,   -0.24954134f, 0.19675939f,   -0.15305592f,
                                   0.10603654f,  -0.056959532f, 0.019851459f, -0.0032440243f};
    return hn::MulAdd(hn::Mul(x, x), polynomial(d, x, kP), x);
  } else {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Log1p(d, x));
  }
}

// Natural logarithm: −∞ at 0, NaN below.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_log(D d, V x) {
  using T = hn::TFromD<D>;
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), hn::Log(d, x));
  const V positive = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  return hn::IfThenElse(hn::Ge(x, hn::Zero(d)), positive, hn::Set(d, std::numeric_limits<T>::quiet_NaN()));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_tanh(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {  // y / (y + 2) with y = e^2|x| − 1
    const V one = hn::Set(d, 1.0f), twice = at_most(d, 40, hn::Abs(hn::Add(x, x)));
    const auto parts = FloatExp::parts(d, twice, hn::Set(d, 0.5f));
    const V far = hn::Sub(FloatExp::scale(hn::Add(parts.rest, one), parts.exponent), one);
    const V y = hn::IfThenElse(hn::Lt(twice, hn::Set(d, 0.346573590279972654708616f)), parts.rest, far);
    return hn::CopySign(hn::Div(y, hn::Add(y, hn::Set(d, 2.0f))), x);
  } else {
    const V bound = hn::Set(d, 20.0);  // tanh is 1 there, to the last bit
    const V y = hn::Tanh(d, hn::Min(hn::Max(x, hn::Neg(bound)), bound));
    return hn::IfThenElse(hn::IsNaN(x), x, y);
  }
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
