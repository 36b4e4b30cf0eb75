#include "simd/update.h"

#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/update.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

template <class T>
using Mask = hn::Mask<Tag<T>>;

template <class T>
HWY_INLINE Lanes<T> load_lanes(const T* p) {
  return hn::LoadU(Tag<T>(), p);
}
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
  V factor, decay;
  Mask<T> no_decay;

  HWY_INLINE Gradient(const UpdateParameters<T>& p, bool is_coupled)
      : clips(p.clips),
        decays(p.uses_weight_decay && is_coupled),
        factor(load_lanes(p.gradient_factor)),
        decay(load_lanes(p.weight_decay)),
        no_decay(hn::Eq(decay, hn::Zero(Tag<T>()))) {}
  HWY_INLINE V of(V gradient, V parameter) const {
    if (clips) gradient = hn::Mul(gradient, factor);
    if (decays) gradient = hn::IfThenElse(no_decay, gradient, hn::MulAdd(decay, parameter, gradient));
    return gradient;
  }
};

template <class T>
struct Sgd {
  using V = Lanes<T>;
  Gradient<T> gradient;
  bool uses_momentum, first_step;
  V rate, momentum, damped;
  Mask<T> no_momentum, is_nesterov;

  explicit HWY_INLINE Sgd(const UpdateParameters<T>& p)
      : gradient(p, true),
        uses_momentum(p.uses_momentum),
        first_step(p.first_step),
        rate(load_lanes(p.learning_rate)),
        momentum(load_lanes(p.momentum)),
        damped(hn::Sub(one<T>(), load_lanes(p.dampening))),
        no_momentum(hn::Eq(momentum, hn::Zero(Tag<T>()))),
        is_nesterov(hn::Ne(load_lanes(p.nesterov), hn::Zero(Tag<T>()))) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* /*second*/, std::size_t i) const {
    const Tag<T> d;
    V direction = gradient.of(raw_gradient, parameter);
    if (uses_momentum) {
      const V g = direction;
      const V buffer = first_step ? g : hn::MulAdd(momentum, hn::Load(d, first + i), hn::Mul(damped, g));
      hn::Store(buffer, d, first + i);
      direction = hn::IfThenElse(is_nesterov, hn::MulAdd(momentum, buffer, g), buffer);
      direction = hn::IfThenElse(no_momentum, g, direction);
    }
    return hn::NegMulAdd(rate, direction, parameter);
  }
};

template <class T, bool kDecoupled>
struct Adam {
  using V = Lanes<T>;
  Gradient<T> gradient;
  bool decays;
  Mask<T> no_decay;
  V shrink, beta1, beta2, complement1, complement2, epsilon, step_size, root;

  explicit HWY_INLINE Adam(const UpdateParameters<T>& p)
      : gradient(p, !kDecoupled),
        decays(kDecoupled && p.uses_weight_decay),
        no_decay(gradient.no_decay),
        shrink(hn::Mul(load_lanes(p.learning_rate), load_lanes(p.weight_decay))),
        beta1(load_lanes(p.beta1)),
        beta2(load_lanes(p.beta2)),
        complement1(load_lanes(p.complement1)),
        complement2(load_lanes(p.complement2)),
        epsilon(load_lanes(p.epsilon)),
        step_size(hn::Div(load_lanes(p.learning_rate), load_lanes(p.correction1))),
        root(load_lanes(p.correction2_root)) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* second, std::size_t i) const {
    const Tag<T> d;
    const V g = gradient.of(raw_gradient, parameter);
    if (decays) {
      parameter = hn::IfThenElse(no_decay, parameter, hn::NegMulAdd(shrink, parameter, parameter));
    }
    const V mean = hn::MulAdd(beta1, hn::Load(d, first + i), hn::Mul(complement1, g));
    const V square = hn::MulAdd(beta2, hn::Load(d, second + i), hn::Mul(hn::Mul(complement2, g), g));
    hn::Store(mean, d, first + i);
    hn::Store(square, d, second + i);
    const V denominator = hn::Add(hn::Div(hn::Sqrt(square), root), epsilon);
    return hn::NegMulAdd(step_size, hn::Div(mean, denominator), parameter);
  }
};

template <class T>
struct Rmsprop {
  using V = Lanes<T>;
  Gradient<T> gradient;
  bool uses_momentum;
  V rate, momentum, alpha, rest, epsilon;
  Mask<T> no_momentum;

  explicit HWY_INLINE Rmsprop(const UpdateParameters<T>& p)
      : gradient(p, true),
        uses_momentum(p.uses_momentum),
        rate(load_lanes(p.learning_rate)),
        momentum(load_lanes(p.momentum)),
        alpha(load_lanes(p.beta2)),
        rest(load_lanes(p.complement2)),
        epsilon(load_lanes(p.epsilon)),
        no_momentum(hn::Eq(momentum, hn::Zero(Tag<T>()))) {}

  HWY_INLINE V step(V parameter, V raw_gradient, T* first, T* second, std::size_t i) const {
    const Tag<T> d;
    const V g = gradient.of(raw_gradient, parameter);
    const V square = hn::MulAdd(alpha, hn::Load(d, second + i), hn::Mul(hn::Mul(rest, g), g));
    hn::Store(square, d, second + i);
    V direction = hn::Div(g, hn::Add(hn::Sqrt(square), epsilon));
    if (uses_momentum) {
      const V buffer = hn::MulAdd(momentum, hn::Load(d, first + i), direction);
      hn::Store(buffer, d, first + i);
      direction = hn::IfThenElse(no_momentum, direction, buffer);
    }
    return hn::NegMulAdd(rate, direction, parameter);
  }
};

// Returns marks: NaN where a parameter of the lane is not finite after the step. Or-ing keeps a NaN that
// parameter·0 gives; unlike a sum it is no chain of slow additions.
template <class Step, class T>
HWY_NOINLINE Lanes<T> update_vectors(const UpdateParameters<T>& p, std::size_t from, std::size_t to,
                                     T* parameters, const T* gradient, T* first, T* second) {
  const Tag<T> d;
  const Step step(p);
  Lanes<T> marks = hn::Zero(d);
  for (std::size_t i = from; i < to; i += kLanes<T>) {
    const Lanes<T> next = step.step(hn::Load(d, parameters + i), hn::Load(d, gradient + i), first, second, i);
    hn::Store(next, d, parameters + i);
    marks = hn::Or(marks, hn::Mul(next, hn::Zero(d)));
  }
  return marks;
}

// The same number in every lane of a register, for the numbers of a single run.
template <class T>
class Splatted {
 public:
  explicit HWY_INLINE Splatted(const UpdateParameters<T>& p) : parameters(p) {
    std::size_t next = 0;
    for (const T** number :
         {&parameters.learning_rate, &parameters.weight_decay, &parameters.gradient_factor,
          &parameters.momentum, &parameters.dampening, &parameters.nesterov, &parameters.beta1,
          &parameters.beta2, &parameters.epsilon, &parameters.complement1, &parameters.complement2,
          &parameters.correction1, &parameters.correction2_root}) {
      T* const place = numbers_ + kLanes<T> * next++;
      hn::StoreU(hn::Set(Tag<T>(), **number), Tag<T>(), place);
      *number = place;
    }
  }
  UpdateParameters<T> parameters;

 private:
  T numbers_[13 * kLanes<T>];
};

template <class Step, class T, Engine kEngine>
void update_all(const UpdateParameters<T>& p, std::size_t count, T* parameters, const T* gradient, T* first,
                T* second, T* poison) {
  const Tag<T> d;
  if constexpr (kEngine == Engine::kLanes) {
    const Lanes<T> marks = update_vectors<Step>(p, 0, count * kLanes<T>, parameters, gradient, first, second);
    hn::StoreU(hn::IfThenElse(hn::IsNaN(marks), marks, load_lanes(poison)), d, poison);
  } else {
    const Splatted<T> splatted(p);
    const auto update_range = [&](std::size_t from, std::size_t to) HWY_ATTR {
      return update_vectors<Step>(splatted.parameters, from, to, parameters, gradient, first, second);
    };
    const std::size_t rest = count % kLanes<T>;
    auto diverged = hn::IsNaN(update_range(0, count - rest));
    if (rest != 0) {  // behind the last parameter anything may lie
      diverged = hn::Or(diverged, hn::And(hn::IsNaN(update_range(count - rest, count)), hn::FirstN(d, rest)));
    }
    if (!hn::AllFalse(d, diverged)) *poison = hn::GetLane(hn::NaN(d));
  }
}

template <class T, Engine kEngine>
void update(Optimizer optimizer, const UpdateParameters<T>& p, std::size_t count, T* parameters,
            const T* gradient, T* first, T* second, T* poison) {
  switch (optimizer) {
    case Optimizer::kSgd:
      return update_all<Sgd<T>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kAdam:
      return update_all<Adam<T, false>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kAdamw:
      return update_all<Adam<T, true>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
    case Optimizer::kRmsprop:
      return update_all<Rmsprop<T>, T, kEngine>(p, count, parameters, gradient, first, second, poison);
  }
}

template <class T, Engine kEngine>
constexpr UpdateKernels<T> kUpdate{&update<T, kEngine>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(UpdateKernels, update_kernels, kUpdate)
#endif
