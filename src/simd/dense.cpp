#include "simd/dense.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/dense.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

// Clang would unroll the reduction and spill the tile.
#undef DEADRELU_KEEP_ROLLED
#ifdef __clang__
#define DEADRELU_KEEP_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define DEADRELU_KEEP_ROLLED
#endif

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// A piece of the product that one tile works on: corners of A, B and C, strides in scalars.
template <class T>
struct Corner {
  const T* a;
  const T* b;
  T* c;
  const T* bias;
  std::size_t a_row, a_column, b_row, b_column, c_row, c_column;
  std::size_t depth;
  ProductStart start;
};

// The register tile. Index packs instead of loops: every accumulator is a named register for any compiler.
// kPacked: the columns of B and C follow each other, so that the compiler knows those strides.
template <class T, bool kPacked, class Rows, class Columns>
struct Tile;

template <class T, bool kPacked, std::size_t... M, std::size_t... N>
struct Tile<T, kPacked, std::index_sequence<M...>, std::index_sequence<N...>> {
  static constexpr Tag<T> d{};
  using V = Lanes<T>;
  using Row = V[sizeof...(N)];
  using Sums = Row[sizeof...(M)];

  static HWY_INLINE void fill(Row& row, V value) { ((row[N] = value), ...); }
  static HWY_INLINE void load(Row& row, const T* p, std::size_t stride) {
    ((row[N] = hn::Load(d, p + N * stride)), ...);
  }
  static HWY_INLINE void store(const Row& row, T* p, std::size_t stride) {
    (hn::Store(row[N], d, p + N * stride), ...);
  }
  static HWY_INLINE void add_row(Row& sums, V a, const Row& b) {
    ((sums[N] = hn::MulAdd(a, b[N], sums[N])), ...);
  }
  template <std::size_t kColumn>
  static HWY_INLINE void add_column(Sums& sums, const V (&a)[sizeof...(M)], V b) {
    ((sums[M][kColumn] = hn::MulAdd(a[M], b, sums[M][kColumn])), ...);
  }
  // One term of every sum. The shorter side stays in registers while the longer one passes through a single
  // one.
  static HWY_INLINE void add_term(Sums& sums, const T* a, std::size_t a_row, const T* b,
                                  std::size_t b_column) {
    if constexpr (sizeof...(M) < sizeof...(N)) {
      const V left[sizeof...(M)] = {hn::Load(d, a + M * a_row)...};
      (add_column<N>(sums, left, hn::Load(d, b + N * b_column)), ...);
    } else {
      const V right[sizeof...(N)] = {hn::Load(d, b + N * b_column)...};
      (add_row(sums[M], hn::Load(d, a + M * a_row), right), ...);
    }
  }

  static HWY_INLINE void run(const Corner<T>& at, std::size_t column) {
    const std::size_t a_row = at.a_row, a_column = at.a_column, b_row = at.b_row, c_row = at.c_row;
    const std::size_t b_column = kPacked ? kLanes<T> : at.b_column;
    const std::size_t c_column = kPacked ? kLanes<T> : at.c_column;
    const T* HWY_RESTRICT a = at.a;
    const T* HWY_RESTRICT b = at.b + column * b_column;
    T* HWY_RESTRICT c = at.c + column * c_column;
    Sums sums;
    if (at.start == ProductStart::kZero) {
      (fill(sums[M], hn::Zero(d)), ...);
    } else if (at.start == ProductStart::kBias) {
      (fill(sums[M], hn::LoadU(d, at.bias + M * kLanes<T>)), ...);
    } else {
      (load(sums[M], c + M * c_row, c_column), ...);
    }
    DEADRELU_KEEP_ROLLED
    for (std::size_t k = at.depth; k != 0; --k) {
      add_term(sums, a, a_row, b, b_column);
      a += a_column;
      b += b_row;
    }
    (store(sums[M], c + M * c_row, c_column), ...);
  }
};

// 24 accumulators where there are 32 vector registers, 12 where there are 16; fewer rows take more columns,
// so that enough sums are in flight to hide the latency of the multiply-add.
constexpr std::size_t kTileRows = 4;
constexpr std::size_t tile_columns(std::size_t rows) {
  if (HWY_TARGET == HWY_AVX2) return rows == 4 ? 3 : rows == 3 ? 4 : rows == 2 ? 6 : 8;
  return rows >= 3 ? 6 : 8;
}

template <class T, bool kPacked, std::size_t kRows, std::size_t kColumns>
HWY_INLINE void run_tile(const Corner<T>& at, std::size_t column) {
  Tile<T, kPacked, std::make_index_sequence<kRows>, std::make_index_sequence<kColumns>>::run(at, column);
}

// The columns that are left after the full tiles.
template <class T, bool kPacked, std::size_t kRows, std::size_t kColumns>
HWY_INLINE void run_rest(const Corner<T>& at, std::size_t column, std::size_t rest) {
  if constexpr (kColumns > 0) {
    if (rest == kColumns) return run_tile<T, kPacked, kRows, kColumns>(at, column);
    run_rest<T, kPacked, kRows, kColumns - 1>(at, column, rest);
  }
}

template <class T, bool kPacked, std::size_t kRows>
HWY_NOINLINE void run_rows(const Corner<T>& at, std::size_t columns) {
  constexpr std::size_t kColumns = tile_columns(kRows);
  std::size_t column = 0;
  for (; column + kColumns <= columns; column += kColumns) run_tile<T, kPacked, kRows, kColumns>(at, column);
  run_rest<T, kPacked, kRows, kColumns - 1>(at, column, columns - column);
}

template <class T, bool kPacked>
void run_piece(Corner<T> at, std::size_t rows, std::size_t columns) {
  for (; rows >= kTileRows; rows -= kTileRows) {
    run_rows<T, kPacked, kTileRows>(at, columns);
    at.a += kTileRows * at.a_row;
    at.c += kTileRows * at.c_row;
    if (at.start == ProductStart::kBias) at.bias += kTileRows * kLanes<T>;
  }
  if (rows == 3) run_rows<T, kPacked, 3>(at, columns);
  if (rows == 2) run_rows<T, kPacked, 2>(at, columns);
  if (rows == 1) run_rows<T, kPacked, 1>(at, columns);
}

// Terms of a sum between two visits of C. The tile's rows of A (4 registers a term) stay in the L1 cache
// while B passes: 64 beat 32, 128 and 256 on a 32 KiB cache.
constexpr std::size_t kDepth = 64;

template <class T>
void multiply(LaneMatrix<const T> a, LaneMatrix<const T> b, ProductStart start, const T* bias,
              LaneMatrix<T> c) {
  const bool is_packed = b.column_stride == kLanes<T> && c.column_stride == kLanes<T>;
  std::size_t k = 0;
  do {
    const std::size_t depth = std::min(kDepth, a.columns - k);
    const Corner<T> at{a.at(0, k),   b.at(k, 0),      c.data,       bias,
                       a.row_stride, a.column_stride, b.row_stride, b.column_stride,
                       c.row_stride, c.column_stride, depth,        start};
    is_packed ? run_piece<T, true>(at, c.rows, c.columns) : run_piece<T, false>(at, c.rows, c.columns);
    k += depth;
    start = ProductStart::kAccumulate;
  } while (k < a.columns);
}

// Rows side by side: each row's sum is one chain of dependent additions.
template <class T, std::size_t... M>
HWY_INLINE void add_rows(LaneMatrix<const T> x, std::size_t row, T* sums, std::index_sequence<M...>) {
  const Tag<T> d;
  Lanes<T> s[sizeof...(M)] = {hn::LoadU(d, sums + (row + M) * kLanes<T>)...};
  const T* p = x.at(row, 0);
  for (std::size_t n = 0; n < x.columns; ++n, p += x.column_stride) {
    ((s[M] = hn::Add(s[M], hn::Load(d, p + M * x.row_stride))), ...);
  }
  (hn::StoreU(s[M], d, sums + (row + M) * kLanes<T>), ...);
}

template <class T>
void add_row_sums(LaneMatrix<const T> x, T* sums) {
  std::size_t row = 0;
  for (; row + 4 <= x.rows; row += 4) add_rows<T>(x, row, sums, std::make_index_sequence<4>());
  for (; row < x.rows; ++row) add_rows<T>(x, row, sums, std::make_index_sequence<1>());
}

template <class T>
constexpr DenseKernels<T> kDense{&multiply<T>, &add_row_sums<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

template <>
const DenseKernels<float>& dense_kernels<float>(SimdTarget target) {
  return DEADRELU_TABLE(target, kDense<float>);
}
template <>
const DenseKernels<double>& dense_kernels<double>(SimdTarget target) {
  return DEADRELU_TABLE(target, kDense<double>);
}

}  // namespace deadrelu
#endif
