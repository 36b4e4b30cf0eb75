#include "simd/magnitudes.h"

#include <cassert>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/magnitudes.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Rows side by side from x on, since each one's sum is a chain of dependent additions; `pitch` scalars lie between them.
template <bool kCentered, class T, class D, std::size_t... M>
HWY_INLINE void add_rows(D d, const T* x, std::size_t pitch, std::size_t columns, std::size_t column_stride,
                         const T* origin, T* sums, std::index_sequence<M...>) {
  const auto origin_of = [&](std::size_t vector) HWY_ATTR {
    return kCentered ? hn::LoadU(d, origin + vector * MaxLanes(d)) : hn::Zero(d);
  };
  const hn::Vec<D> o[] = {origin_of(M)...};
  hn::Vec<D> s[] = {hn::LoadU(d, sums + M * MaxLanes(d))...};
  const auto magnitude = [&](hn::Vec<D> v, hn::Vec<D> from)
                             HWY_ATTR { return hn::Abs(kCentered ? hn::Sub(v, from) : v); };
  for (std::size_t n = 0; n < columns; ++n, x += column_stride)
    ((s[M] = hn::Add(s[M], magnitude(hn::LoadU(d, x + M * pitch), o[M]))), ...);
  (hn::StoreU(s[M], d, sums + M * MaxLanes(d)), ...);
}

// As many rows as there are vectors for, from `row` on; returns the first one that is left. A vector holds a row of
// all runs, or of one run one row, or so many that follow each other.
template <bool kCentered, class T, class D>
std::size_t add_vectors(D d, const LaneMatrix<const T>& x, std::size_t row, std::size_t rows_a_vector,
                        const T* origin, T* sums) {
  const std::size_t scalars = MaxLanes(d) / rows_a_vector;  // of a row
  const auto add = [&](auto vectors) HWY_ATTR {
    const std::size_t rows = vectors.size() * rows_a_vector;
    for (; row + rows <= x.rows; row += rows)
      add_rows<kCentered>(d, x.at(row, 0), rows_a_vector * x.row_stride, x.columns, x.column_stride,
                          kCentered ? origin + row * scalars : nullptr, sums + row * scalars, vectors);
  };
  add(std::make_index_sequence<8>());
  add(std::make_index_sequence<1>());
  return row;
}

template <bool kCentered, Engine kEngine, class T>
void add_all(const LaneMatrix<const T>& x, const T* origin, T* sums) {
  std::size_t row = 0;
  if (kEngine == Engine::kWide && x.row_stride == 1)
    row = add_vectors<kCentered>(Tag<T>(), x, row, kLanes<T>, origin, sums);
  add_vectors<kCentered>(SumTag<T, kEngine>(), x, row, 1, origin, sums);
}

template <class T, Engine kEngine>
void add_magnitudes(const LaneMatrix<const T>& x, const T* origin, T* sums) {
  assert(kEngine == Engine::kWide || is_aligned(x));
  origin != nullptr ? add_all<true, kEngine>(x, origin, sums) : add_all<false, kEngine>(x, origin, sums);
}

template <class T, Engine kEngine>
constexpr MagnitudeKernels<T> kMagnitudes{&add_magnitudes<T, kEngine>};

template <class DD, class T>
struct Values {
  LaneMatrix<const T> x;
  HWY_INLINE hn::Vec<DD> at(std::size_t r, std::size_t c, std::size_t lane) const {
    return load_doubles(DD(), x.at(r, c) + lane);
  }
};
template <class DD, class T>
struct Differences {
  LaneMatrix<const T> a, b;
  HWY_INLINE hn::Vec<DD> at(std::size_t r, std::size_t c, std::size_t lane) const {
    return hn::Sub(load_doubles(DD(), a.at(r, c) + lane), load_doubles(DD(), b.at(r, c) + lane));
  }
};

// Rows side by side, since each row's sum is one chain of dependent additions; then row after row into the
// total.
template <class DD, class Source, std::size_t... M>
HWY_INLINE hn::Vec<DD> add_row_squares(DD d, const Source& x, std::size_t row, std::size_t columns,
                                       std::size_t lane, hn::Vec<DD> total, std::index_sequence<M...>) {
  hn::Vec<DD> sums[sizeof...(M)] = {(static_cast<void>(M), hn::Zero(d))...};
  for (std::size_t c = 0; c < columns; ++c) {
    const hn::Vec<DD> values[sizeof...(M)] = {x.at(row + M, c, lane)...};
    ((sums[M] = hn::MulAdd(values[M], values[M], sums[M])), ...);
  }
  ((total = hn::Add(total, sums[M])), ...);
  return total;
}

template <class D, class Source>
void add_all_squares(const Source& x, std::size_t rows, std::size_t columns, double* sums) {
  constexpr DoubleTag<D> d;
  for (std::size_t lane = 0; lane < MaxLanes(D()); lane += MaxLanes(d)) {
    auto total = hn::LoadU(d, sums + lane);
    std::size_t row = 0;
    for (; row + 8 <= rows; row += 8) {
      total = add_row_squares(d, x, row, columns, lane, total, std::make_index_sequence<8>());
    }
    for (; row < rows; ++row) {
      total = add_row_squares(d, x, row, columns, lane, total, std::make_index_sequence<1>());
    }
    hn::StoreU(total, d, sums + lane);
  }
}

template <class T, Engine kEngine>
void add_squares(LaneMatrix<const T> x, double* sums) {
  assert(kEngine == Engine::kWide || is_aligned(x));
  using D = SumTag<T, kEngine>;
  add_all_squares<D>(Values<DoubleTag<D>, T>{x}, x.rows, x.columns, sums);
}

template <class T, Engine kEngine>
void add_differences(LaneMatrix<const T> a, LaneMatrix<const T> b, double* sums) {
  assert(same_shape(a, b));
  using D = SumTag<T, kEngine>;
  add_all_squares<D>(Differences<DoubleTag<D>, T>{a, b}, a.rows, a.columns, sums);
}

template <class T, Engine kEngine>
constexpr SquareKernels<T> kSquares{&add_squares<T, kEngine>, &add_differences<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(SquareKernels, square_kernels, kSquares)
DEADRELU_DEFINE_KERNELS(MagnitudeKernels, magnitude_kernels, kMagnitudes)
#endif
