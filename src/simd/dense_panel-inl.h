// Panels of the wide product: columns of B that do not follow each other, brought together.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_DENSE_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_DENSE_PANEL_INL_H_
#undef DEADRELU_SIMD_DENSE_PANEL_INL_H_
#else
#define DEADRELU_SIMD_DENSE_PANEL_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/dense-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Wide, one panel of at most a tile's columns: all rows pass by it.
template <class T, std::size_t kRows>
HWY_NOINLINE void run_panel_rows(const Corner<T>& at, std::size_t columns) {
  run_rest<T, Form::kWide, kRows, tile_columns<Form::kWide>(kTileRows<Form::kWide>)>(at, 0, columns);
}

template <class T, std::size_t kRows>
HWY_INLINE void run_last_panel_rows(const Corner<T>& at, std::size_t rows, std::size_t columns) {
  if constexpr (kRows > 0) {
    if (rows == kRows) return run_panel_rows<T, kRows>(at, columns);
    run_last_panel_rows<T, kRows - 1>(at, rows, columns);
  }
}

// Moves the corner past the groups of rows.
template <class T>
void run_panel(Corner<T>& at, std::size_t rows, std::size_t columns) {
  for (; rows >= kTileRows<Form::kWide>; rows -= kTileRows<Form::kWide>) {
    run_panel_rows<T, kTileRows<Form::kWide>>(at, columns);
    at.skip_rows(kTileRows<Form::kWide>, 1);
  }
  run_last_panel_rows<T, kTileRows<Form::kWide> - 1>(at, rows, columns);
}

// Columns n … of as many as D has numbers, or four of float64.
template <class T, class D>
HWY_INLINE void transpose_columns(D d, const T* from, std::size_t from_row, std::size_t depth, T* to,
                                  std::size_t to_row) {
  std::size_t k = 0;
  if constexpr (sizeof(T) == sizeof(float)) {
    for (; k + 4 <= depth; k += 4) {
      hn::Vec<D> columns[4];
      transpose_rows(
          d, [&](std::size_t n) { return from + n * from_row + k; }, columns);
      for (std::size_t j = 0; j < 4; ++j) hn::StoreU(columns[j], d, to + (k + j) * to_row);
    }
  }
  for (; k < depth; ++k)
    for (std::size_t n = 0; n < MaxLanes(d); ++n) to[k * to_row + n] = from[n * from_row + k];
}

// to[k·to_row + n] = from[n·from_row + k] for n < columns, k < depth.
template <class T>
HWY_INLINE void transpose(const T* from, std::size_t from_row, std::size_t columns, std::size_t depth, T* to,
                          std::size_t to_row) {
  std::size_t n = 0;
  const auto pass = [&](auto d) HWY_ATTR {
    for (; n + MaxLanes(d) <= columns; n += MaxLanes(d))
      transpose_columns(d, from + n * from_row, from_row, depth, to + n, to_row);
  };
  pass(Tag<T>());
  pass(hn::CappedTag<T, 4>());
  for (; n < columns; ++n)
    for (std::size_t k = 0; k < depth; ++k) to[k * to_row + n] = from[n * from_row + k];
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
