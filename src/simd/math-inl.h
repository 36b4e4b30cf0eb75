// Elementary functions on registers: Highway's polynomials with every argument allowed and NaN kept, and erf.
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
#include "hwy/highway.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// e^x. Highway's own loses NaN, and its conversion to integers is defined in a range only: beyond the bounds
// here the result is 0 or infinity anyway.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_exp(D d, V x) {
  using T = hn::TFromD<D>;
  const V low = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? -104.0 : -746.0));
  const V high = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 89.0 : 710.0));
  const V y = hn::Exp(d, hn::Min(hn::Max(x, low), high));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// e^x − 1 for x ≤ 0; positive arguments give garbage.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_expm1_negative(D d, V x) {
  using T = hn::TFromD<D>;
  const V y = hn::Expm1(d, hn::Max(x, hn::Set(d, static_cast<T>(-100))));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// log(1 + x). REQUIRES: 0 ≤ x ≤ 1 (or NaN).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_log1p(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Log1p(d, x));
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
  using T = hn::TFromD<D>;
  const V bound = hn::Set(d, static_cast<T>(20));  // tanh is 1 there, to the last bit
  const V y = hn::Tanh(d, hn::Min(hn::Max(x, hn::Neg(bound)), bound));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// Coefficients of the rational approximations of erf and erfc from FreeBSD's s_erf.c (Sun Microsystems 1993),
// constant term first.
struct ErfTables {
  static constexpr double kSmallP[] = {1.28379167095512558561e-01, -3.25042107247001499370e-01,
                                       -2.84817495755985104766e-02, -5.77027029648944159157e-03,
                                       -2.37630166566501626084e-05};
  static constexpr double kSmallQ[] = {1.0,
                                       3.97917223959155352819e-01,
                                       6.50222499887672944485e-02,
                                       5.08130628187576562776e-03,
                                       1.32494738004321644526e-04,
                                       -3.96022827877536812320e-06};
  static constexpr double kAtOne = 8.45062911510467529297e-01;
  static constexpr double kMiddleP[] = {-2.36211856075265944077e-03, 4.14856118683748331666e-01,
                                        -3.72207876035701323847e-01, 3.18346619901161753674e-01,
                                        -1.10894694282396677476e-01, 3.54783043256182359371e-02,
                                        -2.16637559486879084300e-03};
  static constexpr double kMiddleQ[] = {1.0,
                                        1.06420880400844228286e-01,
                                        5.40397917702171048937e-01,
                                        7.18286544141962662868e-02,
                                        1.26171219808761642112e-01,
                                        1.36370839120290507362e-02,
                                        1.19844998467991074170e-02};
  static constexpr double kNearP[] = {-9.86494403484714822705e-03, -6.93858572707181764372e-01,
                                      -1.05586262253232909814e+01, -6.23753324503260060396e+01,
                                      -1.62396669462573470355e+02, -1.84605092906711035994e+02,
                                      -8.12874355063065934246e+01, -9.81432934416914548592e+00};
  static constexpr double kNearQ[] = {1.0,
                                      1.96512716674392571292e+01,
                                      1.37657754143519042600e+02,
                                      4.34565877475229228821e+02,
                                      6.45387271733267880336e+02,
                                      4.29008140027567833386e+02,
                                      1.08635005541779435134e+02,
                                      6.57024977031928170135e+00,
                                      -6.04244152148580987438e-02};
  static constexpr double kFarP[] = {-9.86494292470009928597e-03, -7.99283237680523006574e-01,
                                     -1.77579549177547519889e+01, -1.60636384855821916062e+02,
                                     -6.37566443368389627722e+02, -1.02509513161107724954e+03,
                                     -4.83519191608651397019e+02, 0.0};
  static constexpr double kFarQ[] = {1.0,
                                     3.03380607434824582924e+01,
                                     3.25792512996573918826e+02,
                                     1.53672958608443695994e+03,
                                     3.19985821950859553908e+03,
                                     2.55305040643316442583e+03,
                                     4.74528541206955367215e+02,
                                     -2.24409524465858183362e+01,
                                     0.0};
};

template <class D, class V, std::size_t kCount>
HWY_INLINE V polynomial(D d, V x, const double (&coefficients)[kCount]) {
  V y = hn::Set(d, coefficients[kCount - 1]);
  for (std::size_t i = kCount - 1; i-- > 0;) y = hn::MulAdd(y, x, hn::Set(d, coefficients[i]));
  return y;
}

template <class D, class V, class M, std::size_t kCount>
HWY_INLINE V chosen_polynomial(D d, V x, M first, const double (&a)[kCount], const double (&b)[kCount]) {
  V y = hn::IfThenElse(first, hn::Set(d, a[kCount - 1]), hn::Set(d, b[kCount - 1]));
  for (std::size_t i = kCount - 1; i-- > 0;) {
    y = hn::MulAdd(y, x, hn::IfThenElse(first, hn::Set(d, a[i]), hn::Set(d, b[i])));
  }
  return y;
}

// erfc(x) for 1.25 ≤ x ≤ 28.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erfc_tail(D d, V x) {
  const V inverse_square = hn::Div(hn::Set(d, 1.0), hn::Mul(x, x));
  const auto near = hn::Lt(x, hn::Set(d, 1 / 0.35));
  const V p = chosen_polynomial(d, inverse_square, near, ErfTables::kNearP, ErfTables::kFarP);
  const V q = chosen_polynomial(d, inverse_square, near, ErfTables::kNearQ, ErfTables::kFarQ);
  // x without its lower half of bits: its square is exact.
  const hn::Rebind<std::uint64_t, D> bits;
  const V z = hn::BitCast(d, hn::And(hn::BitCast(bits, x), hn::Set(bits, 0xFFFFFFFF00000000u)));
  const V head = lane_exp(d, hn::NegMulSub(z, z, hn::Set(d, 0.5625)));
  const V rest = lane_exp(d, hn::MulAdd(hn::Sub(z, x), hn::Add(z, x), hn::Div(p, q)));
  return hn::Div(hn::Mul(head, rest), x);
}

// erfc(x) = 1 − erf(x), with full precision in its small tail. Doubles only.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V lane_erfc(D d, V x) {
  const V one = hn::Set(d, 1.0), half = hn::Set(d, 0.5), at_one = hn::Set(d, ErfTables::kAtOne);
  const V magnitude = hn::Min(hn::Abs(x), hn::Set(d, 28.0));
  const V square = hn::Mul(magnitude, magnitude);
  const auto negative = hn::Lt(x, hn::Zero(d));

  const V ratio =
      hn::Div(polynomial(d, square, ErfTables::kSmallP), polynomial(d, square, ErfTables::kSmallQ));
  const V s = hn::Sub(magnitude, one);
  const V step = hn::Div(polynomial(d, s, ErfTables::kMiddleP), polynomial(d, s, ErfTables::kMiddleQ));
  const V tail = erfc_tail(d, hn::Max(magnitude, hn::Set(d, 1.25)));
  const auto is_small = hn::Lt(magnitude, hn::Set(d, 0.84375));
  const auto is_middle = hn::Lt(magnitude, hn::Set(d, 1.25));

  const V below = hn::Sub(one, hn::MulAdd(x, ratio, x));
  const V above = hn::Sub(half, hn::MulAdd(x, ratio, hn::Sub(x, half)));
  const V small = hn::IfThenElse(hn::Lt(x, hn::Set(d, 0.25)), below, above);
  const V middle = hn::IfThenElse(negative, hn::Add(one, hn::Add(at_one, step)),
                                  hn::Sub(hn::Set(d, 1 - ErfTables::kAtOne), step));
  const V large = hn::IfThenElse(negative, hn::Sub(hn::Set(d, 2.0), tail), tail);
  const V y = hn::IfThenElse(is_small, small, hn::IfThenElse(is_middle, middle, large));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#endif
