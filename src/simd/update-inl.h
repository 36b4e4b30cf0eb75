// The optimizers' steps, on registers.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_UPDATE_INL_H_
#undef DEADRELU_SIMD_UPDATE_INL_H_
#else
#define DEADRELU_SIMD_UPDATE_INL_H_
#endif

#include <algorithm>
#include <type_traits>

#include "simd/ends-inl.h"
#include "simd/lanes-inl.h"
#include "simd/update.h"

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
    return load_number<kEngine>(p.at(number, kEngine == Engine::kLanes ? kLanes<T> : 1));
  }
};
template <class T>
HWY_INLINE Lanes<T> one() {
  return hn::Set(Tag<T>(), T{1});
}
// What a step reads and writes of a buffer: a whole vector …
template <class T>
struct WholeVector {
  static constexpr std::size_t count = kLanes<T>;
  HWY_INLINE Lanes<T> load(const T* p) const { return hn::LoadU(Tag<T>(), p); }
  HWY_INLINE void store(Lanes<T> v, T* p) const { hn::StoreU(v, Tag<T>(), p); }
  HWY_INLINE Lanes<T> there(Lanes<T> v) const { return v; }  // 0 for what is none of the numbers
};
// … or its first numbers, behind which others may lie.
template <class T>
struct FirstNumbers {
  std::size_t count;
  HWY_INLINE Lanes<T> load(const T* p) const {
#if HWY_ARCH_X86
    return hn::MaskedLoad(hn::FirstN(Tag<T>(), count), Tag<T>(), p);
#else
    HWY_ALIGN T copy[kLanes<T>] = {};
    std::copy_n(p, count, copy);
    return hn::Load(Tag<T>(), copy);
#endif
  }
  HWY_INLINE void store(Lanes<T> v, T* p) const {
#if HWY_ARCH_X86
    hn::BlendedStore(v, hn::FirstN(Tag<T>(), count), Tag<T>(), p);
#else
    HWY_ALIGN T copy[kLanes<T>];
    hn::Store(v, Tag<T>(), copy);
    std::copy_n(copy, count, p);
#endif
  }
  HWY_INLINE Lanes<T> there(Lanes<T> v) const { return hn::IfThenElseZero(hn::FirstN(Tag<T>(), count), v); }
};

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

// Nothing but the learning rate: no switches.
template <class T>
struct PlainSgd {
  Lanes<T> rate;

  template <Engine kEngine>
  explicit HWY_INLINE PlainSgd(const Numbers<T, kEngine>& n) : rate(n[UpdateNumber::kLearningRate]) {}
  template <class At>
  HWY_INLINE Lanes<T> step(Lanes<T> parameter, Lanes<T> gradient, At, T*, T*, std::size_t) const {
    return sgd_step(rate, gradient, parameter);
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

  template <class At>
  HWY_INLINE V step(V parameter, V raw_gradient, At at, T* first, T* /*second*/, std::size_t i) const {
    V direction = gradient.of(raw_gradient, parameter);
    if (uses_momentum) {
      const V g = direction;
      const V buffer = first_step ? g : hn::MulAdd(momentum, at.load(first + i), hn::Mul(damped, g));
      at.store(buffer, first + i);
      direction = hn::IfThenElse(is_nesterov, hn::MulAdd(momentum, buffer, g), buffer);
      direction = hn::IfThenElse(no_momentum, g, direction);
    }
    return sgd_step(rate, direction, parameter);
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

  template <class At>
  HWY_INLINE V step(V parameter, V raw_gradient, At at, T* first, T* second, std::size_t i) const {
    const V g = gradient.of(raw_gradient, parameter);
    parameter = decay.of(parameter);
    const V mean = hn::MulAdd(beta1, at.load(first + i), hn::Mul(complement1, g));
    const V square = hn::MulAdd(beta2, at.load(second + i), hn::Mul(hn::Mul(complement2, g), g));
    at.store(mean, first + i);
    at.store(square, second + i);
    if constexpr (!kOfEntries) return moved(parameter, mean, square, step_size, root, epsilon);
    // Of two step counts the smaller one has the larger step and epsilon, and the smaller root.
    return moved(parameter, mean, square, hn::Max(step_size, at.load(columns.step_size + i)),
                 hn::Min(root, at.load(columns.correction2_root + i)),
                 hn::Max(epsilon, at.load(columns.epsilon + i)));
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

  template <class At>
  HWY_INLINE V step(V parameter, V raw_gradient, At at, T* first, T* /*second*/, std::size_t i) const {
    const V g = gradient.of(raw_gradient, parameter), mean = at.load(first + i);
    parameter = decay.of(parameter);
    const V direction = hn::MulAdd(beta1, mean, hn::Mul(complement1, g));
    at.store(hn::MulAdd(beta2, mean, hn::Mul(complement2, g)), first + i);
    const V moved = hn::Sub(parameter, hn::CopySign(rate, direction));
    return hn::IfThenElse(hn::IsNaN(direction), direction,
                          hn::IfThenElse(hn::Eq(direction, hn::Zero(Tag<T>())), parameter, moved));
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

  template <class At>
  HWY_INLINE V step(V parameter, V raw_gradient, At at, T* first, T* second, std::size_t i) const {
    const V g = gradient.of(raw_gradient, parameter);
    const V square = hn::MulAdd(alpha, at.load(second + i), hn::Mul(hn::Mul(rest, g), g));
    at.store(square, second + i);
    V direction = hn::Div(g, hn::Add(hn::Sqrt(hn::Add(square, inner_epsilon)), epsilon));
    if (uses_momentum) {
      const V buffer = hn::MulAdd(momentum, at.load(first + i), direction);
      at.store(buffer, first + i);
      direction = hn::IfThenElse(no_momentum, direction, buffer);
    }
    return hn::NegMulAdd(rate, direction, parameter);
  }
};

// Calls use(std::type_identity<Step>()) with the optimizer's step.
template <class T, class Use>
HWY_INLINE void with_step(Optimizer optimizer, const UpdateParameters<T>& p, const Use& use) {
  const bool by_entry = p.columns.step_size != nullptr;
  switch (optimizer) {
    case Optimizer::kSgd:
      return is_plain_sgd(optimizer, p) ? use(std::type_identity<PlainSgd<T>>())
                                        : use(std::type_identity<Sgd<T>>());
    case Optimizer::kAdam:
      return by_entry ? use(std::type_identity<Adam<T, false, true>>())
                      : use(std::type_identity<Adam<T, false, false>>());
    case Optimizer::kAdamw:
      return by_entry ? use(std::type_identity<Adam<T, true, true>>())
                      : use(std::type_identity<Adam<T, true, false>>());
    case Optimizer::kLion: return use(std::type_identity<Lion<T>>());
    case Optimizer::kRmsprop: return use(std::type_identity<Rmsprop<T>>());
  }
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
