#include "simd/gather.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gather.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Whole vectors are written, since a load does not get its bytes out of several smaller stores before these have left
// the store buffer.
// kPadded: examples are as long as the next multiple of four.
template <class T, bool kPadded = false>
void columns(const T* const* examples, std::size_t rows, T* to, std::size_t row_stride) {
  std::size_t r = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    for (; r + (kPadded ? 1 : 4) <= rows; r += 4) {
      Lanes<T> four[4];
      transpose_rows(
          Tag<T>(), [&](std::size_t c) { return examples[c] + r; }, four);
      for (std::size_t j = 0; j < 4; ++j)
        if (!kPadded || r + j < rows) hn::StoreU(four[j], Tag<T>(), to + (r + j) * row_stride);
    }
  }
  for (; r < rows; ++r) {
    HWY_ALIGN T row[kLanes<T>];
    for (std::size_t c = 0; c < kLanes<T>; ++c) row[c] = examples[c][r];
    hn::StoreU(hn::Load(Tag<T>(), row), Tag<T>(), to + r * row_stride);
  }
}

// The first kValues numbers of so many examples of kRows that they fill kNumbers, put together in registers.
template <std::size_t kRows, std::size_t kValues, std::size_t kNumbers, class T>
HWY_INLINE hn::Vec<hn::CappedTag<T, kNumbers>> values_at(const T* source, const std::uint32_t* indices) {
  constexpr hn::CappedTag<T, kNumbers> d;
  if constexpr (kNumbers == kValues) {
    return hn::LoadU(d, source + std::size_t{*indices} * kRows);
  } else {
    constexpr std::size_t kHalf = kNumbers / 2;
    return hn::Combine(d, values_at<kRows, kValues, kHalf>(source, indices + kHalf / kValues),
                       values_at<kRows, kValues, kHalf>(source, indices));
  }
}

template <std::size_t kRows, class T>
void gather_rows(const T* source, const std::uint32_t* indices, std::size_t columns, T* to,
                 std::size_t row_stride) {
  std::size_t c = 0;
  for (; c + kLanes<T> <= columns; c += kLanes<T>) {
    for (std::size_t r = 0; r < kRows; ++r)
      hn::StoreU(values_at<kRows, 1, kLanes<T>>(source + r, indices + c), Tag<T>(), to + r * row_stride + c);
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

// rows[j] = the j-th number of kLanes examples.
template <std::size_t kValues, class T>
HWY_INLINE void take_apart(const T* source, const std::uint32_t* indices, Lanes<T> (&rows)[kValues]) {
  constexpr Tag<T> d;
  constexpr std::size_t kExamples = kLanes<T> / kValues;  // a register
  Lanes<T> parts[kValues];
  for (std::size_t j = 0; j < kValues; ++j)
    parts[j] = values_at<kValues, kValues, kLanes<T>>(source, indices + j * kExamples);
  if constexpr (kValues == 2) {
    rows[0] = hn::ConcatEven(d, parts[1], parts[0]);
    rows[1] = hn::ConcatOdd(d, parts[1], parts[0]);
  } else {
    const Lanes<T> even[2] = {hn::ConcatEven(d, parts[1], parts[0]), hn::ConcatEven(d, parts[3], parts[2])};
    const Lanes<T> odd[2] = {hn::ConcatOdd(d, parts[1], parts[0]), hn::ConcatOdd(d, parts[3], parts[2])};
    rows[0] = hn::ConcatEven(d, even[1], even[0]);
    rows[1] = hn::ConcatEven(d, odd[1], odd[0]);
    rows[2] = hn::ConcatOdd(d, even[1], even[0]);
    rows[3] = hn::ConcatOdd(d, odd[1], odd[0]);
  }
}

template <std::size_t kValues, class T>
void gather_values(const T* source, const std::uint32_t* first, const std::uint32_t* indices,
                   std::size_t rows, std::size_t columns, T* to, std::size_t row_stride) {
  std::size_t c = 0;
  if constexpr (kLanes<T> >= kValues) {
    HWY_ALIGN std::uint32_t own[kLanes<T>];
    for (; c + kLanes<T> <= columns; c += kLanes<T>) {
      for (std::size_t i = 0; first != nullptr && i < kLanes<T>; ++i) own[i] = first[i] + indices[c + i];
      Lanes<T> values[kValues];
      take_apart<kValues>(source, first != nullptr ? own : indices + c, values);
      for (std::size_t r = 0; r < kValues; ++r)
        if (r < rows) hn::StoreU(values[r], Tag<T>(), to + r * row_stride + c);
    }
  }
  for (; c < columns; ++c) {
    const T* const example =
        source + std::size_t{(first != nullptr ? first[c % kLanes<T>] : 0) + indices[c]} * kValues;
    for (std::size_t r = 0; r < rows; ++r) to[r * row_stride + c] = example[r];
  }
}

template <class T>
void few_values(const T* source, std::size_t values, const std::uint32_t* first, const std::uint32_t* indices,
                std::size_t rows, std::size_t count, T* to, std::size_t row_stride) {
  assert(rows <= values && (values == 2 || values % 4 == 0));
  if (values == 2) return gather_values<2>(source, first, indices, rows, count, to, row_stride);
  if (values == 4) return gather_values<4>(source, first, indices, rows, count, to, row_stride);
  const auto example = [&](std::size_t c) HWY_ATTR {
    return source + (std::size_t{first != nullptr ? first[c % kLanes<T>] : 0} + indices[c]) * values;
  };
  std::size_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) {
    const T* examples[kLanes<T>];
    for (std::size_t i = 0; i < kLanes<T>; ++i) examples[i] = example(c + i);
    columns<T, true>(examples, rows, to + c, row_stride);
  }
  for (; c < count; ++c)
    for (std::size_t r = 0; r < rows; ++r) to[r * row_stride + c] = example(c)[r];
}

template <class T>
constexpr GatherKernels<T> kGather{&columns<T, false>, &few_rows<T>, &few_values<T>};

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
