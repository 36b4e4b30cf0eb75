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

// sums[lane] += Σ over samples, ascending, of sample(d, n)'s lane: of the sample n of every run in lanes; in wide of the
// samples n … n + MaxLanes(d) − 1, which are added one after the other.
template <class T, Engine kEngine, class Sample>
HWY_INLINE void add_up(std::size_t samples, double* sums, const Sample& sample) {
  constexpr SumTag<T, kEngine> d;
  std::size_t n = 0;
  if constexpr (kEngine == Engine::kWide) {
    HWY_ALIGN T values[kLanes<T>];
    for (; n + kLanes<T> <= samples; n += kLanes<T>) {
      hn::Store(sample(Tag<T>(), n), Tag<T>(), values);
      for (const T value : values) *sums += static_cast<double>(value);
    }
  }
  DoubleSums<decltype(d)> total;
  total.load(sums);
  for (; n < samples; ++n) total.add(sample(d, n));
  total.store(sums);
}

// What one call works on; gradient.data may be null.
template <class T>
struct Batch {
  LaneMatrix<const T> outputs, targets;
  T gradient_scale;
  LaneMatrix<T> gradient;
};

// A batch from sample n on.
template <class D, class T = hn::TFromD<D>>
struct Samples {
  const Batch<T>& batch;
  std::size_t n;

  HWY_INLINE hn::Vec<D> y(std::size_t o) const { return hn::LoadU(D(), batch.outputs.at(o, n)); }
  HWY_INLINE hn::Vec<D> t(std::size_t o) const { return hn::LoadU(D(), batch.targets.at(o, n)); }
  HWY_INLINE hn::Vec<D> gradient(std::size_t o) const { return hn::LoadU(D(), batch.gradient.at(o, n)); }
  HWY_INLINE void set_gradient(std::size_t o, hn::Vec<D> g) const {
    hn::StoreU(g, D(), batch.gradient.at(o, n));
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
template <class T, Engine kEngine, template <class D> class Error>
void evaluate_sum(const Batch<T>& batch, double loss_weight, double slope_weight, double* sums) {
  const std::size_t outputs = batch.outputs.rows;
  const T count = static_cast<T>(outputs), weight = static_cast<T>(loss_weight);
  const T scale = batch.gradient_scale * static_cast<T>(slope_weight) / count;
  add_up<T, kEngine>(batch.outputs.columns, sums, [&](auto d, std::size_t n) HWY_ATTR {
    using D = decltype(d);
    const Samples<D> samples{batch, n};
    const hn::Vec<D> factor = hn::Set(d, scale);
    hn::Vec<D> sum = hn::Zero(d);
    for (std::size_t o = 0; o < outputs; ++o) {
      const hn::Vec<D> y = samples.y(o), t = samples.t(o);
      sum = Error<D>::term(y, t, sum);
      if (batch.gradient.data != nullptr) samples.set_gradient(o, hn::Mul(factor, Error<D>::slope(y, t)));
    }
    return hn::Div(hn::Mul(hn::Set(d, weight), sum), hn::Set(d, count));
  });
}

// One sample's −Σ t·log softmax(y), with the largest output subtracted first.
template <class D, class T>
HWY_INLINE hn::Vec<D> cross_entropy(D d, const Batch<T>& batch, std::size_t n) {
  const Samples<D> samples{batch, n};
  const std::size_t outputs = batch.outputs.rows;
  hn::Vec<D> largest = samples.y(0);
  for (std::size_t o = 1; o < outputs; ++o) largest = hn::Max(largest, samples.y(o));
  hn::Vec<D> exponentials = hn::Zero(d), target_sum = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const hn::Vec<D> e = lane_exp_negative(d, hn::Sub(samples.y(o), largest));
    exponentials = hn::Add(exponentials, e);
    target_sum = hn::Add(target_sum, samples.t(o));
    if (batch.gradient.data != nullptr) samples.set_gradient(o, e);
  }
  const hn::Vec<D> log_sum = lane_log(d, exponentials);
  hn::Vec<D> loss = hn::Zero(d);
  for (std::size_t o = 0; o < outputs; ++o) {
    const hn::Vec<D> t = samples.t(o), y = hn::Sub(samples.y(o), largest);
    // A term with t = 0 stays out even where y overflows to −∞.
    loss = hn::IfThenElse(hn::Eq(t, hn::Zero(d)), loss, hn::MulAdd(t, hn::Sub(log_sum, y), loss));
  }
  if (batch.gradient.data != nullptr) {
    const hn::Vec<D> scale = hn::Set(d, batch.gradient_scale);
    for (std::size_t o = 0; o < outputs; ++o) {
      const hn::Vec<D> share = hn::Div(samples.gradient(o), exponentials);
      samples.set_gradient(o, hn::Mul(scale, hn::MulSub(share, target_sum, samples.t(o))));
    }
  }
  // Not every target selects a term, but a NaN among the outputs has to show.
  return hn::IfThenElse(hn::IsNaN(log_sum), log_sum, loss);
}

template <class T, Engine kEngine>
void evaluate(Loss loss, const LaneMatrix<const T>& outputs, const LaneMatrix<const T>& targets,
              T gradient_scale, double* sums, const LaneMatrix<T>& gradient) {
  assert(same_shape(outputs, targets) && outputs.rows > 0);
  assert(gradient.data == nullptr || same_shape(outputs, gradient));
  const Batch<T> batch{outputs, targets, gradient_scale, gradient};
  switch (loss) {
    case Loss::kMse: return evaluate_sum<T, kEngine, SquaredError>(batch, 1, 2, sums);
    case Loss::kHalfMse: return evaluate_sum<T, kEngine, SquaredError>(batch, 0.5, 1, sums);
    case Loss::kMae: return evaluate_sum<T, kEngine, AbsoluteError>(batch, 1, 1, sums);
    case Loss::kBinaryCrossEntropy: return evaluate_sum<T, kEngine, LogisticError>(batch, 1, 1, sums);
    case Loss::kCrossEntropy:
      return add_up<T, kEngine>(outputs.columns, sums,
                                [&](auto d, std::size_t n) HWY_ATTR { return cross_entropy(d, batch, n); });
  }
}

// The index of a sample's largest row (ties: the first), and whether no row is NaN.
template <class D>
struct Largest {
  hn::Vec<D> index, is_number;  // is_number: 1 or 0
};
template <class D, class T = hn::TFromD<D>>
HWY_INLINE Largest<D> find_largest(D d, const LaneMatrix<const T>& x, std::size_t n) {
  hn::Vec<D> best = hn::LoadU(d, x.at(0, n)), index = hn::Zero(d);
  auto is_nan = hn::IsNaN(best);
  for (std::size_t o = 1; o < x.rows; ++o) {
    const hn::Vec<D> v = hn::LoadU(d, x.at(o, n));
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
  add_up<T, kEngine>(outputs.columns, counts, [&](auto d, std::size_t n) HWY_ATTR {
    using D = decltype(d);
    const Largest<D> output = find_largest(d, outputs, n), target = find_largest(d, targets, n);
    hn::Vec<D> given = output.index, wanted = target.index;
    if (outputs.rows == 1) {
      const hn::Vec<D> one = hn::Set(d, T{1});
      given = hn::IfThenElseZero(hn::Gt(hn::LoadU(d, outputs.at(0, n)), hn::Set(d, threshold)), one);
      wanted = hn::IfThenElseZero(hn::Gt(hn::LoadU(d, targets.at(0, n)), hn::Set(d, middle)), one);
    }
    return hn::IfThenElseZero(hn::Eq(given, wanted), output.is_number);
  });
}

template <class T, Engine kEngine>
constexpr LossKernels<T> kLoss{&evaluate<T, kEngine>, &count_correct<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(LossKernels, loss_kernels, kLoss)
#endif
