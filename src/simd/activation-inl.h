// The formula of every activation that maps one number to one: value and derivative on registers.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_ACTIVATION_INL_H_
#undef DEADRELU_SIMD_ACTIVATION_INL_H_
#else
#define DEADRELU_SIMD_ACTIVATION_INL_H_
#endif

#include "simd/activation.h"
#include "simd/erfc-inl.h"
#include "simd/lanes-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// What every formula starts from; `one()` and the like are constants that the compiler keeps in registers.
template <class T>
struct Formula {
  using V = Lanes<T>;
  static HWY_INLINE V number(double x) { return hn::Set(Tag<T>(), static_cast<T>(x)); }
  static HWY_INLINE V zero() { return hn::Zero(Tag<T>()); }
  static HWY_INLINE V one() { return number(1); }
  // e^−|z|: never overflows, so formulas written in it hold on the whole line.
  static HWY_INLINE V decay(V z) { return lane_exp_negative(Tag<T>(), hn::Neg(hn::Abs(z))); }
  static HWY_INLINE V logistic(V z) {
    const V e = decay(z);
    return hn::Div(hn::IfThenElse(hn::Lt(z, zero()), e, one()), hn::Add(one(), e));
  }
  static HWY_INLINE V logistic_slope(V z) {
    const V e = decay(z), sum = hn::Add(one(), e);
    return hn::Div(e, hn::Mul(sum, sum));
  }
  static HWY_INLINE V softplus(V z) {
    return hn::Add(hn::IfThenZeroElse(hn::Lt(z, zero()), z), lane_log1p(Tag<T>(), decay(z)));
  }
  static HWY_INLINE V inside(V z, double low, double high, V value) {
    return hn::IfThenElseZero(hn::And(hn::Gt(z, number(low)), hn::Lt(z, number(high))), value);
  }
};

// An activation's numbers in registers.
template <class T>
struct ActivationNumbers {
  Lanes<T> slope, alpha, at_zero;
  LaneMatrix<const T> drawn_slopes;  // rows of vectors
};
template <Engine kEngine, class T>
HWY_INLINE ActivationNumbers<T> numbers_of(const ActivationParameters<T>& p) {
  return {load_number<kEngine>(p.slope), load_number<kEngine>(p.alpha), load_number<kEngine>(p.at_zero),
          as_vectors<kEngine>(p.drawn_slopes)};
}

template <class T>
struct Identity : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Identity(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return z; }
  HWY_INLINE V slope(V) const { return this->one(); }
};

template <class T>
struct Relu : Formula<T> {
  using V = Lanes<T>;
  V at_zero;
  explicit HWY_INLINE Relu(const ActivationNumbers<T>& p) : at_zero(p.at_zero) {}
  HWY_INLINE V value(V z) const { return hn::IfThenZeroElse(hn::Le(z, this->zero()), z); }
  HWY_INLINE V gradient(V z, V above) const {
    const V at_kink = hn::IfThenZeroElse(hn::Eq(at_zero, this->zero()), hn::Mul(at_zero, above));
    const V side = hn::IfThenElseZero(hn::Gt(z, this->zero()), above);
    return hn::IfThenElse(hn::Eq(z, this->zero()), at_kink, side);
  }
};

// leaky_relu, prelu, rrelu.
template <class T>
struct Leaky : Formula<T> {
  using V = Lanes<T>;
  V negative, at_zero;
  explicit HWY_INLINE Leaky(const ActivationNumbers<T>& p) : Leaky(p.slope, p.at_zero) {}
  HWY_INLINE Leaky(V slope, V zero_slope) : negative(slope), at_zero(zero_slope) {}
  HWY_INLINE V value(V z) const { return hn::IfThenElse(hn::Ge(z, this->zero()), z, hn::Mul(negative, z)); }
  HWY_INLINE V slope(V z) const {
    const V kink = hn::MulAdd(at_zero, hn::Sub(this->one(), negative), negative);
    const V side = hn::IfThenElse(hn::Gt(z, this->zero()), this->one(), negative);
    return hn::IfThenElse(hn::Eq(z, this->zero()), kink, side);
  }
};

template <class T>
struct Relu6 : Relu<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Relu6(const ActivationNumbers<T>& p) : Relu<T>(p) {}
  HWY_INLINE V value(V z) const {
    const V six = this->number(6);
    return hn::IfThenElse(hn::Gt(z, six), six, Relu<T>::value(z));
  }
  HWY_INLINE V gradient(V z, V above) const {
    return hn::IfThenElseZero(hn::Lt(z, this->number(6)), Relu<T>::gradient(z, above));
  }
};

template <class T>
struct Elu : Formula<T> {
  using V = Lanes<T>;
  V alpha;
  explicit HWY_INLINE Elu(const ActivationNumbers<T>& p) : alpha(p.alpha) {}
  HWY_INLINE V value(V z) const {
    return hn::IfThenElse(hn::Gt(z, this->zero()), z, hn::Mul(alpha, lane_expm1_negative(Tag<T>(), z)));
  }
  HWY_INLINE V slope(V z) const {
    return hn::IfThenElse(hn::Gt(z, this->zero()), this->one(), hn::Mul(alpha, lane_exp(Tag<T>(), z)));
  }
};

template <class T>
struct Selu : Formula<T> {
  using V = Lanes<T>;
  static constexpr double kAlpha = 1.6732632423543772848170429916717;
  static constexpr double kScale = 1.0507009873554804934193349852946;
  explicit HWY_INLINE Selu(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const {
    const V negative = hn::Mul(this->number(kAlpha), lane_expm1_negative(Tag<T>(), z));
    return hn::Mul(this->number(kScale), hn::IfThenElse(hn::Gt(z, this->zero()), z, negative));
  }
  HWY_INLINE V slope(V z) const {
    const V negative = hn::Mul(this->number(kAlpha), lane_exp(Tag<T>(), z));
    return hn::Mul(this->number(kScale), hn::IfThenElse(hn::Gt(z, this->zero()), this->one(), negative));
  }
};

template <class T>
struct Celu : Elu<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Celu(const ActivationNumbers<T>& p) : Elu<T>(p) {}
  HWY_INLINE V value(V z) const {
    const V negative = hn::Mul(this->alpha, lane_expm1_negative(Tag<T>(), hn::Div(z, this->alpha)));
    return hn::IfThenElse(hn::Gt(z, this->zero()), z, negative);
  }
  HWY_INLINE V slope(V z) const {
    const V negative = lane_exp(Tag<T>(), hn::Div(z, this->alpha));
    return hn::IfThenElse(hn::Gt(z, this->zero()), this->one(), negative);
  }
};

// z·Φ(z) with Φ the normal distribution's; its derivative is Φ(z) + z·e^(−z²/2)/√(2π).
template <class T>
struct Gelu : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Gelu(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return normal_parts(z).product; }
  HWY_INLINE V slope(V z) const {
    const NormalParts<T> p = normal_parts(z);
    return hn::MulAdd(z, hn::Mul(this->number(0.39894228040143267794), p.e), p.below);
  }
};

template <class T>
struct Silu : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Silu(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return hn::Mul(z, this->logistic(z)); }
  HWY_INLINE V slope(V z) const { return hn::MulAdd(z, this->logistic_slope(z), this->logistic(z)); }
};

// z·tanh(softplus(z)). With e = e^−|z|, tanh(softplus(z)) is (1 + 2e) / (1 + 2e + 2e²) for z ≥ 0 and
// (e² + 2e) / (e² + 2e + 2) below, and its derivative 4·(1 + e)·(e² or e) / denominator².
template <class T>
struct Mish : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Mish(const ActivationNumbers<T>&) {}
  struct Parts {
    V e, numerator, denominator;
  };
  HWY_INLINE Parts parts(V z) const {
    const V e = this->decay(z), square = hn::Mul(e, e);
    const auto negative = hn::Lt(z, this->zero());
    const V numerator = hn::MulAdd(this->number(2), e, hn::IfThenElse(negative, square, this->one()));
    const V rest = hn::Mul(this->number(2), hn::IfThenElse(negative, this->one(), square));
    return {e, numerator, hn::Add(numerator, rest)};
  }
  HWY_INLINE V value(V z) const {
    const Parts p = parts(z);
    return hn::Mul(z, hn::Div(p.numerator, p.denominator));
  }
  HWY_INLINE V slope(V z) const {
    const Parts p = parts(z);
    const V factor = hn::IfThenElse(hn::Lt(z, this->zero()), p.e, hn::Mul(p.e, p.e));
    const V rise = hn::Div(hn::Mul(hn::Mul(this->number(4), hn::Add(this->one(), p.e)), factor),
                           hn::Mul(p.denominator, p.denominator));
    return hn::MulAdd(z, rise, hn::Div(p.numerator, p.denominator));
  }
};

template <class T>
struct Softplus : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Softplus(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return this->softplus(z); }
  HWY_INLINE V slope(V z) const { return this->logistic(z); }
};

template <class T>
struct Softsign : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Softsign(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return hn::Div(z, hn::Add(this->one(), hn::Abs(z))); }
  HWY_INLINE V slope(V z) const {
    const V r = hn::Div(this->one(), hn::Add(this->one(), hn::Abs(z)));
    return hn::Mul(r, r);
  }
};

template <class T>
struct Sigmoid : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Sigmoid(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return this->logistic(z); }
  HWY_INLINE V slope(V z) const { return this->logistic_slope(z); }
};

template <class T>
struct Tanh : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Tanh(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return lane_tanh(Tag<T>(), z); }
  // 1 − tanh² without the cancellation: 4·σ'(2z).
  HWY_INLINE V slope(V z) const { return hn::Mul(this->number(4), this->logistic_slope(hn::Add(z, z))); }
};

template <class T>
struct HardSigmoid : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE HardSigmoid(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const {
    const V six = this->number(6), shifted = hn::Add(z, this->number(3));
    const V above = hn::IfThenZeroElse(hn::Le(shifted, this->zero()), shifted);
    return hn::Div(hn::IfThenElse(hn::Gt(above, six), six, above), six);
  }
  HWY_INLINE V gradient(V z, V above) const {
    return this->inside(z, -3, 3, hn::Mul(this->number(1.0 / 6), above));
  }
};

template <class T>
struct HardTanh : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE HardTanh(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const {
    const V low = this->number(-1), high = this->one();
    return hn::IfThenElse(hn::Gt(z, high), high, hn::IfThenElse(hn::Lt(z, low), low, z));
  }
  HWY_INLINE V gradient(V z, V above) const { return this->inside(z, -1, 1, above); }
};

template <class T>
struct HardSwish : HardSigmoid<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE HardSwish(const ActivationNumbers<T>& p) : HardSigmoid<T>(p) {}
  HWY_INLINE V value(V z) const { return hn::Mul(z, HardSigmoid<T>::value(z)); }
  HWY_INLINE V gradient(V z, V above) const {
    const V line = hn::Add(hn::Div(z, this->number(3)), this->number(0.5));
    return hn::IfThenElse(hn::Ge(z, this->number(3)), above, this->inside(z, -3, 3, hn::Mul(line, above)));
  }
};

template <class T>
struct AbsoluteValue : Formula<T> {
  using V = Lanes<T>;
  V at_zero;
  explicit HWY_INLINE AbsoluteValue(const ActivationNumbers<T>& p) : at_zero(p.at_zero) {}
  HWY_INLINE V value(V z) const { return hn::Abs(z); }
  HWY_INLINE V slope(V z) const {
    return hn::IfThenElse(hn::Eq(z, this->zero()), at_zero, hn::CopySign(this->one(), z));
  }
};

template <class T>
struct Gaussian : Formula<T> {
  using V = Lanes<T>;
  explicit HWY_INLINE Gaussian(const ActivationNumbers<T>&) {}
  HWY_INLINE V value(V z) const { return lane_exp(Tag<T>(), hn::Neg(hn::Mul(z, z))); }
  HWY_INLINE V slope(V z) const { return hn::Mul(this->number(-2), hn::Mul(z, value(z))); }
};

// What a formula makes of the gradient `above` it: φ'(z)·above, by its slope; or, where pieces of the line have
// slope 0, its own selection, so that they pass on 0 also where the gradient above is infinite or NaN, as in PyTorch.
template <class F, class V>
HWY_INLINE V gradient_below(const F& formula, V z, V above) {
  if constexpr (requires { formula.gradient(z, above); })
    return formula.gradient(z, above);
  else
    return hn::Mul(formula.slope(z), above);
}
template <class F, class V>
HWY_INLINE V slope_of(const F& formula, V z) {
  if constexpr (requires { formula.slope(z); })
    return formula.slope(z);
  else
    return formula.gradient(z, formula.one());
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
