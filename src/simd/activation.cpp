#include "simd/activation.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/activation.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/activation-inl.h"
#include "simd/formula.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Calls pass.run(formula) with the formula of `kind`; crelu and maxout have none (they map one row to two, or
// several to one), and an expression's is a program.
template <class T, class Pass>
void with_formula(Activation kind, const ActivationNumbers<T>& p, const Pass& pass) {
  switch (kind) {
    case Activation::kRelu: return pass.run(Relu<T>(p));
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
    case Activation::kRrelu: return pass.run(Leaky<T>(p));
    case Activation::kRelu6: return pass.run(Relu6<T>(p));
    case Activation::kElu: return pass.run(Elu<T>(p));
    case Activation::kSelu: return pass.run(Selu<T>(p));
    case Activation::kCelu: return pass.run(Celu<T>(p));
    case Activation::kGelu: return pass.run(Gelu<T>(p));
    case Activation::kSilu: return pass.run(Silu<T>(p));
    case Activation::kMish: return pass.run(Mish<T>(p));
    case Activation::kSoftplus: return pass.run(Softplus<T>(p));
    case Activation::kSoftsign: return pass.run(Softsign<T>(p));
    case Activation::kSigmoid: return pass.run(Sigmoid<T>(p));
    case Activation::kTanh: return pass.run(Tanh<T>(p));
    case Activation::kHardSigmoid: return pass.run(HardSigmoid<T>(p));
    case Activation::kHardTanh: return pass.run(HardTanh<T>(p));
    case Activation::kHardSwish: return pass.run(HardSwish<T>(p));
    case Activation::kAbs: return pass.run(AbsoluteValue<T>(p));
    case Activation::kGaussian: return pass.run(Gaussian<T>(p));
    case Activation::kIdentity: return pass.run(Identity<T>(p));
    case Activation::kCrelu:
    case Activation::kMaxout:
    case Activation::kExpression: return;
  }
}

template <class T>
HWY_INLINE Lanes<T> load(const T* p) {
  return hn::Load(Tag<T>(), p);
}
template <class T>
HWY_INLINE void store(Lanes<T> v, T* p) {
  hn::Store(v, Tag<T>(), p);
}

template <class T>
struct ForwardPass {
  LaneMatrix<const T> z;
  LaneMatrix<T> output;

  template <class F>
  void run(const F& formula) const {
    for (std::size_t r = 0; r < z.rows; ++r)
      for_each_column(
          z.columns, [&](const T* in, T* out) HWY_ATTR { store(formula.value(load(in)), out); }, Row(z, r),
          Row(output, r));
  }
};

template <class T>
struct BackwardPass {
  LaneMatrix<const T> z, gradient_output;
  LaneMatrix<T> gradient_z;

  template <class F>
  void run(const F& formula) const {
    for (std::size_t r = 0; r < z.rows; ++r)
      for_each_column(
          z.columns,
          [&](const T* in, const T* above, T* out)
              HWY_ATTR { store(gradient_below(formula, load(in), load(above)), out); },
          Row(z, r), Row(gradient_output, r), Row(gradient_z, r));
  }
};

template <class T>
struct MagnitudePass {
  LaneMatrix<const T> z;
  LaneMatrix<T> magnitude;

  template <class F>
  void run(const F& formula) const {
    for (std::size_t r = 0; r < z.rows; ++r)
      for_each_column(
          z.columns, [&](const T* in, T* out) HWY_ATTR { store(hn::Abs(slope_of(formula, load(in))), out); },
          Row(z, r), Row(magnitude, r));
  }
};

// rrelu in training: a slope for every element.
template <class T>
void forward_drawn(const ActivationNumbers<T>& p, const ForwardPass<T>& pass) {
  for (std::size_t r = 0; r < pass.z.rows; ++r)
    for_each_column(
        pass.z.columns,
        [&](const T* slope, const T* in, T* out)
            HWY_ATTR { store(Leaky<T>(load(slope), p.at_zero).value(load(in)), out); },
        Row(p.drawn_slopes, r), Row(pass.z, r), Row(pass.output, r));
}

template <class T>
void backward_drawn(const ActivationNumbers<T>& p, const BackwardPass<T>& pass) {
  for (std::size_t r = 0; r < pass.z.rows; ++r)
    for_each_column(
        pass.z.columns,
        [&](const T* slope, const T* in, const T* above, T* out)
            HWY_ATTR { store(gradient_below(Leaky<T>(load(slope), p.at_zero), load(in), load(above)), out); },
        Row(p.drawn_slopes, r), Row(pass.z, r), Row(pass.gradient_output, r), Row(pass.gradient_z, r));
}

template <class T>
void forward_crelu(const ActivationNumbers<T>& p, const ForwardPass<T>& pass) {
  const Relu<T> relu(p);
  for (std::size_t r = 0; r < pass.z.rows; ++r)
    for_each_column(
        pass.z.columns,
        [&](const T* in, T* up, T* down) HWY_ATTR {
          const Lanes<T> v = load(in);
          store(relu.value(v), up);
          store(relu.value(hn::Neg(v)), down);
        },
        Row(pass.z, r), Row(pass.output, r), Row(pass.output, pass.z.rows + r));
}

template <class T>
void backward_crelu(const ActivationNumbers<T>& p, const BackwardPass<T>& pass) {
  const Relu<T> relu(p);
  for (std::size_t r = 0; r < pass.z.rows; ++r)
    for_each_column(
        pass.z.columns,
        [&](const T* in, const T* up, const T* down, T* out) HWY_ATTR {
          const Lanes<T> v = load(in);
          store(hn::Sub(relu.gradient(v, load(up)), relu.gradient(hn::Neg(v), load(down))), out);
        },
        Row(pass.z, r), Row(pass.gradient_output, r), Row(pass.gradient_output, pass.z.rows + r),
        Row(pass.gradient_z, r));
}

template <class T>
HWY_INLINE Lanes<T> largest_piece(LaneMatrix<const T> z, std::size_t unit, std::size_t pieces,
                                  std::size_t n) {
  Lanes<T> best = load(z.at(unit * pieces, n));
  for (std::size_t i = 1; i < pieces; ++i) {
    const Lanes<T> v = load(z.at(unit * pieces + i, n));
    best = hn::IfThenElse(hn::Or(hn::Gt(v, best), hn::IsNaN(v)), v, best);
  }
  return best;
}

template <class T>
void forward_maxout(std::size_t pieces, LaneMatrix<const T> z, LaneMatrix<T> output) {
  for (std::size_t u = 0; u < output.rows; ++u) {
    for (std::size_t n = 0; n < z.columns; ++n) store(largest_piece(z, u, pieces, n), output.at(u, n));
  }
}

template <class T>
void backward_maxout(std::size_t pieces, const BackwardPass<T>& pass) {
  for (std::size_t u = 0; u < pass.gradient_output.rows; ++u) {
    for (std::size_t n = 0; n < pass.z.columns; ++n) {
      const Lanes<T> best = largest_piece(pass.z, u, pieces, n);
      Lanes<T> left = load(pass.gradient_output.at(u, n));  // what no piece has taken yet
      for (std::size_t i = u * pieces; i < (u + 1) * pieces; ++i) {
        const auto wins = hn::Eq(load(pass.z.at(i, n)), best);
        store(hn::IfThenElseZero(wins, left), pass.gradient_z.at(i, n));
        left = hn::IfThenZeroElse(wins, left);
      }
    }
  }
}

template <class T>
void fill_with_one(LaneMatrix<T> x) {
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t n = 0; n < x.columns; ++n) store(hn::Set(Tag<T>(), T{1}), x.at(r, n));
  }
}

// For assertions: whether `outputs` is the shape of what `kind` makes of z.
template <class T>
bool fits(Activation kind, std::size_t pieces, const LaneMatrix<const T>& z, std::size_t rows,
          std::size_t columns) {
  const std::size_t expected = kind == Activation::kCrelu    ? 2 * z.rows
                               : kind == Activation::kMaxout ? z.rows / pieces
                                                             : z.rows;
  return rows == expected && columns == z.columns;
}

template <class T, Engine kEngine>
void run_program(const ActivationParameters<T>& p, FormulaProgram ActivationPrograms::*program,
                 std::span<const LaneMatrix<const T>> inputs, LaneMatrix<T> output) {
  formula_kernels<T>(kTarget, kEngine).run(p.programs->*program, inputs, p.formula_numbers, output);
}

template <class T, Engine kEngine>
void forward(Activation kind, const ActivationParameters<T>& parameters, LaneMatrix<const T> z,
             LaneMatrix<T> output) {
  assert(fits(kind, parameters.pieces, z, output.rows, output.columns));
  assert(lies_well<kEngine>(z) && lies_well<kEngine>(output));
  if (kind == Activation::kExpression)
    return run_program<T, kEngine>(parameters, &ActivationPrograms::value, {&z, 1}, output);
  const ActivationNumbers<T> p = numbers_of<kEngine>(parameters);
  const ForwardPass<T> pass{as_vectors<kEngine>(z), as_vectors<kEngine>(output)};
  if (kind == Activation::kCrelu) return forward_crelu(p, pass);
  if (kind == Activation::kMaxout) return forward_maxout(parameters.pieces, pass.z, pass.output);
  if (kind == Activation::kRrelu && p.drawn_slopes.data != nullptr) return forward_drawn(p, pass);
  with_formula(kind, p, pass);
}

template <class T, Engine kEngine>
void backward(Activation kind, const ActivationParameters<T>& parameters, LaneMatrix<const T> z,
              LaneMatrix<const T> gradient_output, LaneMatrix<T> gradient_z) {
  assert(fits(kind, parameters.pieces, z, gradient_output.rows, gradient_output.columns));
  assert(same_shape(z, gradient_z) && lies_well<kEngine>(z) && lies_well<kEngine>(gradient_z));
  if (kind == Activation::kExpression) {
    const LaneMatrix<const T> inputs[] = {z, gradient_output};
    return run_program<T, kEngine>(parameters, &ActivationPrograms::gradient, inputs, gradient_z);
  }
  const ActivationNumbers<T> p = numbers_of<kEngine>(parameters);
  const BackwardPass<T> pass{as_vectors<kEngine>(z), as_vectors<kEngine>(gradient_output),
                             as_vectors<kEngine>(gradient_z)};
  if (kind == Activation::kCrelu) return backward_crelu(p, pass);
  if (kind == Activation::kMaxout) return backward_maxout(parameters.pieces, pass);
  if (kind == Activation::kRrelu && p.drawn_slopes.data != nullptr) return backward_drawn(p, pass);
  with_formula(kind, p, pass);
}

// crelu's two outputs together have the slope of |z|, up to its sign.
template <class T, Engine kEngine>
void derivative_magnitude(Activation kind, const ActivationParameters<T>& parameters, LaneMatrix<const T> z,
                          LaneMatrix<T> magnitude) {
  assert(magnitude.columns == z.columns && lies_well<kEngine>(z) && lies_well<kEngine>(magnitude));
  assert(magnitude.rows == (kind == Activation::kMaxout ? z.rows / parameters.pieces : z.rows));
  if (kind == Activation::kExpression)
    return run_program<T, kEngine>(parameters, &ActivationPrograms::magnitude, {&z, 1}, magnitude);
  const ActivationNumbers<T> p = numbers_of<kEngine>(parameters);
  const MagnitudePass<T> pass{as_vectors<kEngine>(z), as_vectors<kEngine>(magnitude)};
  if (kind == Activation::kCrelu) return pass.run(AbsoluteValue<T>(p));
  if (kind == Activation::kMaxout) return fill_with_one(pass.magnitude);
  with_formula(kind, p, pass);
}

template <class T, Engine kEngine>
void slope_gradient(LaneMatrix<const T> z, LaneMatrix<const T> gradient_output, T* row_sums) {
  assert(same_shape(z, gradient_output));
  using D = SumTag<T, kEngine>;
  const D d;
  for (std::size_t r = 0; r < z.rows; ++r) {
    T* row_sum = row_sums + r * MaxLanes(d);
    hn::Vec<D> sum = hn::LoadU(d, row_sum);
    for (std::size_t n = 0; n < z.columns; ++n) {
      const hn::Vec<D> v = hn::Load(d, z.at(r, n));
      const hn::Vec<D> more = hn::MulAdd(v, hn::Load(d, gradient_output.at(r, n)), sum);
      sum = hn::IfThenElse(hn::Gt(v, hn::Zero(d)), sum, more);
    }
    hn::StoreU(sum, d, row_sum);
  }
}

template <class T, Engine kEngine>
constexpr ActivationKernels<T> kActivation{&forward<T, kEngine>, &backward<T, kEngine>,
                                           &derivative_magnitude<T, kEngine>, &slope_gradient<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(ActivationKernels, activation_kernels, kActivation)
#endif
