// Small helpers that every kernel file shares, compiled once per target.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_LANES_INL_H_
#undef DEADRELU_SIMD_LANES_INL_H_
#else
#define DEADRELU_SIMD_LANES_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

// Picks one target's and engine's table of kernels; not HWY_DYNAMIC_DISPATCH, since the caller says which
// target it wants.
#define DEADRELU_ENGINE_TABLE(space, engine, table, T) \
  ((engine) == Engine::kWide ? space::table<T, Engine::kWide> : space::table<T, Engine::kLanes>)
#if HWY_ARCH_X86
#define DEADRELU_TABLE(target, engine, table, T)                                     \
  ((target) == SimdTarget::kAvx512 ? DEADRELU_ENGINE_TABLE(N_AVX3, engine, table, T) \
                                   : DEADRELU_ENGINE_TABLE(N_AVX2, engine, table, T))
#define DEADRELU_TARGET_TABLE(target, table) ((target) == SimdTarget::kAvx512 ? N_AVX3::table : N_AVX2::table)
#else
#define DEADRELU_TABLE(target, engine, table, T) \
  (static_cast<void>(target), DEADRELU_ENGINE_TABLE(N_NEON, engine, table, T))
#define DEADRELU_TARGET_TABLE(target, table) (static_cast<void>(target), N_NEON::table)
#endif

// Both precisions of a function that hands out a table: `const Table<T>& function(SimdTarget, Engine)`, from
// the variable templates `table<T, engine>` of the targets.
#define DEADRELU_DEFINE_KERNELS(Table, function, table)                     \
  namespace deadrelu {                                                      \
  template <>                                                               \
  const Table<float>& function<float>(SimdTarget target, Engine engine) {   \
    return DEADRELU_TABLE(target, engine, table, float);                    \
  }                                                                         \
  template <>                                                               \
  const Table<double>& function<double>(SimdTarget target, Engine engine) { \
    return DEADRELU_TABLE(target, engine, table, double);                   \
  }                                                                         \
  }

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Lanes = hn::Vec<Tag<T>>;

template <class T>
constexpr std::size_t kLanes = HWY_LANES(T);
// What this is being compiled for.
#if HWY_ARCH_X86
constexpr SimdTarget kTarget = HWY_TARGET == HWY_AVX3 ? SimdTarget::kAvx512 : SimdTarget::kAvx2;
#else
constexpr SimdTarget kTarget = SimdTarget::kNeon;
#endif
// One number a lane, in a register: from [lane], or in wide the single run's in all of it.
template <Engine kEngine, class T>
HWY_INLINE Lanes<T> load_number(const T* number) {
  if constexpr (kEngine == Engine::kLanes)
    return hn::LoadU(Tag<T>(), number);
  else
    return hn::Set(Tag<T>(), *number);
}
// Elementwise kernels of wide: a row of numbers is a row of vectors, the last of which may be longer than the
// row.
template <Engine kEngine, class T>
HWY_INLINE LaneMatrix<T> as_vectors(LaneMatrix<T> x) {
  constexpr std::size_t kWidth = kLanes<std::remove_const_t<T>>;
  if constexpr (kEngine == Engine::kLanes)
    return x;
  else
    return {x.data, x.rows, (x.columns + kWidth - 1) / kWidth, x.row_stride, kWidth};
}
// For assertions: whether every element of x begins where a vector may …
template <class T>
bool is_aligned(const LaneMatrix<T>& x) {
  constexpr std::size_t kWidth = kLanes<std::remove_const_t<T>>;
  return reinterpret_cast<std::uintptr_t>(x.data) % (kWidth * sizeof(T)) == 0 &&
         (x.row_stride % kWidth == 0 || x.rows <= 1) && (x.column_stride % kWidth == 0 || x.columns <= 1);
}
// … and whether the elements lie as a kernel takes them that goes along the columns in wide (see LaneMatrix).
template <Engine kEngine, class T>
bool lies_well(const LaneMatrix<T>& x) {
  return kEngine == Engine::kLanes ? is_aligned(x) : x.column_stride == 1 || x.columns <= 1;
}
// A row of a matrix, from element to element.
template <class T>
struct Row {
  T* at;
  std::size_t stride;
  HWY_INLINE Row(const LaneMatrix<T>& matrix, std::size_t r)
      : at(matrix.at(r, 0)), stride(matrix.column_stride) {}
};
// Calls use(element of each row, …) for every column. Copies of pointers and strides stay in registers; a store
// of a vector may change everything else for all that the compiler knows.
template <class Use, class... T>
HWY_INLINE void for_each_column(std::size_t columns, const Use& use, Row<T>... rows) {
  for (; columns > 0; --columns) {
    use(rows.at...);
    ((rows.at += rows.stride), ...);
  }
}

// Kernels that sum along columns: no vector may run along a sum, so in wide a register holds one number.
template <class T, Engine kEngine>
using SumTag = std::conditional_t<kEngine == Engine::kWide, hn::CappedTag<T, 1>, Tag<T>>;

// A full register of doubles, or one double, as D is; and how many of them hold the lanes of one register of
// D.
template <class D>
using DoubleTag = std::conditional_t<MaxLanes(D()) == 1, hn::CappedTag<double, 1>, Tag<double>>;
template <class D>
constexpr std::size_t kParts = MaxLanes(D()) / MaxLanes(DoubleTag<D>());

// As many values from p as a register of DD holds, as doubles.
template <class DD, class T>
HWY_INLINE hn::Vec<DD> load_doubles(DD d, const T* p) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return hn::Load(d, p);
  } else {
    return hn::PromoteTo(d, hn::Load(hn::Rebind<T, DD>(), p));
  }
}

// A running sum in double for every lane of a register of D.
template <class D>
struct DoubleSums {
  using DD = DoubleTag<D>;
  hn::Vec<DD> parts[kParts<D>];

  HWY_INLINE void load(const double* p) {
    for (std::size_t i = 0; i < kParts<D>; ++i) parts[i] = hn::LoadU(DD(), p + i * MaxLanes(DD()));
  }
  HWY_INLINE void store(double* p) const {
    for (std::size_t i = 0; i < kParts<D>; ++i) hn::StoreU(parts[i], DD(), p + i * MaxLanes(DD()));
  }
  HWY_INLINE void add(hn::Vec<D> v) {
    for_each_part(v, [&](std::size_t i, hn::Vec<DD> part) HWY_ATTR { parts[i] = hn::Add(parts[i], part); });
  }
  HWY_INLINE bool all_are_numbers() const {
    bool all = true;
    for (const auto& part : parts) all = all && hn::AllFalse(DD(), hn::IsNaN(part));
    return all;
  }
  HWY_INLINE void add_square(hn::Vec<D> v) {
    for_each_part(
        v, [&](std::size_t i, hn::Vec<DD> part) HWY_ATTR { parts[i] = hn::MulAdd(part, part, parts[i]); });
  }

 private:
  template <class Use>
  static HWY_INLINE void for_each_part(hn::Vec<D> v, const Use& use) {
    if constexpr (sizeof(hn::TFromD<D>) == sizeof(double)) {
      use(0, v);
    } else if constexpr (kParts<D> == 1) {
      use(0, hn::PromoteTo(DD(), v));
    } else {
      use(0, hn::PromoteTo(DD(), hn::LowerHalf(v)));
      use(1, hn::PromoteTo(DD(), hn::UpperHalf(hn::Half<D>(), v)));
    }
  }
};

// Four numbers from each of row(c), row(c + 4), … side by side: a block of 128 bits each.
template <std::size_t c, class D, class Row>
HWY_INLINE hn::Vec<D> every_fourth(D d, const Row& row) {
  if constexpr (MaxLanes(d) == 4) {
    return hn::LoadU(d, row(c));
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, every_fourth<c + MaxLanes(half)>(half, row), every_fourth<c>(half, row));
  }
}

// The first four numbers of as many rows as D has floats, rows to columns: columns[j] = {row(0)[j], row(1)[j], …}.
template <class D, class Row>
HWY_INLINE void transpose_rows(D d, const Row& row, hn::Vec<D> (&columns)[4]) {
  const hn::RepartitionToWide<D> pairs;
  const auto a = every_fourth<0>(d, row), b = every_fourth<1>(d, row), c = every_fourth<2>(d, row),
             e = every_fourth<3>(d, row);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  columns[0] = hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ce_low));
  columns[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ce_low));
  columns[2] = hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high));
  columns[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high));
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
