#include "simd/remedy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/remedy.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// to[i] = next(d, number of the lane, to[i], i) for all elements. Behind the last one others may lie.
template <Engine kEngine, class T, class Next>
HWY_INLINE void change_all(const T* number, std::size_t count, T* to, const Next& next) {
  const auto change = [&](auto d, auto of_lane, std::size_t from, std::size_t end) HWY_ATTR {
    for (std::size_t i = from; i < end; i += MaxLanes(d))
      hn::StoreU(next(d, of_lane, hn::LoadU(d, to + i), i), d, to + i);
  };
  const std::size_t values = count * (kEngine == Engine::kLanes ? kLanes<T> : 1);
  const std::size_t whole = values - values % kLanes<T>;
  change(Tag<T>(), load_number<kEngine>(number), 0, whole);
  if constexpr (kEngine == Engine::kWide) {
    const hn::CappedTag<T, 1> single;
    change(single, hn::Set(single, *number), whole, values);
  }
}

template <class T, Engine kEngine>
void add_l1(const T* strength, std::size_t count, const T* parameters, T* gradient) {
  change_all<kEngine>(strength, count, gradient, [=](auto d, auto factor, auto g, std::size_t i) HWY_ATTR {
    const auto parameter = hn::LoadU(d, parameters + i);
    const auto stays = hn::Or(hn::Eq(factor, hn::Zero(d)), hn::Eq(parameter, hn::Zero(d)));
    return hn::IfThenElse(stays, g, hn::Add(g, hn::CopySign(factor, parameter)));
  });
}

template <class T, Engine kEngine>
void add_l2_init(const T* strength, std::size_t count, const T* parameters, const T* initial, T* gradient) {
  change_all<kEngine>(strength, count, gradient, [=](auto d, auto factor, auto g, std::size_t i) HWY_ATTR {
    const auto distance = hn::Sub(hn::LoadU(d, parameters + i), hn::LoadU(d, initial + i));
    return hn::IfThenElse(hn::Eq(factor, hn::Zero(d)), g, hn::MulAdd(factor, distance, g));
  });
}

template <class T, Engine kEngine>
void clamp(const T* bound, std::size_t count, T* parameters) {
  change_all<kEngine>(bound, count, parameters, [](auto, auto most, auto x, std::size_t) HWY_ATTR {
    x = hn::IfThenElse(hn::Gt(x, most), most, x);  // NaN stays NaN
    return hn::IfThenElse(hn::Lt(x, hn::Neg(most)), hn::Neg(most), x);
  });
}

template <class T, Engine kEngine>
void perturb(const T* keep, const T* factor, std::size_t count, const T* noise, T* parameters) {
  change_all<kEngine>(keep, count, parameters,
                      [=](auto, auto share, auto x, std::size_t) HWY_ATTR { return hn::Mul(share, x); });
  change_all<kEngine>(factor, count, parameters, [=](auto d, auto by, auto x, std::size_t i) HWY_ATTR {
    return hn::IfThenElse(hn::Eq(by, hn::Zero(d)), x, hn::MulAdd(by, hn::LoadU(d, noise + i), x));
  });
}

template <class T, Engine kEngine>
constexpr RemedyKernels<T> kRemedies{&add_l1<T, kEngine>, &add_l2_init<T, kEngine>, &clamp<T, kEngine>,
                                     &perturb<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(RemedyKernels, remedy_kernels, kRemedies)
#endif
