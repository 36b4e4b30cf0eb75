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

template <class T>
void run_panel(Corner<T> at, std::size_t rows, std::size_t columns) {
  for (; rows >= kTileRows<Form::kWide>; rows -= kTileRows<Form::kWide>) {
    run_panel_rows<T, kTileRows<Form::kWide>>(at, columns);
    at.skip_rows(kTileRows<Form::kWide>, 1);
  }
  run_last_panel_rows<T, kTileRows<Form::kWide> - 1>(at, rows, columns);
}

template <class T>
HWY_INLINE void transpose_block(const T* from, std::size_t from_row, T* to, std::size_t to_row) {
  if constexpr (sizeof(T) == sizeof(float)) {
    const hn::CappedTag<T, 4> d;
    hn::Vec<decltype(d)> columns[4];
    transpose4(from, from + from_row, from + 2 * from_row, from + 3 * from_row, columns);
    for (std::size_t k = 0; k < 4; ++k) hn::StoreU(columns[k], d, to + k * to_row);
  } else {
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t n = 0; n < 4; ++n) to[k * to_row + n] = from[n * from_row + k];
    }
  }
}

// to[k·to_row + n] = from[n·from_row + k] for n < columns, k < depth.
template <class T>
void transpose(const T* from, std::size_t from_row, std::size_t columns, std::size_t depth, T* to,
               std::size_t to_row) {
  std::size_t n = 0;
  for (; n + 4 <= columns; n += 4) {
    std::size_t k = 0;
    for (; k + 4 <= depth; k += 4) {
      transpose_block(from + n * from_row + k, from_row, to + k * to_row + n, to_row);
    }
    for (; k < depth; ++k) {
      for (std::size_t i = n; i < n + 4; ++i) to[k * to_row + i] = from[i * from_row + k];
    }
  }
  for (; n < columns; ++n) {
    for (std::size_t k = 0; k < depth; ++k) to[k * to_row + n] = from[n * from_row + k];
  }
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
