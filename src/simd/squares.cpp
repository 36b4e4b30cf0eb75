#include "simd/squares.h"

#include <cassert>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/squares.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

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
void add(LaneMatrix<const T> x, double* sums) {
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
constexpr SquareKernels<T> kSquares{&add<T, kEngine>, &add_differences<T, kEngine>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(SquareKernels, square_kernels, kSquares)
#endif
