#include "simd/dense.h"

#include <algorithm>
#include <cassert>

#include "base/processors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/dense.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/dense-inl.h"
#include "simd/dense_chain-inl.h"
#include "simd/dense_few-inl.h"
#include "simd/dense_narrow-inl.h"
#include "simd/dense_panel-inl.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Bytes of A and B that one term of a tile reads.
template <class T, Form kForm>
constexpr std::size_t kBytesATerm = kTileRows<kForm>*(kForm == Form::kWide ? sizeof(T) : sizeof(Lanes<T>)) +
                                    tile_columns<kForm>(kTileRows<kForm>) * sizeof(Lanes<T>);

// Terms of a sum between two visits of C: pieces of one length rather than a long and a short one. With registers of 32
// bytes, what one row of tiles reads again and again stays in the L1 cache. With those of 64 bytes the L2 cache keeps up,
// and a visit is dear, as a store takes a multiply-add's place and more: medium's step is 4 % shorter so.
constexpr std::size_t kEighthsOfCache = HWY_TARGET == HWY_AVX3 ? 16 : 5;
template <std::size_t kBytes>
std::size_t depth_of_pieces(std::size_t depth) {
  static const std::size_t most =
      std::clamp<std::size_t>(cache_sizes().level1 * kEighthsOfCache / 8 / kBytes, 16, kMaxDepth);
  if (depth <= most) return depth;
  const std::size_t pieces = (depth + most - 1) / most;
  return (depth + pieces - 1) / pieces;
}

// Calls piece(k, depth, start, is_last) for the pieces of the reduction, one after the other; once for an
// empty one.
template <class T, Form kForm, class Piece>
HWY_INLINE void for_each_piece(std::size_t depth, ProductStart start, const Piece& piece) {
  const std::size_t step = depth_of_pieces<kBytesATerm<T, kForm>>(depth);
  std::size_t k = 0;
  do {
    const std::size_t length = std::min(step, depth - k);
    piece(k, length, k == 0 ? start : ProductStart::kAccumulate, k + length == depth);
    k += length;
  } while (k < depth);
}

template <class T, Form kForm>
void product(const LaneMatrix<const T>& a, const LaneMatrix<const T>& b, ProductStart start, const T* bias,
             const LaneMatrix<T>& c, End end, T* z, std::size_t z_row) {
  constexpr std::size_t kColumnScalars = kForm == Form::kWide ? kLanes<T> : 1;
  const std::size_t columns = (c.columns + kColumnScalars - 1) / kColumnScalars;
  const auto corner = [&](std::size_t k, std::size_t depth, ProductStart from, bool is_last) HWY_ATTR {
    return Corner<T>{a.at(0, k),
                     b.at(k, 0),
                     c.data,
                     bias,
                     z,
                     a.row_stride,
                     a.column_stride,
                     b.row_stride,
                     b.column_stride,
                     c.row_stride,
                     c.column_stride,
                     z_row,
                     depth,
                     from,
                     is_last ? end : End::kStore};
  };
  if (is_narrow(a.columns) && start != ProductStart::kAccumulate) {
    Corner<T> at = corner(0, a.columns, start, true);
    return run_narrow<T, kForm>(at, c.rows, columns);
  }
  for_each_piece<T, kForm>(a.columns, start,
                           [&](std::size_t k, std::size_t depth, ProductStart from, bool is_last) HWY_ATTR {
                             Corner<T> at = corner(k, depth, from, is_last);
                             run_piece<T, kForm>(at, c.rows, columns);
                           });
}

// A panel of B and what becomes of it beside C. One for each thread, since what lies beyond the columns in
// use is read too, and need not be written each time.
template <class T>
struct Panel {
  static constexpr std::size_t kVectors = tile_columns<Form::kWide>(kTileRows<Form::kWide>);
  static constexpr std::size_t kWidth = kVectors * kLanes<T>;
  HWY_ALIGN T b[kMaxDepth * kWidth];
  HWY_ALIGN T c[kTileRows<Form::kWide> * kWidth];
};

// The last, incomplete panel of C: its columns at `at`, `width` of them. With row sums (of A, as in
// weight_gradient), a column of ones beside B's makes them.
template <class T>
void run_edge(Corner<T>& at, std::size_t rows, std::size_t width, Panel<T>& panel, T* row_sums) {
  constexpr std::size_t kRows = kTileRows<Form::kWide>, kWidth = Panel<T>::kWidth;
  if (row_sums != nullptr)
    for (std::size_t k = 0; k < at.depth; ++k) panel.b[k * kWidth + width] = T{1};
  const std::size_t columns = width + (row_sums != nullptr ? 1 : 0), c_row = at.c_row;
  T* to = at.c;
  at.c_row = kWidth;
  for (std::size_t row = 0; row < rows; row += kRows, to += kRows * c_row) {
    const std::size_t count = std::min(kRows, rows - row);
    at.c = panel.c;
    if (at.start == ProductStart::kAccumulate) {
      for (std::size_t r = 0; r < count; ++r) {
        std::copy_n(to + r * c_row, width, panel.c + r * kWidth);
        if (row_sums != nullptr) panel.c[r * kWidth + width] = row_sums[row + r];
      }
    }
    run_panel<T>(at, count, (columns + kLanes<T> - 1) / kLanes<T>);
    for (std::size_t r = 0; r < count; ++r) {
      std::copy_n(panel.c + r * kWidth, width, to + r * c_row);
      if (row_sums != nullptr) row_sums[row + r] = panel.c[r * kWidth + width];
    }
  }
}

template <class T, Engine kEngine>
void multiply_to(const LaneMatrix<const T>& a, const LaneMatrix<const T>& b, ProductStart start,
                 const T* bias, const LaneMatrix<T>& c, End end, T* z, std::size_t z_row) {
  constexpr Form kForm = kEngine == Engine::kWide ? Form::kWide : Form::kPacked;
  product<T, kForm>(a, b, start, bias, c, end, z, z_row);
}

template <class T, Engine kEngine>
void multiply(const LaneMatrix<const T>& a, const LaneMatrix<const T>& b, ProductStart start, const T* bias,
              const LaneMatrix<T>& c) {
  assert(a.rows == c.rows && a.columns == b.rows && b.columns == c.columns);
  assert(lies_well<kEngine>(b) && lies_well<kEngine>(c));
  assert(start != ProductStart::kBias || bias != nullptr);
  multiply_to<T, kEngine>(a, b, start, bias, c, End::kStore, nullptr, 0);
}

template <class T, Engine kEngine>
void relu_layer(const LaneMatrix<const T>& w, const LaneMatrix<const T>& x, const T* bias,
                const LaneMatrix<T>& h, const LaneMatrix<T>& z) {
  assert(w.rows == h.rows && w.columns == x.rows && x.columns == h.columns);
  assert(lies_well<kEngine>(x) && lies_well<kEngine>(h));
  assert(z.data == nullptr || (same_shape(z, h) && lies_well<kEngine>(z)));
  multiply_to<T, kEngine>(w, x, bias == nullptr ? ProductStart::kZero : ProductStart::kBias, bias, h,
                          End::kRelu, z.data, z.row_stride);
}

// Rows side by side: each row's sum is one chain of dependent additions.
template <class T, class D, std::size_t... M>
HWY_INLINE void add_rows(D d, const LaneMatrix<const T>& x, std::size_t row, T* sums,
                         std::index_sequence<M...>) {
  constexpr std::size_t kRuns = MaxLanes(d);
  hn::Vec<D> s[sizeof...(M)] = {hn::LoadU(d, sums + (row + M) * kRuns)...};
  const T* p = x.at(row, 0);
  for (std::size_t n = 0; n < x.columns; ++n, p += x.column_stride) {
    ((s[M] = hn::Add(s[M], hn::Load(d, p + M * x.row_stride))), ...);
  }
  (hn::StoreU(s[M], d, sums + (row + M) * kRuns), ...);
}

template <class T, Engine kEngine>
void add_row_sums(const LaneMatrix<const T>& x, T* sums) {
  assert(kEngine == Engine::kWide || is_aligned(x));
  constexpr SumTag<T, kEngine> d;
  std::size_t row = 0;
  if constexpr (kEngine == Engine::kWide && sizeof(T) == sizeof(float)) {
    for (; x.column_stride == 1 && row + kMany <= x.rows; row += kMany)
      add_many_row_sums(x.row_range(row, kMany), sums + row);
  }
  for (; row + 8 <= x.rows; row += 8) add_rows(d, x, row, sums, std::make_index_sequence<8>());
  if (row + 4 <= x.rows) add_rows(d, x, row, sums, std::make_index_sequence<4>()), row += 4;
  if (row + 2 <= x.rows) add_rows(d, x, row, sums, std::make_index_sequence<2>()), row += 2;
  if (row < x.rows) add_rows(d, x, row, sums, std::make_index_sequence<1>());
}

// Lanes: the bias' sums run along with the first columns of the product, in whose registers dZ is anyway.
template <bool kSteps, class T>
void weight_gradient_of_lanes(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                              const LaneMatrix<T>& dw, T* db, const SgdStep<T>* step) {
  const LaneMatrix<const T> b = x.transposed();
  for_each_piece<T, Form::kStrided>(
      dz.columns, start, [&](std::size_t k, std::size_t depth, ProductStart from, bool is_last) HWY_ATTR {
        Corner<T> at{dz.at(0, k),     b.at(k, 0),    dw.data,          db,
                     nullptr,         dz.row_stride, dz.column_stride, b.row_stride,
                     b.column_stride, dw.row_stride, dw.column_stride, 0,
                     depth,           from,          End::kStore};
        if (kSteps && is_last) at.end_with(*step, 0);
        db == nullptr ? run_piece<T, Form::kStrided>(at, dw.rows, dw.columns)
                      : run_piece<T, Form::kStrided, true>(at, dw.rows, dw.columns);
      });
}

// Wide: the columns of Xᵀ lie apart and are brought together panel by panel. The bias' sums run along where
// the last panel has room for a column of ones.
template <bool kSteps, class T>
void weight_gradient_of_wide(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                             const LaneMatrix<T>& dw, T* db, const SgdStep<T>* step) {
  thread_local Panel<T> panel;
  constexpr std::size_t kWidth = Panel<T>::kWidth;
  const bool has_room = dw.columns % kLanes<T> != 0;
  const auto piece = [&](std::size_t k, std::size_t depth, ProductStart from, bool is_last) HWY_ATTR {
    for (std::size_t column = 0; column < dw.columns; column += kWidth) {
      const std::size_t width = std::min(kWidth, dw.columns - column);
      transpose(x.at(column, k), x.row_stride, width, depth, panel.b, kWidth);
      Corner<T> at{dz.at(0, k), panel.b,       dw.data + column, nullptr,
                   nullptr,     dz.row_stride, dz.column_stride, kWidth,
                   kLanes<T>,   dw.row_stride, kLanes<T>,        0,
                   depth,       from,          End::kStore};
      if (kSteps && is_last) at.end_with(*step, column);
      if (kSteps || width % kLanes<T> == 0)
        run_panel<T>(at, dw.rows, width / kLanes<T>);
      else
        run_edge<T>(at, dw.rows, width, panel, db);
    }
  };
  for_each_piece<T, Form::kWide>(dz.columns, start, piece);
  if (has_room || db == nullptr) return;
  if (start == ProductStart::kZero) std::fill_n(db, dw.rows, T{0});
  add_row_sums<T, Engine::kWide>(dz, db);
}

template <class T, Engine kEngine>
void weight_gradient(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                     const LaneMatrix<T>& dw, T* db) {
  assert(dz.columns == x.columns && dw.rows == dz.rows && dw.columns == x.rows);
  assert(lies_well<kEngine>(x) && start != ProductStart::kBias);
  if constexpr (kEngine == Engine::kLanes)
    return weight_gradient_of_lanes<false, T>(dz, x, start, dw, db, nullptr);
  std::size_t row = 0, column = 0;  // those before are done
  if constexpr (kEngine == Engine::kWide && sizeof(T) == sizeof(float)) {
    if (is_narrow(x.rows) && dz.column_stride == 1)
      row = few_inputs_gradient(dz, x, start, dw, db);
    else if (is_narrow(dz.rows))
      column = few_outputs_gradient(dz, x, start, dw, db);
  }
  if (row == dw.rows || column == dw.columns) return;
  weight_gradient_of_wide<false, T>(
      dz.row_range(row, dz.rows - row), x.row_range(column, x.rows - column), start,
      {dw.at(row, column), dw.rows - row, dw.columns - column, dw.row_stride, 1},
      db == nullptr || column > 0 ? nullptr : db + row, nullptr);
}

template <class T, Engine kEngine>
void weight_step(const LaneMatrix<const T>& dz, const LaneMatrix<const T>& x, ProductStart start,
                 const LaneMatrix<T>& dw, T* db, const SgdStep<T>& step) {
  assert(dz.columns == x.columns && dw.rows == dz.rows && dw.columns == x.rows);
  assert(lies_well<kEngine>(x) && start != ProductStart::kBias && !is_narrow(dz.rows));
  assert(kEngine == Engine::kLanes || x.rows % kLanes<T> == 0);
  if constexpr (kEngine == Engine::kLanes)
    weight_gradient_of_lanes<true>(dz, x, start, dw, db, &step);
  else
    weight_gradient_of_wide<true>(dz, x, start, dw, db, &step);
}

template <class T, Engine kEngine>
void relu_gradient(const LaneMatrix<const T>& w_transposed, const LaneMatrix<const T>& dz,
                   const LaneMatrix<const T>& x, const LaneMatrix<T>& dx) {
  assert(w_transposed.rows == x.rows && w_transposed.columns == dz.rows && same_shape(x, dx));
  assert(lies_well<kEngine>(dz) && lies_well<kEngine>(x) && lies_well<kEngine>(dx));
  // The tile only reads where it ends with the slope.
  multiply_to<T, kEngine>(w_transposed, dz, ProductStart::kZero, nullptr, dx, End::kReluSlope,
                          const_cast<T*>(x.data), x.row_stride);
}

template <class T, Engine kEngine>
void relu_backward(const LaneMatrix<const T>& w_transposed, const LaneMatrix<const T>& dz,
                   const LaneMatrix<const T>& x, ProductStart start, const LaneMatrix<T>& dw, T* db,
                   const LaneMatrix<T>& dx) {
  assert(w_transposed.rows == x.rows && same_shape(x, dx) && lies_well<kEngine>(x) && lies_well<kEngine>(dx));
  if (kEngine == Engine::kLanes && is_narrow(dz.rows)) {
    const std::size_t w_row = w_transposed.column_stride, w_column = w_transposed.row_stride;
    const bool adds = start == ProductStart::kAccumulate;
    NarrowBackward<T> at{w_transposed.data, dz.data,       x.data,     dw.data,       db,
                         dx.data,           w_row,         w_column,   dw.row_stride, dz.row_stride,
                         x.row_stride,      dx.row_stride, dz.columns, adds};
    return run_narrow_backward<T, true>(at, dz.rows, x.rows);
  }
  weight_gradient<T, kEngine>(dz, x, start, dw, db);
  relu_gradient<T, kEngine>(w_transposed, dz, x, dx);
}

template <class T, Engine kEngine>
constexpr DenseKernels<T> kDense{
    &multiply<T, kEngine>,     &relu_layer<T, kEngine>,    &weight_gradient<T, kEngine>,
    &weight_step<T, kEngine>,  &relu_backward<T, kEngine>, &relu_gradient<T, kEngine>,
    &add_row_sums<T, kEngine>, &chain_forward<T, kEngine>, chain_backward<T, kEngine>()};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(DenseKernels, dense_kernels, kDense)
#endif
