#include "simd/loss.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/loss.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// What one call works on; gradient.data may be null.
template <class T>
struct Batch {
  LaneMatrix<const T> outputs, targets;
  T gradient_scale;
  LaneMatrix<T> gradient;

  HWY_INLINE Lanes<T> y(std::size_t o, std::size_t n) const { return hn::Load(Tag<T>(), outputs.at(o, n)); }
  HWY_INLINE Lanes<T> t(std::size_t o, std::size_t n) const { return hn::Load(Tag<T>(), targets.at(o, n)); }
  HWY_INLINE void set_gradient(std::size_t o, std::size_t n, Lanes<T> g) const {
    hn::Store(g, Tag<T>(), gradient.at(o, n));
  }
};

// The losses that are sums over outputs: term(y, t, sum) adds one output's, slope(y, t) is its derivative by
// y.
template <class T>
struct SquaredError {
  static HWY_INLINE Lanes<T> term(Lanes<T> y, Lanes<T> t, Lanes<T> sum) {
    const Lanes<T> difference = hn::Sub(y, t);
    return hn::MulAdd(difference, difference, sum);
  }
  static HWY_INLINE Lanes<T> slope(Lanes<T> y, Lanes<T> t) { return hn::Sub(y, t); }
};

template <class T>
struct AbsoluteError {
  static HWY_INLINE Lanes<T> term(Lanes<T> y, Lanes<T> t, Lanes<T> sum) {
    return hn::Add(sum, hn::Abs(hn::Sub(y, t)));
  }
  static HWY_INLINE Lanes<T> slope(Lanes<T> y, Lanes<T> t) {
    const Lanes<T> difference = hn::Sub(y, t);
    const Lanes<T> sign = hn::CopySign(hn::Set(Tag<T>(), T{1}), difference);
    return hn::IfThenZeroElse(hn::Eq(difference, hn::Zero(Tag<T>())), sign);
  }
};

template <class T>
struct LogisticError {
  // softplus(y) − t·y, in an order that loses no digits where the two cancel.
  static HWY_INLINE Lanes<T> term(Lanes<T> y, Lanes<T> t, Lanes<T> sum) {
    const Tag<T> d;
    const Lanes<T> line = hn::NegMulAdd(t, y, hn::IfThenZeroElse(hn::Lt(y, hn::Zero(d)), y));
    return hn::Add(sum, hn::Add(line, lane_log1p(d, lane_exp(d, hn::Neg(hn::Abs(y))))));
  }
  static HWY_INLINE Lanes<T> slope(Lanes<T> y, Lanes<T> t) {
    const Tag<T> d;
    const Lanes<T> one = hn::Set(d, T{1}), e = lane_exp(d, hn::Neg(hn::Abs(y)));
    const Lanes<T> logistic = hn::Div(hn::IfThenElse(hn::Lt(y, hn::Zero(d)), e, one), hn::Add(one, e));
    return hn::Sub(logistic, t);
  }
};

// sample loss = loss_weight · Σ terms / outputs, gradient = gradient_scale · slope_weight · slope / outputs.
template <class T, class Error>
void evaluate_sum(const Batch<T>& batch, double loss_weight, double slope_weight, double* sums) {
  const Tag<T> d;
  const std::size_t outputs = batch.outputs.rows;
  const T count = static_cast<T>(outputs);
  const Lanes<T> weight = hn::Set(d, static_cast<T>(loss_weight)), divisor = hn::Set(d, count);
  const Lanes<T> factor = hn::Set(d, batch.gradient_scale * static_cast<T>(slope_weight) / count);
  DoubleSums<T> total;
  total.load(sums);
  for (std::size_t n = 0; n < batch.outputs.columns; ++n) {
    Lanes<T> sum = hn::Zero(d);
    for (std::size_t o = 0; o < outputs; ++o) {
      const Lanes<T> y = batch.y(o, n), t = batch.t(o, n);
      sum = Error::term(y, t, sum);
      if (batch.gradient.data != nullptr) batch.set_gradient(o, n, hn::Mul(factor, Error::slope(y, t)));
    }
    total.add(hn::Div(hn::Mul(weight, sum), divisor));
  }
  total.store(sums);
}

// One sample's −Σ t·log softmax(y), with the largest output subtracted first.
template <class T>
HWY_INLINE Lanes<T> cross_entropy(const Batch<T>& batch, std::size_t n) {
  const Tag<T> d;
  const std::size_t outputs = batch.outputs.rows;
  Lanes<T> largest = batch.y(0, n);
  for (std::size_t o = 1; o < outputs; ++o) largest = hn::Max(largest, batch.y(o, n));
  Lanes<T> exponentials = hn::Zero(d), target_sum = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const Lanes<T> e = lane_exp(d, hn::Sub(batch.y(o, n), largest));
    exponentials = hn::Add(exponentials, e);
    target_sum = hn::Add(target_sum, batch.t(o, n));
    if (batch.gradient.data != nullptr) batch.set_gradient(o, n, e);
  }
  const Lanes<T> log_sum = lane_log(d, exponentials);
  Lanes<T> loss = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const Lanes<T> t = batch.t(o, n), y = hn::Sub(batch.y(o, n), largest);
    // A term with t = 0 stays out even where y overflows to −∞.
    loss = hn::IfThenElse(hn::Eq(t, hn::Zero(d)), loss, hn::MulAdd(t, hn::Sub(log_sum, y), loss));
  }
  if (batch.gradient.data != nullptr) {
    const Lanes<T> scale = hn::Set(d, batch.gradient_scale);
    for (std::size_t o = 0; o < outputs; ++o) {
      const Lanes<T> share = hn::Div(hn::Load(d, batch.gradient.at(o, n)), exponentials);
      batch.set_gradient(o, n, hn::Mul(scale, hn::MulSub(share, target_sum, batch.t(o, n))));
    }
  }
  // Not every target selects a term, but a NaN among the outputs has to show.
  return hn::IfThenElse(hn::IsNaN(log_sum), log_sum, loss);
}

template <class T>
void evaluate_cross_entropy(const Batch<T>& batch, double* sums) {
  DoubleSums<T> total;
  total.load(sums);
  for (std::size_t n = 0; n < batch.outputs.columns; ++n) total.add(cross_entropy(batch, n));
  total.store(sums);
}

template <class T>
void evaluate(Loss loss, LaneMatrix<const T> outputs, LaneMatrix<const T> targets, T gradient_scale,
              double* sums, LaneMatrix<T> gradient) {
  const Batch<T> batch{outputs, targets, gradient_scale, gradient};
  switch (loss) {
    case Loss::kMse:
      return evaluate_sum<T, SquaredError<T>>(batch, 1, 2, sums);
    case Loss::kHalfMse:
      return evaluate_sum<T, SquaredError<T>>(batch, 0.5, 1, sums);
    case Loss::kMae:
      return evaluate_sum<T, AbsoluteError<T>>(batch, 1, 1, sums);
    case Loss::kBinaryCrossEntropy:
      return evaluate_sum<T, LogisticError<T>>(batch, 1, 1, sums);
    case Loss::kCrossEntropy:
      return evaluate_cross_entropy(batch, sums);
  }
}

// The index of a sample's largest row (ties: the first), and whether no row is NaN.
template <class T>
struct Largest {
  Lanes<T> index, is_number;  // is_number: 1 or 0
};
template <class T>
HWY_INLINE Largest<T> find_largest(LaneMatrix<const T> x, std::size_t n) {
  const Tag<T> d;
  Lanes<T> best = hn::Load(d, x.at(0, n)), index = hn::Zero(d);
  auto is_nan = hn::IsNaN(best);
  for (std::size_t o = 1; o < x.rows; ++o) {
    const Lanes<T> v = hn::Load(d, x.at(o, n));
    const auto larger = hn::Gt(v, best);
    best = hn::IfThenElse(larger, v, best);
    index = hn::IfThenElse(larger, hn::Set(d, static_cast<T>(o)), index);
    is_nan = hn::Or(is_nan, hn::IsNaN(v));
  }
  return {index, hn::IfThenZeroElse(is_nan, hn::Set(d, T{1}))};
}

template <class T>
void count_correct(LaneMatrix<const T> outputs, LaneMatrix<const T> targets, T threshold, double* counts) {
  const Tag<T> d;
  const Lanes<T> one = hn::Set(d, T{1}), half = hn::Set(d, T{0.5}), bound = hn::Set(d, threshold);
  DoubleSums<T> total;
  total.load(counts);
  for (std::size_t n = 0; n < outputs.columns; ++n) {
    const Largest<T> output = find_largest(outputs, n), target = find_largest(targets, n);
    Lanes<T> given = output.index, wanted = target.index;
    if (outputs.rows == 1) {
      given = hn::IfThenElseZero(hn::Gt(hn::Load(d, outputs.at(0, n)), bound), one);
      wanted = hn::IfThenElseZero(hn::Gt(hn::Load(d, targets.at(0, n)), half), one);
    }
    total.add(hn::IfThenElseZero(hn::Eq(given, wanted), output.is_number));
  }
  total.store(counts);
}

template <class T>
constexpr LossKernels<T> kLoss{&evaluate<T>, &count_correct<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

template <>
const LossKernels<float>& loss_kernels<float>(SimdTarget target) {
  return DEADRELU_TABLE(target, kLoss<float>);
}
template <>
const LossKernels<double>& loss_kernels<double>(SimdTarget target) {
  return DEADRELU_TABLE(target, kLoss<double>);
}

}  // namespace deadrelu
#endif
