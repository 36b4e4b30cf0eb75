#include "simd/update.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/update.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

template <class Step, class T, Engine kEngine>
HWY_NOINLINE void update_all(const UpdateParameters<T>& p, std::size_t count, T* parameters,
                             const T* gradient, T* first, T* second, T* poison) {
  const Tag<T> d;
  const Step step(Numbers<T, kEngine>{p});
  Lanes<T> marks = hn::Zero(d);
  const auto update_at = [&](auto at, std::size_t i) HWY_ATTR {
    const Lanes<T> next = step.step(at.load(parameters + i), at.load(gradient + i), at, first, second, i);
    at.store(next, parameters + i);
    marks = add_mark(marks, at.there(next));
  };
  const std::size_t values = count * (kEngine == Engine::kLanes ? kLanes<T> : 1);
  const std::size_t whole = values - values % kLanes<T>;
  for (std::size_t i = 0; i < whole; i += kLanes<T>) update_at(WholeVector<T>(), i);
  if (whole < values) update_at(FirstNumbers<T>{values - whole}, whole);
  poison_marked<kEngine>(marks, poison);
}

template <class T, Engine kEngine>
void update(Optimizer optimizer, const UpdateParameters<T>& p, std::size_t count, T* parameters,
            const T* gradient, T* first, T* second, T* poison) {
  assert(p.numbers != nullptr && poison != nullptr);
  assert(first != nullptr || !(counts_steps(optimizer) || optimizer == Optimizer::kLion || p.uses_momentum));
  assert(second != nullptr || optimizer == Optimizer::kSgd || optimizer == Optimizer::kLion);
  with_step(optimizer, p, [&](auto step) HWY_ATTR {
    update_all<typename decltype(step)::type, T, kEngine>(p, count, parameters, gradient, first, second,
                                                          poison);
  });
}

template <class T, Engine kEngine>
constexpr UpdateKernels<T> kUpdate{&update<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(UpdateKernels, update_kernels, kUpdate)
#endif
