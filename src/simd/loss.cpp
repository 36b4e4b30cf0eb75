#include "simd/loss.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/loss.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// What one call works on; gradient.data may be null.
template <class D, class T = hn::TFromD<D>>
struct Batch {
  LaneMatrix<const T> outputs, targets;
  T gradient_scale;
  LaneMatrix<T> gradient;

  HWY_INLINE hn::Vec<D> y(std::size_t o, std::size_t n) const { return hn::Load(D(), outputs.at(o, n)); }
  HWY_INLINE hn::Vec<D> t(std::size_t o, std::size_t n) const { return hn::Load(D(), targets.at(o, n)); }
  HWY_INLINE void set_gradient(std::size_t o, std::size_t n, hn::Vec<D> g) const {
    hn::Store(g, D(), gradient.at(o, n));
  }
};

// The losses that are sums over outputs: term(y, t, sum) adds one output's, slope(y, t) is its derivative by
// y.
template <class D>
struct SquaredError {
  static HWY_INLINE hn::Vec<D> term(hn::Vec<D> y, hn::Vec<D> t, hn::Vec<D> sum) {
    const hn::Vec<D> difference = hn::Sub(y, t);
    return hn::MulAdd(difference, difference, sum);
  }
  static HWY_INLINE hn::Vec<D> slope(hn::Vec<D> y, hn::Vec<D> t) { return hn::Sub(y, t); }
};

template <class D>
struct AbsoluteError {
  static HWY_INLINE hn::Vec<D> term(hn::Vec<D> y, hn::Vec<D> t, hn::Vec<D> sum) {
    return hn::Add(sum, hn::Abs(hn::Sub(y, t)));
  }
  static HWY_INLINE hn::Vec<D> slope(hn::Vec<D> y, hn::Vec<D> t) {
    const hn::Vec<D> difference = hn::Sub(y, t);
    const hn::Vec<D> sign = hn::CopySign(hn::Set(D(), hn::TFromD<D>{1}), difference);
    return hn::IfThenZeroElse(hn::Eq(difference, hn::Zero(D())), sign);
  }
};

template <class D>
struct LogisticError {
  // softplus(y) − t·y, in an order that loses no digits where the two cancel.
  static HWY_INLINE hn::Vec<D> term(hn::Vec<D> y, hn::Vec<D> t, hn::Vec<D> sum) {
    const D d;
    const hn::Vec<D> line = hn::NegMulAdd(t, y, hn::IfThenZeroElse(hn::Lt(y, hn::Zero(d)), y));
    return hn::Add(sum, hn::Add(line, lane_log1p(d, lane_exp_negative(d, hn::Neg(hn::Abs(y))))));
  }
  static HWY_INLINE hn::Vec<D> slope(hn::Vec<D> y, hn::Vec<D> t) {
    const D d;
    const hn::Vec<D> one = hn::Set(d, hn::TFromD<D>{1}), e = lane_exp_negative(d, hn::Neg(hn::Abs(y)));
    const hn::Vec<D> logistic = hn::Div(hn::IfThenElse(hn::Lt(y, hn::Zero(d)), e, one), hn::Add(one, e));
    return hn::Sub(logistic, t);
  }
};

// sample loss = loss_weight · Σ terms / outputs, gradient = gradient_scale · slope_weight · slope / outputs.
template <class D, class Error>
void evaluate_sum(const Batch<D>& batch, double loss_weight, double slope_weight, double* sums) {
  const D d;
  using T = hn::TFromD<D>;
  const std::size_t outputs = batch.outputs.rows;
  const T count = static_cast<T>(outputs);
  const hn::Vec<D> weight = hn::Set(d, static_cast<T>(loss_weight)), divisor = hn::Set(d, count);
  const hn::Vec<D> factor = hn::Set(d, batch.gradient_scale * static_cast<T>(slope_weight) / count);
  DoubleSums<D> total;
  total.load(sums);
  for (std::size_t n = 0; n < batch.outputs.columns; ++n) {
    hn::Vec<D> sum = hn::Zero(d);
    for (std::size_t o = 0; o < outputs; ++o) {
      const hn::Vec<D> y = batch.y(o, n), t = batch.t(o, n);
      sum = Error::term(y, t, sum);
      if (batch.gradient.data != nullptr) batch.set_gradient(o, n, hn::Mul(factor, Error::slope(y, t)));
    }
    total.add(hn::Div(hn::Mul(weight, sum), divisor));
  }
  total.store(sums);
}

// One sample's −Σ t·log softmax(y), with the largest output subtracted first.
template <class D>
HWY_INLINE hn::Vec<D> cross_entropy(const Batch<D>& batch, std::size_t n) {
  const D d;
  const std::size_t outputs = batch.outputs.rows;
  hn::Vec<D> largest = batch.y(0, n);
  for (std::size_t o = 1; o < outputs; ++o) largest = hn::Max(largest, batch.y(o, n));
  hn::Vec<D> exponentials = hn::Zero(d), target_sum = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const hn::Vec<D> e = lane_exp_negative(d, hn::Sub(batch.y(o, n), largest));
    exponentials = hn::Add(exponentials, e);
    target_sum = hn::Add(target_sum, batch.t(o, n));
    if (batch.gradient.data != nullptr) batch.set_gradient(o, n, e);
  }
  const hn::Vec<D> log_sum = lane_log(d, exponentials);
  hn::Vec<D> loss = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const hn::Vec<D> t = batch.t(o, n), y = hn::Sub(batch.y(o, n), largest);
    // A term with t = 0 stays out even where y overflows to −∞.
    loss = hn::IfThenElse(hn::Eq(t, hn::Zero(d)), loss, hn::MulAdd(t, hn::Sub(log_sum, y), loss));
  }
  if (batch.gradient.data != nullptr) {
    const hn::Vec<D> scale = hn::Set(d, batch.gradient_scale);
    for (std::size_t o = 0; o < outputs; ++o) {
      const hn::Vec<D> share = hn::Div(hn::Load(d, batch.gradient.at(o, n)), exponentials);
      batch.set_gradient(o, n, hn::Mul(scale, hn::MulSub(share, target_sum, batch.t(o, n))));
    }
  }
  // Not every target selects a term, but a NaN among the outputs has to show.
  return hn::IfThenElse(hn::IsNaN(log_sum), log_sum, loss);
}

template <class D>
void evaluate_cross_entropy(const Batch<D>& batch, double* sums) {
  DoubleSums<D> total;
  total.load(sums);
  for (std::size_t n = 0; n < batch.outputs.columns; ++n) total.add(cross_entropy(batch, n));
  total.store(sums);
}

template <class T, Engine kEngine>
void evaluate(Loss loss, const LaneMatrix<const T>& outputs, const LaneMatrix<const T>& targets,
              T gradient_scale, double* sums, const LaneMatrix<T>& gradient) {
  using D = SumTag<T, kEngine>;
  assert(same_shape(outputs, targets) && outputs.rows > 0);
  assert(gradient.data == nullptr || same_shape(outputs, gradient));
  const Batch<D> batch{outputs, targets, gradient_scale, gradient};
  switch (loss) {
    case Loss::kMse: return evaluate_sum<D, SquaredError<D>>(batch, 1, 2, sums);
    case Loss::kHalfMse: return evaluate_sum<D, SquaredError<D>>(batch, 0.5, 1, sums);
    case Loss::kMae: return evaluate_sum<D, AbsoluteError<D>>(batch, 1, 1, sums);
    case Loss::kBinaryCrossEntropy: return evaluate_sum<D, LogisticError<D>>(batch, 1, 1, sums);
    case Loss::kCrossEntropy: return evaluate_cross_entropy(batch, sums);
  }
}

// The index of a sample's largest row (ties: the first), and whether no row is NaN.
template <class D>
struct Largest {
  hn::Vec<D> index, is_number;  // is_number: 1 or 0
};
template <class D, class T = hn::TFromD<D>>
HWY_INLINE Largest<D> find_largest(D d, const LaneMatrix<const T>& x, std::size_t n) {
  hn::Vec<D> best = hn::Load(d, x.at(0, n)), index = hn::Zero(d);
  auto is_nan = hn::IsNaN(best);
  for (std::size_t o = 1; o < x.rows; ++o) {
    const hn::Vec<D> v = hn::Load(d, x.at(o, n));
    const auto larger = hn::Gt(v, best);
    best = hn::IfThenElse(larger, v, best);
    index = hn::IfThenElse(larger, hn::Set(d, static_cast<T>(o)), index);
    is_nan = hn::Or(is_nan, hn::IsNaN(v));
  }
  return {index, hn::IfThenZeroElse(is_nan, hn::Set(d, T{1}))};
}

template <class T, Engine kEngine>
void count_correct(const LaneMatrix<const T>& outputs, const LaneMatrix<const T>& targets, T threshold,
                   T middle, double* counts) {
  assert(same_shape(outputs, targets) && outputs.rows > 0);
  assert(kEngine == Engine::kWide || (is_aligned(outputs) && is_aligned(targets)));
  using D = SumTag<T, kEngine>;
  const D d;
  const hn::Vec<D> one = hn::Set(d, T{1}), between = hn::Set(d, middle), bound = hn::Set(d, threshold);
  DoubleSums<D> total;
  total.load(counts);
  for (std::size_t n = 0; n < outputs.columns; ++n) {
    const Largest<D> output = find_largest(d, outputs, n), target = find_largest(d, targets, n);
    hn::Vec<D> given = output.index, wanted = target.index;
    if (outputs.rows == 1) {
      given = hn::IfThenElseZero(hn::Gt(hn::Load(d, outputs.at(0, n)), bound), one);
      wanted = hn::IfThenElseZero(hn::Gt(hn::Load(d, targets.at(0, n)), between), one);
    }
    total.add(hn::IfThenElseZero(hn::Eq(given, wanted), output.is_number));
  }
  total.store(counts);
}

template <class T, Engine kEngine>
constexpr LossKernels<T> kLoss{&evaluate<T, kEngine>, &count_correct<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(LossKernels, loss_kernels, kLoss)
#endif
