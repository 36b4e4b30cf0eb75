// Elementary functions on registers, with every argument allowed and NaN kept: Highway's polynomials for doubles, and
// the same ones, but for log1p, for floats. Errors below are in units of the last place, as tests/simd measures them.
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
#include "simd/math.h"

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

// e^x − 1, off by less than 4.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_expm1(D d, V x) {
  const V bound = hn::Set(d, 40);  // beyond it, 1 is less than the last place
  const V near = hn::Expm1(d, hn::Max(hn::Min(x, bound), hn::Set(d, -100)));
  return hn::IfThenElse(hn::Gt(x, bound), lane_exp(d, x), hn::IfThenElse(hn::IsNaN(x), x, near));
}

// log(1 + x), off by less than 3: −∞ at −1, NaN below. The quotient makes good what 1 + x has lost (Goldberg 1991).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_log1p_of_any(D d, V x) {
  const V one = hn::Set(d, 1), sum = hn::Add(one, x);
  const V y = hn::Mul(lane_log(d, sum), hn::Div(x, hn::Sub(sum, one)));
  const auto as_it_is =
      hn::Or(hn::Eq(sum, one), hn::Eq(x, hn::Set(d, std::numeric_limits<hn::TFromD<D>>::infinity())));
  return hn::IfThenElse(as_it_is, x, y);
}

// sin x (first = 0) and cos x (first = 1), off by less than 3 of the larger of it and ½. Beyond what Highway reduces,
// the argument is reduced number by number.
template <int kFirst, class D, class V = hn::Vec<D>>
HWY_INLINE V lane_sine(D d, V x) {
  using T = hn::TFromD<D>;
  const auto far = hn::Gt(hn::Abs(x), hn::Set(d, 39000));
  const V near = hn::IfThenZeroElse(far, x);
  V y = kFirst == 0 ? hn::Sin(d, near) : hn::Cos(d, near);
  if (HWY_LIKELY(hn::AllFalse(d, far))) return y;
  HWY_ALIGN T rest[MaxLanes(D())], result[MaxLanes(D())], sines[MaxLanes(D())], cosines[MaxLanes(D())];
  int quarters[MaxLanes(D())] = {};
  hn::Store(hn::IfThenElseZero(far, x), d, rest);
  for (std::size_t i = 0; i < MaxLanes(D()); ++i) {
    if (rest[i] == 0) continue;
    const QuarterTurns turns = quarter_turns(static_cast<double>(rest[i]));
    rest[i] = static_cast<T>(turns.rest);
    quarters[i] = turns.quarters + kFirst;
  }
  const V reduced = hn::Load(d, rest);
  hn::Store(hn::Sin(d, reduced), d, sines);
  hn::Store(hn::Cos(d, reduced), d, cosines);
  for (std::size_t i = 0; i < MaxLanes(D()); ++i) {
    const T magnitude = (quarters[i] & 1) != 0 ? cosines[i] : sines[i];
    result[i] = (quarters[i] & 2) != 0 ? -magnitude : magnitude;
  }
  return hn::IfThenElse(far, hn::Load(d, result), y);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_sin(D d, V x) {
  return lane_sine<0>(d, x);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_cos(D d, V x) {
  return lane_sine<1>(d, x);
}

// A sum of two doubles, the second less than the last place of the first.
template <class V>
struct TwoLanes {
  V high, low;
};

// log a for 0 < a < ∞, to about 2^−65: a = 2^k·m with m near 1, log m = 2·atanh(s) with s = (m − 1)/(m + 1), whose
// first two terms are carried to twice the digits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE TwoLanes<V> precise_log(D d, V a) {
  const hn::RebindToSigned<D> bits;
  const auto number = [&](double value) HWY_ATTR { return hn::Set(d, value); };
  const V one = number(1);
  const auto tiny = hn::Lt(a, number(std::numeric_limits<double>::min()));
  const auto scaled = hn::BitCast(bits, hn::IfThenElse(tiny, hn::Mul(a, number(0x1p54)), a));
  // The exponent that leaves m in [√½, √2).
  const auto raised = hn::Add(scaled, hn::Set(bits, 0x3FF0000000000000 - 0x3FE6A09E667F3BCD));
  const auto exponent = hn::Sub(hn::ShiftRight<52>(raised), hn::Set(bits, 1023));
  const V m = hn::BitCast(d, hn::Sub(scaled, hn::ShiftLeft<52>(exponent)));
  // As floating point by way of the mantissa: not every target converts 64-bit integers.
  const V shifter = number(0x1.8p52);
  const V whole = hn::Sub(hn::BitCast(d, hn::Add(exponent, hn::BitCast(bits, shifter))), shifter);
  const V k = hn::IfThenElse(tiny, hn::Sub(whole, number(54)), whole);

  const V f = hn::Sub(m, one), sum = hn::Add(one, m), sum_rest = hn::Sub(m, hn::Sub(sum, one));
  const V s = hn::Div(f, sum);
  const V s_rest = hn::Div(hn::NegMulAdd(s, sum_rest, hn::NegMulAdd(s, sum, f)), sum);
  const V z = hn::Mul(s, s), z_rest = hn::MulAdd(hn::Add(s, s), s_rest, hn::MulSub(s, s, z));
  static constexpr double kRest[] = {2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                                     2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};
  const V third = number(2.0 / 3), t = hn::Mul(third, z);
  const V t_rest =
      hn::MulAdd(third, z_rest, hn::MulAdd(z, number(0x1.5555555555555p-55), hn::MulSub(third, z, t)));
  const V tail = hn::MulAdd(hn::Mul(z, z), polynomial(d, z, kRest), t_rest);
  const V p = hn::Add(number(2), t), p_rest = hn::Add(hn::Sub(t, hn::Sub(p, number(2))), tail);
  const V q = hn::Mul(s, p), q_rest = hn::MulAdd(s, p_rest, hn::MulAdd(s_rest, p, hn::MulSub(s, p, q)));
  const V base = hn::Mul(k, number(0x1.62e42fefa38p-1));  // exact: the rest of log 2 is added to the end
  const V high = hn::Add(base, q), low = hn::Sub(q, hn::Sub(high, base));
  const V rest = hn::Add(low, hn::MulAdd(k, number(0x1.ef35793c7673p-45), q_rest));
  const V top = hn::Add(high, rest);
  return {top, hn::Sub(rest, hn::Sub(top, high))};
}

// a^b as C's pow, off by less than 2. Floats go through double.
template <class V>
HWY_INLINE V double_pow(V a, V b) {
  const Tag<double> d;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0),
          infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  const V size = hn::Abs(a);
  const auto ordinary = hn::And(hn::Gt(size, zero), hn::Lt(size, infinity));
  const TwoLanes<V> log = precise_log(d, hn::IfThenElse(ordinary, size, one));
  const V at_end = hn::IfThenElse(hn::Eq(size, zero), hn::Neg(infinity), size);  // ∞ and NaN are their own
  const V high = hn::Mul(b, hn::IfThenElse(ordinary, log.high, at_end));
  const V low = hn::MulAdd(b, log.low, hn::MulSub(b, log.high, high));
  const V whole_power = lane_exp(d, high);
  const auto adjusts =
      hn::And(ordinary, hn::And(hn::Lt(whole_power, infinity), hn::Lt(hn::Abs(high), infinity)));
  V y = hn::IfThenElse(adjusts, hn::MulAdd(whole_power, low, whole_power), whole_power);
  y = hn::IfThenElse(hn::Eq(size, one), hn::IfThenElse(hn::IsNaN(b), b, one), y);
  // Below 0 only whole exponents have a power; beyond 2^53 all are, and even.
  const V half = hn::Mul(b, hn::Set(d, 0.5));
  const auto whole = hn::Eq(hn::Floor(b), b), odd = hn::And(whole, hn::Ne(hn::Floor(half), half));
  const auto negative = hn::Or(hn::Lt(a, zero), hn::And(hn::Eq(a, zero), hn::Lt(hn::CopySign(one, a), zero)));
  y = hn::IfThenElse(hn::And(negative, odd), hn::Neg(y), y);
  const auto nowhere = hn::And(hn::And(hn::Lt(a, zero), ordinary), hn::Not(whole));
  y = hn::IfThenElse(nowhere, hn::Set(d, std::numeric_limits<double>::quiet_NaN()), y);
  return hn::IfThenElse(hn::Or(hn::Eq(b, zero), hn::Eq(a, one)), one, y);
}
HWY_INLINE Lanes<double> lane_pow(Lanes<double> a, Lanes<double> b) { return double_pow(a, b); }
HWY_INLINE Lanes<float> lane_pow(Lanes<float> a, Lanes<float> b) {
  const Tag<float> d;
  const hn::Half<Tag<float>> half;
  const Tag<double> wide;
  const auto low = double_pow(hn::PromoteTo(wide, hn::LowerHalf(a)), hn::PromoteTo(wide, hn::LowerHalf(b)));
  const auto high =
      double_pow(hn::PromoteTo(wide, hn::UpperHalf(half, a)), hn::PromoteTo(wide, hn::UpperHalf(half, b)));
  return hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
