#include "simd/update.h"

#include <algorithm>
#include <cassert>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/update.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

template <class T>
using Mask = hn::Mask<Tag<T>>;

// The numbers of a step in registers.
template <class T, Engine kEngine>
struct Numbers {
  const UpdateParameters<T>& p;
  HWY_INLINE Lanes<T> operator[](UpdateNumber number) const {
    constexpr std::size_t kPitch = kEngine == Engine::kLanes ? kLanes<T> : 1;
    return load_number<kEngine>(p.numbers + static_cast<std::size_t>(number) * kPitch);
  }
};
template <class T>
HWY_INLINE Lanes<T> one() {
  return hn::Set(Tag<T>(), T{1});
}
// The gradient as the optimizer sees it: clipped, and with weight decay added. A lane without decay keeps its
// gradient to the bit (0·parameter could turn −0 into +0).
template <class T>
struct Gradient {
  using V = Lanes<T>;
  bool clips, decays;
  V factor, bound, decay;
  Mask<T> no_decay;

  template <Engine kEngine>
  HWY_INLINE Gradient(const Numbers<T, kEngine>& n, bool is_coupled)
      : clips(n.p.clips),
        decays(n.p.uses_weight_decay && is_coupled),
        factor(n[UpdateNumber::kGradientFactor]),
        bound(n[UpdateNumber::kClipValue]),
        decay(n[UpdateNumber::kWeightDecay]),
        no_decay(hn::Eq(decay, hn::Zero(Tag<T>()))) {}
  HWY_INLINE V of(V gradient, V parameter) const {
    if (clips) {
      gradient = hn::Mul(gradient, factor);  // NaN stays NaN in all of it
      gradient = hn::IfThenElse(hn::Gt(gradient, bound), bound, gradient);
      gradient = hn::IfThenElse(hn::Lt(gradient, hn::Neg(bound)), hn::Neg(bound), gradient);
    }
    if (decays) gradient = hn::IfThenElse(no_decay, gradient, hn::MulAdd(decay, parameter, gradient));
    return gradient;
  }
};

// Parameters shrink by learning rate times weight decay, apart from the gradient.
template <class T>
struct DecoupledDecay {
  bool decays;
  Mask<T> no_decay;
  Lanes<T> shrink;

  template <Engine kEngine>
  HWY_INLINE DecoupledDecay(const Numbers<T, kEngine>& n, bool is_decoupled)
      : decays(n.p.uses_weight_decay && is_decoupled),
        no_decay(hn::Eq(n[UpdateNumber::kWeightDecay], hn::Zero(Tag<T>()))),
        shrink(hn::Mul(n[UpdateNumber::kLearningRate], n[UpdateNumber::kWeightDecay])) {}
  HWY_INLINE Lanes<T> of(Lanes<T> parameter) const {
    return decays ? hn::IfThenElse(no_decay, parameter, hn::NegMulAdd(shrink, parameter, parameter))
                  : parameter;
  }
};

template <class T>
struct Sgd {
  using V = Lanes<T>;
  Gradient<T> gradient;
  bool uses_momentum, first_step;
  V rate, momentum, damped;
  Mask<T> no_momentum, is_nesterov;

  template <Engine kEngine>
  explicit HWY_INLINE Sgd(const Numbers<T, kEngine>& n)
      : gradient(n, true),
        uses_momentum(n.p.uses_momentum),
        first_step(n.p.first_step),
        rate(n[UpdateNumber::kLearningRate]),
        momentum(n[UpdateNumber::kMomentum]),
        damped(hn::Sub(one<T>(), n[UpdateNumber::kDampening])),
        no_momentum(hn::Eq(momentum, hn::Zero(Tag<T>()))),
        is_nesterov(hn::Ne(n[UpdateNumber::kNesterov], hn::Zero(Tag<T>()))) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* /*second*/, std::size_t i) const {
    const Tag<T> d;
    V direction = gradient.of(raw_gradient, parameter);
    if (uses_momentum) {
      const V g = direction;
      const V buffer = first_step ? g : hn::MulAdd(momentum, hn::LoadU(d, first + i), hn::Mul(damped, g));
      hn::StoreU(buffer, d, first + i);
      direction = hn::IfThenElse(is_nesterov, hn::MulAdd(momentum, buffer, g), buffer);
      direction = hn::IfThenElse(no_momentum, g, direction);
    }
    return hn::NegMulAdd(rate, direction, parameter);
  }
};

// kOfEntries: entries have numbers of their own.
template <class T, bool kDecoupled, bool kOfEntries>
struct Adam {
  using V = Lanes<T>;
  Gradient<T> gradient;
  DecoupledDecay<T> decay;
  EntryNumbers<T> columns;
  V beta1, beta2, complement1, complement2, epsilon, step_size, root;

  template <Engine kEngine>
  explicit HWY_INLINE Adam(const Numbers<T, kEngine>& n)
      : gradient(n, !kDecoupled),
        decay(n, kDecoupled),
        columns(n.p.columns),
        beta1(n[UpdateNumber::kBeta1]),
        beta2(n[UpdateNumber::kBeta2]),
        complement1(n[UpdateNumber::kComplement1]),
        complement2(n[UpdateNumber::kComplement2]),
        epsilon(n[UpdateNumber::kEpsilon]),
        step_size(n[UpdateNumber::kStepSize]),
        root(n[UpdateNumber::kCorrection2Root]) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* second, std::size_t i) const {
    const Tag<T> d;
    const V g = gradient.of(raw_gradient, parameter);
    parameter = decay.of(parameter);
    const V mean = hn::MulAdd(beta1, hn::LoadU(d, first + i), hn::Mul(complement1, g));
    const V square = hn::MulAdd(beta2, hn::LoadU(d, second + i), hn::Mul(hn::Mul(complement2, g), g));
    hn::StoreU(mean, d, first + i);
    hn::StoreU(square, d, second + i);
    if constexpr (!kOfEntries) return moved(parameter, mean, square, step_size, root, epsilon);
    // Of two step counts the smaller one has the larger step and epsilon, and the smaller root.
    return moved(parameter, mean, square, hn::Max(step_size, hn::LoadU(d, columns.step_size + i)),
                 hn::Min(root, hn::LoadU(d, columns.correction2_root + i)),
                 hn::Max(epsilon, hn::LoadU(d, columns.epsilon + i)));
  }
  static HWY_INLINE V moved(V parameter, V mean, V square, V step_size, V root, V epsilon) {
    const V denominator = hn::Add(hn::Div(hn::Sqrt(square), root), epsilon);
    return hn::NegMulAdd(step_size, hn::Div(mean, denominator), parameter);
  }
};

// The sign of one mean of the gradients, while another one is kept.
template <class T>
struct Lion {
  using V = Lanes<T>;
  Gradient<T> gradient;
  DecoupledDecay<T> decay;
  V rate, beta1, beta2, complement1, complement2;

  template <Engine kEngine>
  explicit HWY_INLINE Lion(const Numbers<T, kEngine>& n)
      : gradient(n, false),
        decay(n, true),
        rate(n[UpdateNumber::kLearningRate]),
        beta1(n[UpdateNumber::kBeta1]),
        beta2(n[UpdateNumber::kBeta2]),
        complement1(n[UpdateNumber::kComplement1]),
        complement2(n[UpdateNumber::kComplement2]) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* /*second*/, std::size_t i) const {
    const Tag<T> d;
    const V g = gradient.of(raw_gradient, parameter), mean = hn::LoadU(d, first + i);
    parameter = decay.of(parameter);
    const V direction = hn::MulAdd(beta1, mean, hn::Mul(complement1, g));
    hn::StoreU(hn::MulAdd(beta2, mean, hn::Mul(complement2, g)), d, first + i);
    const V moved = hn::Sub(parameter, hn::CopySign(rate, direction));
    return hn::IfThenElse(hn::IsNaN(direction), direction,
                          hn::IfThenElse(hn::Eq(direction, hn::Zero(d)), parameter, moved));
  }
};

template <class T>
struct Rmsprop {
  using V = Lanes<T>;
  Gradient<T> gradient;
  bool uses_momentum;
  V rate, momentum, alpha, rest, epsilon, inner_epsilon;
  Mask<T> no_momentum;

  template <Engine kEngine>
  explicit HWY_INLINE Rmsprop(const Numbers<T, kEngine>& n)
      : gradient(n, true),
        uses_momentum(n.p.uses_momentum),
        rate(n[UpdateNumber::kLearningRate]),
        momentum(n[UpdateNumber::kMomentum]),
        alpha(n[UpdateNumber::kBeta2]),
        rest(n[UpdateNumber::kComplement2]),
        epsilon(n[UpdateNumber::kEpsilon]),
        inner_epsilon(n[UpdateNumber::kInnerEpsilon]),
        no_momentum(hn::Eq(momentum, hn::Zero(Tag<T>()))) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* second, std::size_t i) const {
    const Tag<T> d;
    const V g = gradient.of(raw_gradient, parameter);
    const V square = hn::MulAdd(alpha, hn::LoadU(d, second + i), hn::Mul(hn::Mul(rest, g), g));
    hn::StoreU(square, d, second + i);
    V direction = hn::Div(g, hn::Add(hn::Sqrt(hn::Add(square, inner_epsilon)), epsilon));
    if (uses_momentum) {
      const V buffer = hn::MulAdd(momentum, hn::LoadU(d, first + i), direction);
      hn::StoreU(buffer, d, first + i);
      direction = hn::IfThenElse(no_momentum, direction, buffer);
    }
    return hn::NegMulAdd(rate, direction, parameter);
  }
};

// Returns marks: NaN where a parameter of the lane is not finite after the step. Or-ing keeps a NaN that
// parameter·0 gives; unlike a sum it is no chain of slow additions.
template <class Step, Engine kEngine, class T>
HWY_NOINLINE Lanes<T> update_vectors(const UpdateParameters<T>& p, std::size_t from, std::size_t to,
                                     T* parameters, const T* gradient, T* first, T* second) {
  const Tag<T> d;
  const Step step(Numbers<T, kEngine>{p});
  Lanes<T> marks = hn::Zero(d);
  for (std::size_t i = from; i < to; i += kLanes<T>) {
    const Lanes<T> next =
        step.step(hn::LoadU(d, parameters + i), hn::LoadU(d, gradient + i), first, second, i);
    hn::StoreU(next, d, parameters + i);
    marks = hn::Or(marks, hn::Mul(next, hn::Zero(d)));
  }
  return marks;
}

template <class Step, class T, Engine kEngine>
void update_all(const UpdateParameters<T>& p, std::size_t count, T* parameters, const T* gradient, T* first,
                T* second, T* poison) {
  const Tag<T> d;
  const auto update_range = [&](std::size_t from, std::size_t to) HWY_ATTR {
    return update_vectors<Step, kEngine>(p, from, to, parameters, gradient, first, second);
  };
  if constexpr (kEngine == Engine::kLanes) {
    const Lanes<T> marks = update_range(0, count * kLanes<T>);
    hn::StoreU(hn::IfThenElse(hn::IsNaN(marks), marks, hn::LoadU(d, poison)), d, poison);
  } else {
    const std::size_t rest = count % kLanes<T>, whole = count - rest;
    auto diverged = hn::IsNaN(update_range(0, whole));
    if (rest != 0) {  // behind the last parameter others may lie: its vector is updated elsewhere
      HWY_ALIGN T copies[4][kLanes<T>] = {};
      std::copy_n(gradient + whole, rest, copies[3]);
      T* const buffers[] = {parameters, first, second};
      for (std::size_t b = 0; b < std::size(buffers); ++b)
        if (buffers[b] != nullptr) std::copy_n(buffers[b] + whole, rest, copies[b]);
      UpdateParameters<T> last = p;
      for (const T** numbers :
           {&last.columns.step_size, &last.columns.correction2_root, &last.columns.epsilon})
        *numbers += *numbers != nullptr ? whole : 0;
      const Lanes<T> marks =
          update_vectors<Step, kEngine>(last, 0, kLanes<T>, copies[0], copies[3], copies[1], copies[2]);
      diverged = hn::Or(diverged, hn::And(hn::IsNaN(marks), hn::FirstN(d, rest)));
      for (std::size_t b = 0; b < std::size(buffers); ++b)
        if (buffers[b] != nullptr) std::copy_n(copies[b], rest, buffers[b] + whole);
    }
    if (!hn::AllFalse(d, diverged)) *poison = hn::GetLane(hn::NaN(d));
  }
}

template <class T, bool kDecoupled, Engine kEngine, class... Rest>
void update_adam(const UpdateParameters<T>& p, Rest... rest) {
  p.columns.step_size == nullptr ? update_all<Adam<T, kDecoupled, false>, T, kEngine>(p, rest...)
                                 : update_all<Adam<T, kDecoupled, true>, T, kEngine>(p, rest...);
}

template <class T, Engine kEngine>
void update(Optimizer optimizer, const UpdateParameters<T>& p, std::size_t count, T* parameters,
            const T* gradient, T* first, T* second, T* poison) {
  assert(p.numbers != nullptr && poison != nullptr);
  assert(first != nullptr || !(counts_steps(optimizer) || optimizer == Optimizer::kLion || p.uses_momentum));
  assert(second != nullptr || optimizer == Optimizer::kSgd || optimizer == Optimizer::kLion);
  switch (optimizer) {
    case Optimizer::kSgd:
      return update_all<Sgd<T>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kAdam:
      return update_adam<T, false, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kAdamw:
      return update_adam<T, true, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kLion:
      return update_all<Lion<T>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kRmsprop:
      return update_all<Rmsprop<T>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
  }
}

template <class T, Engine kEngine>
constexpr UpdateKernels<T> kUpdate{&update<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(UpdateKernels, update_kernels, kUpdate)
#endif
