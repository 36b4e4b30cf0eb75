// Products of few terms: the rows of A stay in registers while all columns of B pass by.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_DENSE_NARROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_DENSE_NARROW_INL_H_
#undef DEADRELU_SIMD_DENSE_NARROW_INL_H_
#else
#define DEADRELU_SIMD_DENSE_NARROW_INL_H_
#endif

#include <utility>

#include "hwy/highway.h"
#include "simd/dense-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

inline bool is_narrow(std::size_t rows_or_terms) { return rows_or_terms >= 1 && rows_or_terms <= kNarrow; }

// Calls use(std::make_index_sequence<count>()). REQUIRES: 1 ≤ count ≤ kMost.
template <std::size_t kMost, class Use>
HWY_INLINE void with_sequence(std::size_t count, const Use& use) {
  if constexpr (kMost > 1) {
    if (count < kMost) return with_sequence<kMost - 1>(count, use);
  }
  use(std::make_index_sequence<kMost>());
}

// Rows M of C from terms K, for every column.
template <class T, Form kForm, End kEnd, class Rows, class Terms>
struct NarrowRows;

template <class T, Form kForm, End kEnd, std::size_t... M, std::size_t... K>
struct NarrowRows<T, kForm, kEnd, std::index_sequence<M...>, std::index_sequence<K...>> {
  using Column = Tile<T, kForm, false, std::index_sequence<M...>, std::index_sequence<0>>;
  using V = Lanes<T>;
  using Terms = V[sizeof...(K)];

  static HWY_INLINE void load_row(Terms& row, const T* a, std::size_t a_column) {
    ((row[K] = Column::load_a(a + K * a_column)), ...);
  }
  static HWY_INLINE void add_terms(V& sum, const Terms& a, const Terms& b) {
    ((sum = hn::MulAdd(a[K], b[K], sum)), ...);
  }

  static HWY_NOINLINE void run(const Corner<T>& at, std::size_t columns) {
    constexpr std::size_t kStep = kLanes<T>;
    typename Column::Sums start;
    Column::begin(start, at, nullptr, 0);
    Terms a[sizeof...(M)];
    (load_row(a[M], at.a + M * at.a_row, at.a_column), ...);
    const std::size_t b_row = at.b_row, c_row = at.c_row, z_row = at.z_row;
    const T* HWY_RESTRICT b = at.b;
    T* HWY_RESTRICT c = at.c;
    T* z = at.z;
    for (; columns != 0; --columns, b += kStep, c += kStep) {
      const Terms right = {Column::load_b(b + K * b_row)...};
      typename Column::Sums sums = {{start[M][0]}...};
      (add_terms(sums[M][0], a[M], right), ...);
      if constexpr (kEnd == End::kRelu) {
        if (z != nullptr) (Column::put(sums[M][0], z + M * z_row), ...);
        (Column::take_relu(sums[M]), ...);
      } else if constexpr (kEnd == End::kReluSlope) {
        (Column::take_slope(sums[M], z + M * z_row, 0), ...);
      }
      (Column::put(sums[M][0], c + M * c_row), ...);
      if (z != nullptr) z += kStep;
    }
  }
};

// Moves the corner past the rows. REQUIRES: is_narrow(at.depth), and not kAccumulate.
template <class T, Form kForm>
void run_narrow(Corner<T>& at, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kRuns = kForm == Form::kWide ? 1 : kLanes<T>, kMostRows = 4;
  with_sequence<kNarrow>(at.depth, [&](auto terms) HWY_ATTR {
    using Terms = decltype(terms);
    for (std::size_t left = rows; left > 0; left -= HWY_MIN(left, kMostRows)) {
      with_sequence<kMostRows>(HWY_MIN(left, kMostRows), [&](auto tile_rows) HWY_ATTR {
        using Rows = decltype(tile_rows);
        switch (at.end) {
          case End::kStore: return NarrowRows<T, kForm, End::kStore, Rows, Terms>::run(at, columns);
          case End::kRelu: return NarrowRows<T, kForm, End::kRelu, Rows, Terms>::run(at, columns);
          case End::kReluSlope: return NarrowRows<T, kForm, End::kReluSlope, Rows, Terms>::run(at, columns);
        }
      });
      at.skip_rows(kMostRows, kRuns);
    }
  });
}

// The operands of relu_backward.
template <class T>
struct NarrowBackward {
  LaneMatrix<const T> w_transposed, dz, x;
  ProductStart start;
  LaneMatrix<T> dw;
  T* db;
  LaneMatrix<T> dx;
};

// Rows M of dZ and K of X, of one sample after the other. Lanes.
template <class T, class Rows, class Inputs>
struct NarrowBackwardPass;

template <class T, std::size_t... M, std::size_t... K>
struct NarrowBackwardPass<T, std::index_sequence<M...>, std::index_sequence<K...>> {
  using V = Lanes<T>;
  using Column = Tile<T, Form::kPacked, false, std::index_sequence<K...>, std::index_sequence<0>>;
  using Inputs = V[sizeof...(K)];
  using Outputs = V[sizeof...(M)];
  static constexpr Tag<T> d{};

  static HWY_INLINE void load_weights(Inputs& w, const NarrowBackward<T>& at, std::size_t m) {
    ((w[K] = hn::Load(d, at.w_transposed.at(K, m))), ...);
  }
  static HWY_INLINE void load_sums(Inputs& sums, const LaneMatrix<T>& dw, std::size_t m) {
    ((sums[K] = hn::Load(d, dw.at(m, K))), ...);
  }
  static HWY_INLINE void store_sums(const Inputs& sums, const LaneMatrix<T>& dw, std::size_t m) {
    (hn::Store(sums[K], d, dw.at(m, K)), ...);
  }
  static HWY_INLINE void fill(Inputs& sums) { ((sums[K] = hn::Zero(d)), ...); }
  static HWY_INLINE void add_sample(Inputs& sums, V dz, const Inputs& x) {
    ((sums[K] = hn::MulAdd(dz, x[K], sums[K])), ...);
  }
  static HWY_INLINE void add_terms(typename Column::Sums& sums, V dz, const Inputs& w) {
    ((sums[K][0] = hn::MulAdd(w[K], dz, sums[K][0])), ...);
  }

  static HWY_NOINLINE void run(const NarrowBackward<T>& at) {
    const bool adds = at.start == ProductStart::kAccumulate;
    Inputs w[sizeof...(M)], sums[sizeof...(M)];
    Outputs bias_sums = {(static_cast<void>(M), hn::Zero(d))...};
    (load_weights(w[M], at, M), ...);
    (fill(sums[M]), ...);
    if (adds) (load_sums(sums[M], at.dw, M), ...);
    if (adds && at.db != nullptr) ((bias_sums[M] = hn::LoadU(d, at.db + M * kLanes<T>)), ...);
    const std::size_t dz_row = at.dz.row_stride, x_row = at.x.row_stride, dx_row = at.dx.row_stride;
    const T* HWY_RESTRICT dz = at.dz.data;
    const T* HWY_RESTRICT x = at.x.data;
    T* HWY_RESTRICT dx = at.dx.data;
    for (std::size_t n = at.x.columns; n != 0; --n, dz += kLanes<T>, x += kLanes<T>, dx += kLanes<T>) {
      const Outputs gradient = {hn::Load(d, dz + M * dz_row)...};
      const Inputs inputs = {hn::Load(d, x + K * x_row)...};
      (add_sample(sums[M], gradient[M], inputs), ...);
      ((bias_sums[M] = hn::Add(bias_sums[M], gradient[M])), ...);
      typename Column::Sums below = {{(static_cast<void>(K), hn::Zero(d))}...};
      (add_terms(below, gradient[M], w[M]), ...);
      (hn::Store(where_positive(inputs[K], below[K][0]), d, dx + K * dx_row), ...);
    }
    (store_sums(sums[M], at.dw, M), ...);
    if (at.db != nullptr) (hn::StoreU(bias_sums[M], d, at.db + M * kLanes<T>), ...);
  }
};

// How many rows of X a pass over the samples takes, as registers hold their weights and sums.
template <std::size_t kRows>
constexpr std::size_t kPassInputs = HWY_TARGET == HWY_AVX2 ? (kRows == 1 ? 4 : 5 - kRows)
                                                           : (kRows == 1   ? 8
                                                              : kRows == 2 ? 5
                                                                           : 3);

// REQUIRES: is_narrow(dz.rows).
template <class T>
void run_narrow_backward(NarrowBackward<T> at) {
  with_sequence<kNarrow>(at.dz.rows, [&](auto rows) HWY_ATTR {
    constexpr std::size_t kMost = kPassInputs<decltype(rows)::size()>;
    const LaneMatrix<const T> w = at.w_transposed, x = at.x;
    const LaneMatrix<T> dw = at.dw, dx = at.dx;
    for (std::size_t first = 0; first < x.rows; first += kMost) {
      const std::size_t count = HWY_MIN(kMost, x.rows - first);
      at.w_transposed = w.row_range(first, count);
      at.x = x.row_range(first, count);
      at.dx = dx.row_range(first, count);
      at.dw.data = dw.at(0, first);
      with_sequence<kMost>(count, [&](auto inputs) HWY_ATTR {
        NarrowBackwardPass<T, decltype(rows), decltype(inputs)>::run(at);
      });
      at.db = nullptr;  // summed up once
    }
  });
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
