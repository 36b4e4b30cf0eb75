// Small helpers that every kernel file shares, compiled once per target.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_LANES_INL_H_
#undef DEADRELU_SIMD_LANES_INL_H_
#else
#define DEADRELU_SIMD_LANES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Lanes = hn::Vec<Tag<T>>;

template <class T>
constexpr std::size_t kLanes = HWY_LANES(T);
// How many registers of doubles hold the lanes of one register of T.
template <class T>
constexpr std::size_t kParts = sizeof(double) / sizeof(T);

// As many values from p as a register holds doubles, as doubles.
template <class T>
HWY_INLINE Lanes<double> load_doubles(const T* p) {
  const Tag<double> d;
  if constexpr (sizeof(T) == sizeof(double)) {
    return hn::Load(d, p);
  } else {
    return hn::PromoteTo(d, hn::Load(hn::Rebind<T, Tag<double>>(), p));
  }
}

// A running sum in double for every lane of a register of T.
template <class T>
struct DoubleSums {
  Lanes<double> parts[kParts<T>];

  HWY_INLINE void load(const double* p) {
    for (std::size_t i = 0; i < kParts<T>; ++i) parts[i] = hn::LoadU(Tag<double>(), p + i * kLanes<double>);
  }
  HWY_INLINE void store(double* p) const {
    for (std::size_t i = 0; i < kParts<T>; ++i) hn::StoreU(parts[i], Tag<double>(), p + i * kLanes<double>);
  }
  HWY_INLINE void add(Lanes<T> v) {
    if constexpr (sizeof(T) == sizeof(double)) {
      parts[0] = hn::Add(parts[0], v);
    } else {
      const Tag<double> d;
      parts[0] = hn::Add(parts[0], hn::PromoteTo(d, hn::LowerHalf(v)));
      parts[1] = hn::Add(parts[1], hn::PromoteTo(d, hn::UpperHalf(hn::Half<Tag<T>>(), v)));
    }
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#endif
