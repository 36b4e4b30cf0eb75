// What becomes of sums in registers: ReLU, its slope, SGD's step.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_ENDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_ENDS_INL_H_
#undef DEADRELU_SIMD_ENDS_INL_H_
#else
#define DEADRELU_SIMD_ENDS_INL_H_
#endif

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// max(x, 0), in the units that add where there are such: a comparison into a mask would take a multiply-add's place.
// NaN stays, −0 becomes 0.
template <class V>
HWY_INLINE V relu(V x) {
  const hn::DFromV<V> d;
#if HWY_ARCH_X86
  return hn::Add(hn::Max(hn::Zero(d), x), hn::Zero(d));  // of two, x86 returns the second beside a NaN
#else
  return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
#endif
}

// ReLU's way back, a selection: the gradient above where its output h is positive, else 0, also where the gradient
// is infinite or NaN. By h's sign as an integer: a comparison into a mask would take a multiply-add's place; AVX2 has more
// units for it, and no arithmetic shift of 64 bits.
// REQUIRES: h ≥ +0, or NaN.
template <class V>
HWY_INLINE V where_positive(V h, V above) {
  const hn::DFromV<V> d;
  const hn::RebindToSigned<decltype(d)> bits;
  const auto zero = hn::Zero(bits), number = hn::BitCast(bits, h);
  if constexpr (HWY_TARGET == HWY_AVX2)
    return hn::IfThenElseZero(hn::RebindMask(d, hn::Gt(number, zero)), above);
  else
    return hn::And(above, hn::BitCast(d, hn::BroadcastSignBit(hn::Sub(zero, number))));
}

// SGD, in direction of the gradient or of what momentum makes of it.
template <class V>
HWY_INLINE V sgd_step(V rate, V direction, V parameter) {
  return hn::NegMulAdd(rate, direction, parameter);
}

// A mark is NaN where some parameter is not finite. Or-ing keeps a NaN; unlike a sum it is no chain of slow additions.
template <class V>
HWY_INLINE V add_mark(V marks, V parameter) {
  return hn::Or(marks, hn::Sub(parameter, parameter));
}
template <Engine kEngine, class V, class T>
HWY_INLINE void poison_marked(V marks, T* poison) {
  const Tag<T> d;
  const auto bad = hn::IsNaN(marks);
  if (hn::AllFalse(d, bad)) return;
  if (kEngine == Engine::kWide)
    *poison = hn::GetLane(hn::NaN(d));
  else
    hn::StoreU(hn::IfThenElse(bad, marks, hn::LoadU(d, poison)), d, poison);
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
