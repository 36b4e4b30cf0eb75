// erfc, and the normal distribution's tail, on registers.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_ERFC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_ERFC_INL_H_
#undef DEADRELU_SIMD_ERFC_INL_H_
#else
#define DEADRELU_SIMD_ERFC_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "simd/lanes-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Coefficients of the rational approximations from FreeBSD's s_erf.c (Sun Microsystems 1993),
// constant term first.
struct ErfTables {
  static constexpr double kSmallP[] = {1.28379167095512558561e-01, -3.25042107247001499370e-01,
                                       -2.84817495755985104766e-02, -5.77027029648944159157e-03,
                                       -2.37630166566501626084e-05};
  static constexpr double kSmallQ[] = {1.00000000000000000000e+00, 3.97917223959155352819e-01,
                                       6.50222499887672944485e-02, 5.08130628187576562776e-03,
                                       1.32494738004321644526e-04, -3.96022827877536812320e-06};
  static constexpr double kAtOne = 8.45062911510467529297e-01;
  static constexpr double kMiddleP[] = {-2.36211856075265944077e-03, 4.14856118683748331666e-01,
                                        -3.72207876035701323847e-01, 3.18346619901161753674e-01,
                                        -1.10894694282396677476e-01, 3.54783043256182359371e-02,
                                        -2.16637559486879084300e-03};
  static constexpr double kMiddleQ[] = {1.00000000000000000000e+00, 1.06420880400844228286e-01,
                                        5.40397917702171048937e-01, 7.18286544141962662868e-02,
                                        1.26171219808761642112e-01, 1.36370839120290507362e-02,
                                        1.19844998467991074170e-02};
  static constexpr double kNearP[] = {-9.86494403484714822705e-03, -6.93858572707181764372e-01,
                                      -1.05586262253232909814e+01, -6.23753324503260060396e+01,
                                      -1.62396669462573470355e+02, -1.84605092906711035994e+02,
                                      -8.12874355063065934246e+01, -9.81432934416914548592e+00};
  static constexpr double kNearQ[] = {
      1.00000000000000000000e+00, 1.96512716674392571292e+01, 1.37657754143519042600e+02,
      4.34565877475229228821e+02, 6.45387271733267880336e+02, 4.29008140027567833386e+02,
      1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02};
  static constexpr double kFarP[] = {-9.86494292470009928597e-03, -7.99283237680523006574e-01,
                                     -1.77579549177547519889e+01, -1.60636384855821916062e+02,
                                     -6.37566443368389627722e+02, -1.02509513161107724954e+03,
                                     -4.83519191608651397019e+02, 0.00000000000000000000e+00};
  static constexpr double kFarQ[] = {
      1.00000000000000000000e+00, 3.03380607434824582924e+01,  3.25792512996573918826e+02,
      1.53672958608443695994e+03, 3.19985821950859553908e+03,  2.55305040643316442583e+03,
      4.74528541206955367215e+02, -2.24409524465858183362e+01, 0.00000000000000000000e+00};
};

template <class D, class V = hn::Vec<D>, std::size_t kCount>
HWY_INLINE V rounded_polynomial(D d, V x, const double (&a)[kCount]) {
  using T = hn::TFromD<D>;
  V y = hn::Set(d, static_cast<T>(a[kCount - 1]));
  for (std::size_t i = kCount - 1; i-- > 0;) y = hn::MulAdd(y, x, hn::Set(d, static_cast<T>(a[i])));
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

// With Φ the normal distribution's: e^(−z²/2), Φ(z) and z·Φ(z).
template <class T>
struct NormalParts {
  Lanes<T> e, below, product;
};

// erfc keeps Φ's digits in the lower tail.
HWY_INLINE NormalParts<double> normal_parts(Lanes<double> z) {
  const Tag<double> d;
  const auto x = hn::Mul(z, hn::Set(d, -0.70710678118654752440));
  const auto below = hn::Mul(hn::Set(d, 0.5), lane_erfc(d, x));
  return {lane_exp_negative(d, hn::Mul(hn::Mul(hn::Set(d, -0.5), z), z)), below, hn::Mul(z, below)};
}

// For a = |z|, Φ(−a) = e^(−a²/2)·t·Q(1 − t) with t = 1 / (1 + 0.4a); Q is the polynomial of the smallest
// largest error, 3·10⁻⁸. Φ(z) and z·Φ(z) are off by less than 4·10⁻⁷ of themselves (a number so small that it
// has fewer digits: by less than two of its last place), most of it from the roundings of t and e^(−a²/2).
HWY_INLINE NormalParts<float> normal_parts(Lanes<float> z) {
  static constexpr float kQ[] = {0.5f,           -0.497357398f, 0.0678532794f, 0.116654515f, 0.0228559505f,
                                 -0.0611413755f, 0.057319954f,  -0.12750493f,  0.113104194f, -0.0322081558f};
  const Tag<float> d;
  const auto one = hn::Set(d, 1.0f), minus_half = hn::Set(d, -0.5f);
  const auto a = at_most(d, 14.5f, hn::Abs(z));                         // e is 0 from there on
  const auto square = hn::Mul(a, a), error = hn::MulSub(a, a, square);  // together a², exactly
  const auto rough = lane_exp_negative(d, hn::Mul(minus_half, square));
  const auto e = hn::MulAdd(rough, hn::Mul(minus_half, error), rough);
  const auto t = hn::Div(one, hn::MulAdd(a, hn::Set(d, 0.4f), one));
  const auto ratio = hn::Mul(polynomial(d, hn::Sub(one, t), kQ), t), above = hn::NegMulAdd(ratio, e, one);
  const auto negative = hn::Lt(z, hn::Zero(d));
  return {e, hn::IfThenElse(negative, hn::Mul(ratio, e), above),
          hn::IfThenElse(negative, hn::Mul(hn::Mul(z, ratio), e), hn::Mul(z, above))};
}

// erf of |x| ≥ 0.84375.
HWY_INLINE Lanes<double> erf_of_large(Lanes<double> size) {
  const Tag<double> d;
  return hn::Sub(hn::Set(d, 1.0), lane_erfc(d, size));
}
HWY_INLINE Lanes<float> erf_of_large(Lanes<float> size) {
  const Tag<float> d;
  const auto tail = normal_parts(hn::Mul(hn::Set(d, -1.41421356237309505f), size)).below;
  return hn::NegMulAdd(hn::Set(d, 2.0f), tail, hn::Set(d, 1.0f));
}

// erf(x), off by less than 2 units of its last place.
template <class T>
HWY_INLINE Lanes<T> lane_erf(Lanes<T> x) {
  const Tag<T> d;
  const auto size = hn::Abs(x), bound = hn::Set(d, static_cast<T>(0.84375));
  const auto near = hn::Min(size, bound), square = hn::Mul(near, near);
  const auto ratio = hn::Div(rounded_polynomial(d, square, ErfTables::kSmallP),
                             rounded_polynomial(d, square, ErfTables::kSmallQ));
  const auto far = hn::CopySign(erf_of_large(size), x);
  return hn::IfThenElse(hn::Lt(size, bound), hn::MulAdd(x, ratio, x), hn::IfThenElse(hn::IsNaN(x), x, far));
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
