// The register tile of the dense products, and the loops over tiles.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_DENSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_DENSE_INL_H_
#undef DEADRELU_SIMD_DENSE_INL_H_
#else
#define DEADRELU_SIMD_DENSE_INL_H_
#endif

#include <utility>

#include "simd/dense.h"
#include "simd/ends-inl.h"
#include "simd/lanes-inl.h"

// Clang would unroll the reduction and spill the tile.
#undef DEADRELU_KEEP_ROLLED
#ifdef __clang__
#define DEADRELU_KEEP_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define DEADRELU_KEEP_ROLLED
#endif

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// How the operands lie. A column is one register: of runs, or, in wide, of neighbouring columns of B and C.
enum class Form {
  kPacked,   // lanes; columns of B and C follow each other, so that the compiler knows the distance
  kStrided,  // lanes; any distance between columns
  kWide,     // elements of A are single numbers, broadcast
};

// What becomes of a sum after its last term.
enum class End { kStore, kRelu, kReluSlope };

// A piece of the product that one tile works on: corners of A, B, C and Z, strides in scalars.
template <class T>
struct Corner {
  const T* a;
  const T* b;
  T* c;
  const T* bias;  // kBias: read. With row sums: where they go (never written otherwise)
  T* z;           // kRelu: the sums go here too, if not null. kReluSlope: read. With a step: the parameters
  std::size_t a_row, a_column, b_row, b_column, c_row, c_column, z_row;
  std::size_t depth;
  ProductStart start;
  End end;
  const SgdStep<T>* step = nullptr;  // not null: taken with the sums, which are not stored

  // C begins at number `first` of the gradient.
  HWY_INLINE void end_with(const SgdStep<T>& sgd, std::size_t first) {
    z = sgd.parameters + first;
    z_row = c_row;
    step = &sgd;
  }
  HWY_INLINE void skip_rows(std::size_t rows, std::size_t runs) {
    a += rows * a_row;
    c += rows * c_row;
    if (z != nullptr) z += rows * z_row;
    if (bias != nullptr) bias += rows * runs;
  }
};

// The tile. Index packs instead of loops: every accumulator is a named register for any compiler. kRowSums:
// the rows of A are summed up too.
template <class T, Form kForm, bool kRowSums, class Rows, class Columns>
struct Tile;

template <class T, Form kForm, bool kRowSums, std::size_t... M, std::size_t... N>
struct Tile<T, kForm, kRowSums, std::index_sequence<M...>, std::index_sequence<N...>> {
  static constexpr Tag<T> d{};
  static constexpr Engine kEngine = kForm == Form::kWide ? Engine::kWide : Engine::kLanes;
  static constexpr std::size_t kRuns = kForm == Form::kWide ? 1 : kLanes<T>;
  using V = Lanes<T>;
  using Row = V[sizeof...(N)];
  using Sums = Row[sizeof...(M)];

  static HWY_INLINE V load_a(const T* p) {
    if constexpr (kForm == Form::kWide)
      return hn::Set(d, *p);
    else
      return hn::LoadU(d, p);
  }
  static HWY_INLINE V load_b(const T* p) {
    if constexpr (kForm == Form::kWide)
      return hn::LoadU(d, p);
    else
      return hn::Load(d, p);
  }
  static HWY_INLINE void fill(Row& row, V value) { ((row[N] = value), ...); }
  static HWY_INLINE void load(Row& row, const T* p, std::size_t stride) {
    ((row[N] = load_b(p + N * stride)), ...);
  }
  static HWY_INLINE void put(V v, T* p) {
    if constexpr (kForm == Form::kWide)
      hn::StoreU(v, d, p);
    else
      hn::Store(v, d, p);
  }
  static HWY_INLINE void store(const Row& row, T* p, std::size_t stride) {
    (put(row[N], p + N * stride), ...);
  }
  static HWY_INLINE void take_relu(Row& row) { ((row[N] = relu(row[N])), ...); }
  static HWY_INLINE void take_slope(Row& row, const T* z, std::size_t stride) {
    ((row[N] = where_positive(load_b(z + N * stride), row[N])), ...);
  }

  static HWY_INLINE void take_step(Row& row, V rate, const T* parameters, std::size_t stride, V& marks) {
    ((row[N] = sgd_step(rate, row[N], load_b(parameters + N * stride)), marks = add_mark(marks, row[N])),
     ...);
  }

  static HWY_INLINE void add_row(Row& sums, V a, const Row& b) {
    ((sums[N] = hn::MulAdd(a, b[N], sums[N])), ...);
  }
  static HWY_INLINE void add_row(Row& sums, V& row_sum, V a, const Row& b) {
    row_sum = hn::Add(row_sum, a);
    add_row(sums, a, b);
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
      const V left[sizeof...(M)] = {load_a(a + M * a_row)...};
      (add_column<N>(sums, left, load_b(b + N * b_column)), ...);
    } else {
      const V right[sizeof...(N)] = {load_b(b + N * b_column)...};
      (add_row(sums[M], load_a(a + M * a_row), right), ...);
    }
  }
  static HWY_INLINE void add_term(Sums& sums, V (&row_sums)[sizeof...(M)], const T* a, std::size_t a_row,
                                  const T* b, std::size_t b_column) {
    const V right[sizeof...(N)] = {load_b(b + N * b_column)...};
    (add_row(sums[M], row_sums[M], load_a(a + M * a_row), right), ...);
  }

  static HWY_INLINE void begin(Sums& sums, const Corner<T>& at, const T* c, std::size_t c_column) {
    if (at.start == ProductStart::kZero) {
      (fill(sums[M], hn::Zero(d)), ...);
    } else if (at.start == ProductStart::kBias) {
      (fill(sums[M], load_a(at.bias + M * kRuns)), ...);
    } else {
      (load(sums[M], c + M * at.c_row, c_column), ...);
    }
  }
  static HWY_INLINE void end(Sums& sums, const Corner<T>& at, T* c, T* z, std::size_t c_column) {
    if constexpr (kForm != Form::kPacked) {
      if (at.step != nullptr) {
        V marks = hn::Zero(d);
        (take_step(sums[M], load_a(at.step->rate), z + M * at.z_row, c_column, marks), ...);
        (store(sums[M], z + M * at.z_row, c_column), ...);
        return poison_marked<kEngine>(marks, at.step->poison);
      }
    }
    if constexpr (kForm != Form::kStrided) {  // weight gradients alone
      if (at.end == End::kRelu) {
        if (z != nullptr) (store(sums[M], z + M * at.z_row, c_column), ...);
        (take_relu(sums[M]), ...);
      } else if (at.end == End::kReluSlope) {
        (take_slope(sums[M], z + M * at.z_row, c_column), ...);
      }
    }
    (store(sums[M], c + M * at.c_row, c_column), ...);
  }

  static HWY_INLINE void run(const Corner<T>& at, std::size_t column) {
    constexpr bool kStrided = kForm == Form::kStrided;
    const std::size_t a_row = at.a_row, a_column = at.a_column, b_row = at.b_row;
    const std::size_t b_column = kStrided ? at.b_column : kLanes<T>;
    const std::size_t c_column = kStrided ? at.c_column : kLanes<T>;
    const T* HWY_RESTRICT a = at.a;
    const T* HWY_RESTRICT b = at.b + column * b_column;
    T* HWY_RESTRICT c = at.c + column * c_column;
    Sums sums;
    begin(sums, at, c, c_column);
    if constexpr (kRowSums) {
      V row_sums[sizeof...(M)] = {(static_cast<void>(M), hn::Zero(d))...};
      if (at.start != ProductStart::kZero) ((row_sums[M] = hn::LoadU(d, at.bias + M * kRuns)), ...);
      DEADRELU_KEEP_ROLLED
      for (std::size_t k = at.depth; k != 0; --k) {
        add_term(sums, row_sums, a, a_row, b, b_column);
        a += a_column;
        b += b_row;
      }
      (hn::StoreU(row_sums[M], d, const_cast<T*>(at.bias) + M * kRuns), ...);
    } else {
      DEADRELU_KEEP_ROLLED
      for (std::size_t k = at.depth; k != 0; --k) {
        add_term(sums, a, a_row, b, b_column);
        a += a_column;
        b += b_row;
      }
    }
    end(sums, at, c, at.z == nullptr ? nullptr : at.z + column * c_column, c_column);
  }
};

// 24 accumulators where there are 32 vector registers, 12 where there are 16. In lanes a tile's rows of A
// stay in the L1 cache while B passes from the L2 cache, so rows are the longer side where there are
// registers for it; in wide a row of A is as cheap as a broadcast, and few columns leave little over at the
// edges. A tile of fewer rows takes more columns, so that enough sums are in flight to hide the latency of
// the multiply-add.
template <Form kForm>
constexpr std::size_t kTileRows = HWY_TARGET == HWY_AVX2 ? (kForm == Form::kWide ? 6 : 4)
                                                         : (kForm == Form::kWide ? 8 : 6);
template <Form kForm>
constexpr std::size_t tile_columns(std::size_t rows) {
  if (HWY_TARGET == HWY_AVX2) {
    if (kForm == Form::kWide) return rows >= 5 ? 2 : rows >= 3 ? 3 : 4;
    return rows == 4 ? 3 : rows == 3 ? 4 : rows == 2 ? 6 : 8;
  }
  if (kForm == Form::kWide) return rows >= 5 ? 3 : 4;
  return rows >= 5 ? 4 : rows >= 3 ? 6 : 8;
}

template <class T, Form kForm, bool kRowSums, std::size_t kRows, std::size_t kColumns>
HWY_INLINE void run_tile(const Corner<T>& at, std::size_t column) {
  Tile<T, kForm, kRowSums, std::make_index_sequence<kRows>, std::make_index_sequence<kColumns>>::run(at,
                                                                                                     column);
}

// The columns that are left after the full tiles.
template <class T, Form kForm, std::size_t kRows, std::size_t kColumns>
HWY_INLINE void run_rest(const Corner<T>& at, std::size_t column, std::size_t rest) {
  if constexpr (kColumns > 0) {
    if (rest == kColumns) return run_tile<T, kForm, false, kRows, kColumns>(at, column);
    run_rest<T, kForm, kRows, kColumns - 1>(at, column, rest);
  }
}

// With row sums the first tile is narrow: the sums need registers too.
template <class T, Form kForm, bool kRowSums, std::size_t kRows>
HWY_NOINLINE void run_rows(const Corner<T>& at, std::size_t columns) {
  constexpr std::size_t kColumns = tile_columns<kForm>(kRows);
  std::size_t column = 0;
  if constexpr (kRowSums) {
    if (columns == 1) return run_tile<T, kForm, true, kRows, 1>(at, 0);
    run_tile<T, kForm, true, kRows, 2>(at, 0);
    column = 2;
  }
  for (; column + kColumns <= columns; column += kColumns) {
    run_tile<T, kForm, false, kRows, kColumns>(at, column);
  }
  run_rest<T, kForm, kRows, kColumns - 1>(at, column, columns - column);
}

template <class T, Form kForm, bool kRowSums, std::size_t kRows>
HWY_INLINE void run_last_rows(const Corner<T>& at, std::size_t rows, std::size_t columns) {
  if constexpr (kRows > 0) {
    if (rows == kRows) return run_rows<T, kForm, kRowSums, kRows>(at, columns);
    run_last_rows<T, kForm, kRowSums, kRows - 1>(at, rows, columns);
  }
}

template <class T, Form kForm, bool kRowSums>
HWY_INLINE void run_row_group(const Corner<T>& at, std::size_t rows, std::size_t columns) {
  if (rows == kTileRows<kForm>) return run_rows<T, kForm, kRowSums, kTileRows<kForm>>(at, columns);
  run_last_rows<T, kForm, kRowSums, kTileRows<kForm> - 1>(at, rows, columns);
}

// Wide: the transposed view of a weight matrix has its terms far apart; a group of rows is brought together
// before all columns pass by. `all`: rows from the group's first on.
template <class T>
HWY_INLINE void pack_rows(Corner<T>& at, std::size_t rows, std::size_t all, T* packed) {
  constexpr std::size_t kRows = kTileRows<Form::kWide>;
  constexpr hn::CappedTag<T, 8> d;
  if (MaxLanes(d) >= kRows && at.a_row == 1 && all >= MaxLanes(d)) {
    // Rows of the next group come along, and go again with the next term.
    for (std::size_t k = 0; k < at.depth; ++k)
      hn::StoreU(hn::LoadU(d, at.a + k * at.a_column), d, packed + k * kRows);
  } else {
    for (std::size_t k = 0; k < at.depth; ++k)
      for (std::size_t m = 0; m < rows; ++m) packed[k * kRows + m] = at.a[m * at.a_row + k * at.a_column];
  }
  at.a = packed;
  at.a_row = 1;
  at.a_column = kRows;
}

constexpr std::size_t kMaxDepth = 256;  // the longest reduction between two visits of C

// Moves the corner past the rows. (A copy would have to wait for the stores of the corner's members.)
template <class T, Form kForm, bool kRowSums = false>
void run_piece(Corner<T>& at, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kRuns = kForm == Form::kWide ? 1 : kLanes<T>;
  HWY_ALIGN T packed[kForm == Form::kWide ? kMaxDepth * kTileRows<kForm> + 8 : 1];
  const bool packs = kForm == Form::kWide && at.a_column != 1;
  const T* const a = at.a;
  const std::size_t a_row = at.a_row, a_column = at.a_column;
  for (std::size_t row = 0; row < rows; row += kTileRows<kForm>) {
    const std::size_t count = HWY_MIN(kTileRows<kForm>, rows - row);
    at.a = a + row * a_row;
    if (packs) {
      at.a_row = a_row;
      at.a_column = a_column;
      pack_rows(at, count, rows - row, packed);
    }
    run_row_group<T, kForm, kRowSums>(at, count, columns);
    at.skip_rows(kTileRows<kForm>, kRuns);
  }
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
