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

// The operands of relu_backward: w[m·w_row + k·w_column] and so on.
template <class T>
struct NarrowBackward {
  const T *w, *dz, *x;
  T *dw, *db, *dx;
  std::size_t w_row, w_column, dw_row, dz_row, x_row, dx_row;
  std::size_t samples;
  bool adds;
};

// Rows M of dZ and K of X, of one sample after the other. Lanes. Without kGoesOn there is no dX.
template <class T, bool kGoesOn, class Rows, class Inputs>
struct NarrowBackwardPass;

template <class T, bool kGoesOn, std::size_t... M, std::size_t... K>
struct NarrowBackwardPass<T, kGoesOn, std::index_sequence<M...>, std::index_sequence<K...>> {
  using V = Lanes<T>;
  using Column = Tile<T, Form::kPacked, false, std::index_sequence<K...>, std::index_sequence<0>>;
  using Inputs = V[sizeof...(K)];
  using Outputs = V[sizeof...(M)];
  static constexpr Tag<T> d{};

  static HWY_INLINE void load(Inputs& row, const T* p, std::size_t stride) {
    ((row[K] = hn::Load(d, p + K * stride)), ...);
  }
  static HWY_INLINE void store(const Inputs& row, T* p) { (hn::Store(row[K], d, p + K * kLanes<T>), ...); }
  static HWY_INLINE void fill(Inputs& sums) { ((sums[K] = hn::Zero(d)), ...); }
  static HWY_INLINE void add_sample(Inputs& sums, V dz, const Inputs& x) {
    ((sums[K] = hn::MulAdd(dz, x[K], sums[K])), ...);
  }
  static HWY_INLINE void add_terms(typename Column::Sums& sums, V dz, const Inputs& w) {
    ((sums[K][0] = hn::MulAdd(w[K], dz, sums[K][0])), ...);
  }

  static HWY_NOINLINE void run(const NarrowBackward<T>& at) {
    Inputs w[sizeof...(M)], sums[sizeof...(M)];
    Outputs bias_sums = {(static_cast<void>(M), hn::Zero(d))...};
    if (kGoesOn) (load(w[M], at.w + M * at.w_row, at.w_column), ...);
    (fill(sums[M]), ...);
    if (at.adds) (load(sums[M], at.dw + M * at.dw_row, kLanes<T>), ...);
    if (at.adds && at.db != nullptr) ((bias_sums[M] = hn::LoadU(d, at.db + M * kLanes<T>)), ...);
    const std::size_t dz_row = at.dz_row, x_row = at.x_row, dx_row = at.dx_row;
    const T* HWY_RESTRICT dz = at.dz;
    const T* HWY_RESTRICT x = at.x;
    T* HWY_RESTRICT dx = at.dx;
    for (std::size_t n = at.samples; n != 0; --n, dz += kLanes<T>, x += kLanes<T>) {
      const Outputs gradient = {hn::Load(d, dz + M * dz_row)...};
      const Inputs inputs = {hn::Load(d, x + K * x_row)...};
      (add_sample(sums[M], gradient[M], inputs), ...);
      ((bias_sums[M] = hn::Add(bias_sums[M], gradient[M])), ...);
      if constexpr (kGoesOn) {
        typename Column::Sums below = {{(static_cast<void>(K), hn::Zero(d))}...};
        (add_terms(below, gradient[M], w[M]), ...);
        (hn::Store(where_positive(inputs[K], below[K][0]), d, dx + K * dx_row), ...);
        dx += kLanes<T>;
      }
    }
    (store(sums[M], at.dw + M * at.dw_row), ...);
    if (at.db != nullptr) (hn::StoreU(bias_sums[M], d, at.db + M * kLanes<T>), ...);
  }
};

// How many rows of X a pass over the samples takes, as registers hold their weights and sums.
template <std::size_t kRows>
constexpr std::size_t kPassInputs = HWY_TARGET == HWY_AVX2 ? (kRows == 1 ? 4 : 5 - kRows)
                                                           : (kRows == 1   ? 8
                                                              : kRows == 2 ? 5
                                                                           : 3);

// rows of dZ, inputs of X. Changes `at`. REQUIRES: is_narrow(rows).
template <class T, bool kGoesOn>
void run_narrow_backward(NarrowBackward<T>& at, std::size_t rows, std::size_t inputs) {
  with_sequence<kNarrow>(rows, [&](auto outputs) HWY_ATTR {
    constexpr std::size_t kMost = kPassInputs<decltype(outputs)::size()>;
    for (std::size_t left = inputs; left > 0; left -= HWY_MIN(left, kMost)) {
      with_sequence<kMost>(HWY_MIN(left, kMost), [&](auto part) HWY_ATTR {
        NarrowBackwardPass<T, kGoesOn, decltype(outputs), decltype(part)>::run(at);
      });
      at.w += kMost * at.w_column;
      at.x += kMost * at.x_row;
      if (kGoesOn) at.dx += kMost * at.dx_row;
      at.dw += kMost * kLanes<T>;
      at.db = nullptr;  // summed up once
    }
  });
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
