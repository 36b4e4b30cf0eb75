#include "simd/gather.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gather.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// Four values of kColumns examples: parts[j] has the j-th of each. Whole vectors are written, since a load
// does not get its bytes out of several smaller stores before these have left the store buffer.
template <std::size_t kColumns, class T>
struct FourRows {
  static constexpr hn::CappedTag<T, kColumns> d{};
  hn::Vec<decltype(d)> parts[4];

  HWY_INLINE FourRows(const T* const* examples, std::size_t r) {
    if constexpr (kColumns == 4) {
      transpose4(examples[0] + r, examples[1] + r, examples[2] + r, examples[3] + r, parts);
    } else {
      const FourRows<kColumns / 2, T> low(examples, r), high(examples + kColumns / 2, r);
      for (std::size_t j = 0; j < 4; ++j) parts[j] = hn::Combine(d, high.parts[j], low.parts[j]);
    }
  }
};

template <class T>
void columns(const T* const* examples, std::size_t rows, T* to, std::size_t row_stride) {
  std::size_t r = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    for (; r + 4 <= rows; r += 4) {
      const FourRows<kLanes<T>, T> four(examples, r);
      for (std::size_t j = 0; j < 4; ++j) hn::StoreU(four.parts[j], Tag<T>(), to + (r + j) * row_stride);
    }
  }
  for (; r < rows; ++r) {
    HWY_ALIGN T row[kLanes<T>];
    for (std::size_t c = 0; c < kLanes<T>; ++c) row[c] = examples[c][r];
    hn::StoreU(hn::Load(Tag<T>(), row), Tag<T>(), to + r * row_stride);
  }
}

template <class T>
constexpr GatherKernels<T> kGather{&columns<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

template <>
const GatherKernels<float>& gather_kernels<float>(SimdTarget target) {
  return DEADRELU_TARGET_TABLE(target, kGather<float>);
}
template <>
const GatherKernels<double>& gather_kernels<double>(SimdTarget target) {
  return DEADRELU_TARGET_TABLE(target, kGather<double>);
}

}  // namespace deadrelu
#endif
