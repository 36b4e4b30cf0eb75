#include "simd/gram.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/gram.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// Some rows over some samples, brought to double once: [sample][row][run], so that what a tile reads lies
// together. The samples of a panel do not all begin in the same sets of the cache.
constexpr std::size_t kSide = 16 * kLanes<double>, kDepth = 32, kPanelRow = kSide + 8;

template <Engine kEngine>
constexpr std::size_t kPanelUnits = kEngine == Engine::kWide ? kSide : kSide / kLanes<double>;

// A tile's register: element r of every run, or in wide the number broadcast …
template <Engine kEngine>
struct LeftPanel {
  const double* first;
  HWY_INLINE Lanes<double> operator()(std::size_t r, std::size_t n) const {
    if constexpr (kEngine == Engine::kWide)
      return hn::Set(Tag<double>(), first[n * kPanelRow + r]);
    else
      return hn::Load(Tag<double>(), first + n * kPanelRow + r * kLanes<double>);
  }
};
// … or register c of the row: element c of every run, or in wide neighbouring elements.
struct RightPanel {
  const double* first;
  HWY_INLINE Lanes<double> operator()(std::size_t c, std::size_t n) const {
    return hn::Load(Tag<double>(), first + n * kPanelRow + c * kLanes<double>);
  }
};

// Index packs instead of loops: every sum is a named register for any compiler.
template <class Rows, class Columns>
struct GramTile;

template <std::size_t... M, std::size_t... N>
struct GramTile<std::index_sequence<M...>, std::index_sequence<N...>> {
  static constexpr Tag<double> d{};
  using V = Lanes<double>;
  using Row = V[sizeof...(N)];

  static HWY_INLINE void load(Row& row, const double* p) {
    ((row[N] = hn::LoadU(d, p + N * kLanes<double>)), ...);
  }
  static HWY_INLINE void store(const Row& row, double* p) {
    (hn::StoreU(row[N], d, p + N * kLanes<double>), ...);
  }
  static HWY_INLINE void add(Row& sums, V a, const Row& b) {
    ((sums[N] = hn::MulAdd(a, b[N], sums[N])), ...);
  }
  template <class A, class B>
  static HWY_INLINE void run(A a, B b, std::size_t depth, double* to, std::size_t to_row) {
    Row sums[sizeof...(M)];
    (load(sums[M], to + M * to_row), ...);
    for (std::size_t n = 0; n < depth; ++n) {
      const Row right = {b(N, n)...};
      (add(sums[M], a(M, n), right), ...);
    }
    (store(sums[M], to + M * to_row), ...);
  }
};

template <std::size_t kRows, std::size_t kColumns>
using TileOf = GramTile<std::make_index_sequence<kRows>, std::make_index_sequence<kColumns>>;

// Twelve sums on 16 registers, 24 on 32.
constexpr std::size_t kTileRows = 4;
constexpr std::size_t kTileColumns = HWY_TARGET == HWY_AVX2 ? 3 : 6;

// kRows rows of the product, `columns` registers of each. One column alone would have too few sums in flight
// to hide the latency of the multiply-add: the last tile before it is a narrow one.
template <std::size_t kRows, class A>
HWY_INLINE void run_rows(A a, const double* b, std::size_t columns, std::size_t depth, double* to,
                         std::size_t to_row) {
  std::size_t c = 0;
  const auto run = [&](auto tile, std::size_t width, std::size_t end) HWY_ATTR {
    for (; c + width <= end; c += width)
      tile.run(a, RightPanel{b + c * kLanes<double>}, depth, to + c * kLanes<double>, to_row);
  };
  const bool one_left = columns % kTileColumns == 1 && columns > 1;
  run(TileOf<kRows, kTileColumns>(), kTileColumns, one_left ? columns - 2 : columns);
  run(TileOf<kRows, 2>(), 2, columns);
  run(TileOf<kRows, 1>(), 1, columns);
}

// Up to kTileRows rows.
template <class A>
HWY_INLINE void run_some_rows(std::size_t rows, A a, const double* b, std::size_t columns, std::size_t depth,
                              double* to, std::size_t to_row) {
  switch (rows) {
    case 1:
      return run_rows<1>(a, b, columns, depth, to, to_row);
    case 2:
      return run_rows<2>(a, b, columns, depth, to, to_row);
    case 3:
      return run_rows<3>(a, b, columns, depth, to, to_row);
    default:
      return run_rows<kTileRows>(a, b, columns, depth, to, to_row);
  }
}

// Returns how many rows there are, from `row` on; zeros fill the last vector.
template <class T, Engine kEngine>
std::size_t fill_panel(LaneMatrix<const T> x, std::size_t row, std::size_t from, std::size_t depth,
                       double* panel) {
  constexpr Tag<double> d;
  const std::size_t rows = std::min(kPanelUnits<kEngine>, x.rows - row);
  for (std::size_t r = 0; r < rows; ++r) {
    const T* in = x.at(row + r, from);
    for (std::size_t n = 0; n < depth; ++n, in += x.column_stride) {
      if constexpr (kEngine == Engine::kWide)
        panel[n * kPanelRow + r] = static_cast<double>(*in);
      else
        hn::Store(load_doubles(d, in), d, panel + n * kPanelRow + r * kLanes<double>);
    }
  }
  if constexpr (kEngine == Engine::kWide) {
    for (std::size_t r = rows; r % kLanes<double> != 0; ++r)
      for (std::size_t n = 0; n < depth; ++n) panel[n * kPanelRow + r] = 0;
  }
  return rows;
}

template <class T, Engine kEngine>
void add(LaneMatrix<const T> x, LaneMatrix<double> gram) {
  constexpr std::size_t kUnits = kPanelUnits<kEngine>, kWidth = kSide / kUnits;
  HWY_ALIGN double left_panel[kDepth * kPanelRow];
  HWY_ALIGN double right_panel[kDepth * kPanelRow];
  // Pieces of equal depth: a short last one would load and store all sums for a few terms.
  const std::size_t pieces = (x.columns + kDepth - 1) / kDepth;
  for (std::size_t from = 0, piece = 0; piece < pieces; ++piece) {
    const std::size_t depth = (x.columns - from) / (pieces - piece);
    for (std::size_t column = 0; column < x.rows; column += kUnits) {
      fill_panel<T, kEngine>(x, column, from, depth, right_panel);
      for (std::size_t row = column; row < x.rows; row += kUnits) {
        const bool on_diagonal = row == column;
        const double* left = on_diagonal ? right_panel : left_panel;
        const std::size_t end = on_diagonal ? std::min(kUnits, x.rows - row)
                                            : fill_panel<T, kEngine>(x, row, from, depth, left_panel);
        for (std::size_t r = 0; r < end; r += kTileRows) {
          const std::size_t rows = std::min(kTileRows, end - r);
          const std::size_t columns = (on_diagonal ? r + rows : kUnits) * kWidth;
          run_some_rows(rows, LeftPanel<kEngine>{left + r * kWidth}, right_panel,
                        (columns + kLanes<double> - 1) / kLanes<double>, depth, gram.at(row + r, column),
                        gram.row_stride);
        }
      }
    }
    from += depth;
  }
}

template <class T, Engine kEngine>
constexpr GramKernels<T> kGram{&add<T, kEngine>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(GramKernels, gram_kernels, kGram)
#endif
