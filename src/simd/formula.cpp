// A program goes through a strip of a few vectors at a time, step by step, so that choosing what to do costs little
// beside doing it and what the steps leave behind stays in the L1 cache.
#include "simd/formula.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/formula.cpp"
#include "base/buffer.h"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/activation-inl.h"
#include "simd/erfc-inl.h"
#include "simd/lanes-inl.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

constexpr std::size_t kStripBytes = 16384;  // of all temporaries, where a vector of each takes no more
constexpr std::size_t kLongestStrip = 32;   // vectors

// Where a slot's vectors lie.
template <class T>
struct FormulaSlot {
  T* at = nullptr;
  std::size_t step = 0;  // from one vector to the next; 0: it is the same one
};

// One step of a program on a strip.
template <class T>
struct FormulaStep {
  using V = Lanes<T>;
  std::size_t count;  // vectors
  FormulaSlot<T> out, a, b, c;

  static HWY_INLINE V load(const FormulaSlot<T>& slot, std::size_t i) {
    return hn::Load(Tag<T>(), slot.at + i * slot.step);
  }
  template <class Op>
  HWY_INLINE void one(const Op& op) const {
    for (std::size_t i = 0; i < count; ++i) hn::Store(op(load(a, i)), Tag<T>(), out.at + i * out.step);
  }
  template <class Op>
  HWY_INLINE void two(const Op& op) const {
    for (std::size_t i = 0; i < count; ++i)
      hn::Store(op(load(a, i), load(b, i)), Tag<T>(), out.at + i * out.step);
  }

  static HWY_INLINE V zero() { return hn::Zero(Tag<T>()); }
  // Comparisons are 1 or 0.
  template <class Compare>
  HWY_INLINE void compare(const Compare& compare) const {
    two([&](V x, V y) HWY_ATTR { return hn::IfThenElseZero(compare(x, y), hn::Set(Tag<T>(), T{1})); });
  }

  void take(FormulaOp op) const {
    const Tag<T> d;
    using F = Formula<T>;
    switch (op) {
      case FormulaOp::kInput:
      case FormulaOp::kNumber:
      case FormulaOp::kConstant: break;  // no steps
      case FormulaOp::kCopy: return one([](V x) HWY_ATTR { return x; });
      case FormulaOp::kNegate: return one([](V x) HWY_ATTR { return hn::Neg(x); });
      case FormulaOp::kAbs: return one([](V x) HWY_ATTR { return hn::Abs(x); });
      case FormulaOp::kExp: return one([=](V x) HWY_ATTR { return lane_exp(d, x); });
      case FormulaOp::kLog: return one([=](V x) HWY_ATTR { return lane_log(d, x); });
      case FormulaOp::kLog1p: return one([=](V x) HWY_ATTR { return lane_log1p_of_any(d, x); });
      case FormulaOp::kExpm1: return one([=](V x) HWY_ATTR { return lane_expm1(d, x); });
      case FormulaOp::kSqrt: return one([](V x) HWY_ATTR { return hn::Sqrt(x); });
      case FormulaOp::kTanh: return one([=](V x) HWY_ATTR { return lane_tanh(d, x); });
      case FormulaOp::kSin: return one([=](V x) HWY_ATTR { return lane_sin(d, x); });
      case FormulaOp::kCos: return one([=](V x) HWY_ATTR { return lane_cos(d, x); });
      case FormulaOp::kErf: return one([](V x) HWY_ATTR { return lane_erf<T>(x); });
      case FormulaOp::kSigmoid: return one([](V x) HWY_ATTR { return F::logistic(x); });
      case FormulaOp::kSoftplus: return one([](V x) HWY_ATTR { return F::softplus(x); });
      case FormulaOp::kSigmoidSlope: return one([](V x) HWY_ATTR { return F::logistic_slope(x); });
      case FormulaOp::kAdd: return two([](V x, V y) HWY_ATTR { return hn::Add(x, y); });
      case FormulaOp::kSubtract: return two([](V x, V y) HWY_ATTR { return hn::Sub(x, y); });
      case FormulaOp::kMultiply: return two([](V x, V y) HWY_ATTR { return hn::Mul(x, y); });
      case FormulaOp::kDivide: return two([](V x, V y) HWY_ATTR { return hn::Div(x, y); });
      case FormulaOp::kPower: return two([](V x, V y) HWY_ATTR { return lane_pow(x, y); });
      case FormulaOp::kMin:
        return two([](V x, V y)
                       HWY_ATTR { return hn::IfThenElse(hn::Or(hn::Lt(x, y), hn::IsNaN(x)), x, y); });
      case FormulaOp::kMax:
        return two([](V x, V y)
                       HWY_ATTR { return hn::IfThenElse(hn::Or(hn::Gt(x, y), hn::IsNaN(x)), x, y); });
      case FormulaOp::kLess: return compare([](V x, V y) HWY_ATTR { return hn::Lt(x, y); });
      case FormulaOp::kLessEqual: return compare([](V x, V y) HWY_ATTR { return hn::Le(x, y); });
      case FormulaOp::kEqual: return compare([](V x, V y) HWY_ATTR { return hn::Eq(x, y); });
      case FormulaOp::kNotEqual: return compare([](V x, V y) HWY_ATTR { return hn::Ne(x, y); });
      case FormulaOp::kGradient:
        return two([](V x, V y) HWY_ATTR { return hn::IfThenZeroElse(hn::Eq(x, zero()), hn::Mul(x, y)); });
      case FormulaOp::kWhere:
        for (std::size_t i = 0; i < count; ++i)
          hn::Store(hn::IfThenElse(hn::Ne(load(a, i), zero()), load(b, i), load(c, i)), d,
                    out.at + i * out.step);
    }
  }
};

template <class T>
bool follow_each_other(const LaneMatrix<T>& rows) {
  return rows.row_stride == rows.columns * rows.column_stride;
}
template <class T>
LaneMatrix<T> as_one_row(const LaneMatrix<T>& rows) {
  return {rows.data, 1, rows.rows * rows.columns, 0, rows.column_stride};
}

template <class T>
void run_strips(const FormulaProgram& program, std::span<const LaneMatrix<const T>> inputs,
                LaneMatrix<T> output, std::size_t strip, FormulaSlot<T>* slots) {
  for (std::size_t r = 0; r < output.rows; ++r) {
    for (std::size_t n = 0; n < output.columns; n += strip) {
      for (std::size_t i = 0; i < program.inputs; ++i)
        slots[i] = {const_cast<T*>(inputs[i].at(r, n)), inputs[i].column_stride};  // it is only read
      slots[program.slots() - 1] = {output.at(r, n), output.column_stride};
      const std::size_t count = std::min(strip, output.columns - n);
      for (const FormulaProgram::Step& step : program.steps)
        FormulaStep<T>{count, slots[step.out], slots[step.in[0]], slots[step.in[1]], slots[step.in[2]]}.take(
            step.op);
    }
  }
}

template <class T, Engine kEngine>
void run(const FormulaProgram& program, std::span<const LaneMatrix<const T>> given, const T* numbers,
         LaneMatrix<T> result) {
  constexpr std::size_t kVector = kLanes<T>, kNumbers = kEngine == Engine::kLanes ? kVector : 1;
  assert(given.size() == program.inputs && program.inputs <= kMostFormulaInputs);
  assert(program.slots() <= kMostFormulaSlots && lies_well<kEngine>(result));
  const Tag<T> d;
  HWY_ALIGN T memory[kMostFormulaSlots * kVector + kStripBytes / sizeof(T)];
  FormulaSlot<T> slots[kMostFormulaSlots];
  T* free = memory;
  std::size_t slot = program.inputs;
  const auto keep = [&](Lanes<T> v) HWY_ATTR {
    hn::Store(v, d, free);
    slots[slot++] = {free, 0};
    free += kVector;
  };
  for (std::size_t i = 0; i < program.numbers; ++i) keep(load_number<kEngine>(numbers + i * kNumbers));
  for (const double constant : program.constants) keep(hn::Set(d, static_cast<T>(constant)));
  const std::size_t most =
      kStripBytes / (sizeof(T) * kVector * std::max<std::size_t>(program.temporaries, 1));
  const std::size_t strip = std::clamp<std::size_t>(most, 1, kLongestStrip);
  for (std::size_t i = 0; i < program.temporaries; ++i, free += strip * kVector)
    slots[slot++] = {free, kVector};

  LaneMatrix<const T> inputs[kMostFormulaInputs];
  LaneMatrix<T> output = as_vectors<kEngine>(result);
  bool whole = follow_each_other(output);
  for (std::size_t i = 0; i < given.size(); ++i) {
    assert(same_shape(given[i], result) && lies_well<kEngine>(given[i]));
    inputs[i] = as_vectors<kEngine>(given[i]);
    whole = whole && follow_each_other(inputs[i]);
  }
  if (whole) {
    output = as_one_row(output);
    for (std::size_t i = 0; i < given.size(); ++i) inputs[i] = as_one_row(inputs[i]);
  }
  run_strips<T>(program, {inputs, given.size()}, output, strip, slots);
}

template <class T, Engine kEngine>
constexpr FormulaKernels<T> kFormula{&run<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(FormulaKernels, formula_kernels, kFormula)

namespace deadrelu {

std::vector<double> evaluate(const Formula& formula, std::span<const double> numbers,
                             std::span<const std::vector<double>> inputs) {
  const SimdTarget target = available_simd().front();
  const std::size_t points = inputs.front().size(), vector = lane_count<double>(target);
  const std::size_t padded = (points + vector - 1) / vector * vector;
  Buffer<double> columns((inputs.size() + 1) * padded);
  std::vector<LaneMatrix<const double>> matrices;
  for (const std::vector<double>& input : inputs) {
    double* const column = columns.data() + matrices.size() * padded;
    std::copy(input.begin(), input.end(), column);
    matrices.push_back(dense_lane_matrix<const double>(column, 1, points, 1));
  }
  double* const result = columns.data() + inputs.size() * padded;
  formula_kernels<double>(target, Engine::kWide)
      .run(formula.program(inputs.size()), matrices, numbers.data(), dense_lane_matrix(result, 1, points, 1));
  return {result, result + points};
}

}  // namespace deadrelu
#endif
