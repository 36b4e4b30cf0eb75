#include "simd/gather.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gather.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
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

// The numbers at kColumns places, put together in registers.
template <std::size_t kRows, std::size_t kColumns, class T>
HWY_INLINE hn::Vec<hn::CappedTag<T, kColumns>> values_at(const T* source, const std::uint32_t* indices) {
  constexpr hn::CappedTag<T, kColumns> d;
  if constexpr (kColumns == 1) {
    return hn::LoadU(d, source + std::size_t{*indices} * kRows);
  } else {
    constexpr std::size_t kHalf = kColumns / 2;
    return hn::Combine(d, values_at<kRows, kHalf>(source, indices + kHalf),
                       values_at<kRows, kHalf>(source, indices));
  }
}

template <std::size_t kRows, class T>
void gather_rows(const T* source, const std::uint32_t* indices, std::size_t columns, T* to,
                 std::size_t row_stride) {
  std::size_t c = 0;
  for (; c + kLanes<T> <= columns; c += kLanes<T>) {
    for (std::size_t r = 0; r < kRows; ++r)
      hn::StoreU(values_at<kRows, kLanes<T>>(source + r, indices + c), Tag<T>(), to + r * row_stride + c);
  }
  for (; c < columns; ++c)
    for (std::size_t r = 0; r < kRows; ++r)
      to[r * row_stride + c] = source[std::size_t{indices[c]} * kRows + r];
}

template <class T>
void few_rows(const T* source, const std::uint32_t* indices, std::size_t rows, std::size_t columns, T* to,
              std::size_t row_stride) {
  static_assert(kFewRows == 3);
  assert(rows > 0 && rows <= kFewRows);
  if (rows == 1) return gather_rows<1>(source, indices, columns, to, row_stride);
  if (rows == 2) return gather_rows<2>(source, indices, columns, to, row_stride);
  if (rows == 3) return gather_rows<3>(source, indices, columns, to, row_stride);
}

template <class T>
constexpr GatherKernels<T> kGather{&columns<T>, &few_rows<T>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
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
