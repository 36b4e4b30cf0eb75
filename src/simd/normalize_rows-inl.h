// Normalization over the rows of each column, and what every normalization has in common.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_NORMALIZE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_NORMALIZE_ROWS_INL_H_
#undef DEADRELU_SIMD_NORMALIZE_ROWS_INL_H_
#else
#define DEADRELU_SIMD_NORMALIZE_ROWS_INL_H_
#endif

#include <cassert>
#include <utility>

#include "simd/lanes-inl.h"
#include "simd/normalize.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Sums are chains of dependent operations, so several run side by side: over rows those of as many columns, along
// rows those of as many rows.
constexpr std::size_t kAbreast = 4;

template <class D>
HWY_INLINE hn::Vec<D> root_scale(D d, hn::Vec<D> variance, hn::Vec<D> epsilon) {
  return hn::Div(hn::Set(d, 1), hn::Sqrt(hn::Add(variance, epsilon)));
}

// Each row's number: a vector of lanes, or in wide one number everywhere; of null, `otherwise`.
template <Engine kEngine, class T>
struct RowNumbers {
  const T* numbers;
  T otherwise;
  HWY_INLINE Lanes<T> operator[](std::size_t row) const {
    if (numbers == nullptr) return hn::Set(Tag<T>(), otherwise);
    return load_number<kEngine>(numbers + row * (kEngine == Engine::kWide ? 1 : kLanes<T>));
  }
};

// Calls use(row, pointers to the element of every matrix in the row and column c) for the rows, ascending.
template <class Use, class... T>
HWY_INLINE void for_each_row(std::size_t rows, std::size_t c, const Use& use, const LaneMatrix<T>&... x) {
  [&](auto... at) HWY_ATTR {
    for (std::size_t r = 0; r < rows; ++r) {
      use(r, at...);
      ((at += x.row_stride), ...);
    }
  }(x.at(0, c)...);
}

template <class T, Engine kEngine, std::size_t... C>
HWY_INLINE void normalize_columns(std::index_sequence<C...>, bool centered,
                                  const NormalizationNumbers<T>& numbers, const LaneMatrix<const T>& x,
                                  std::size_t c, const LaneMatrix<T>& n, const LaneMatrix<T>& scale,
                                  const LaneMatrix<T>& y) {
  constexpr Tag<T> d;
  using V = Lanes<T>;
  const RowNumbers<kEngine, T> gain{numbers.gain, 1}, shift{numbers.shift, 0};
  const V count = hn::Set(d, static_cast<T>(x.rows)), epsilon = load_number<kEngine>(numbers.epsilon);
  V mean[] = {((void)C, hn::Zero(d))...}, squares[] = {((void)C, hn::Zero(d))...};
  if (centered) {
    for_each_row(
        x.rows, c,
        [&](std::size_t, const T* in)
            HWY_ATTR { ((mean[C] = hn::Add(mean[C], hn::Load(d, in + C * x.column_stride))), ...); },
        x);
    ((mean[C] = hn::Div(mean[C], count)), ...);
  }
  const auto from_mean = [&](const T* in, std::size_t i)
                             HWY_ATTR { return hn::Sub(hn::Load(d, in + i * x.column_stride), mean[i]); };
  for_each_row(
      x.rows, c,
      [&](std::size_t, const T* in) HWY_ATTR {
        const V away[] = {from_mean(in, C)...};
        ((squares[C] = hn::MulAdd(away[C], away[C], squares[C])), ...);
      },
      x);
  const V factor[] = {root_scale(d, hn::Div(squares[C], count), epsilon)...};
  (hn::Store(factor[C], d, scale.at(0, c + C)), ...);
  for_each_row(
      x.rows, c,
      [&](std::size_t r, const T* in, T* normalized, T* out) HWY_ATTR {
        const V normal[] = {hn::Mul(from_mean(in, C), factor[C])...};
        (hn::Store(normal[C], d, normalized + C * n.column_stride), ...);
        const V g = gain[r], s = shift[r];
        (hn::Store(hn::MulAdd(g, normal[C], s), d, out + C * y.column_stride), ...);
      },
      x, n, y);
}

template <class T, Engine kEngine, std::size_t... C>
HWY_INLINE void pull_columns_back(std::index_sequence<C...>, bool centered, const T* gain_numbers,
                                  const LaneMatrix<const T>& n, std::size_t c,
                                  const LaneMatrix<const T>& scale, const LaneMatrix<const T>& dy,
                                  const LaneMatrix<T>& dx) {
  constexpr Tag<T> d;
  using V = Lanes<T>;
  const RowNumbers<kEngine, T> gain{gain_numbers, 1};
  const V count = hn::Set(d, static_cast<T>(n.rows));
  V sum[] = {((void)C, hn::Zero(d))...}, products[] = {((void)C, hn::Zero(d))...};
  for_each_row(
      n.rows, c,
      [&](std::size_t r, const T* normalized, const T* above) HWY_ATTR {
        const V g = gain[r];
        const V in[] = {hn::Mul(g, hn::Load(d, above + C * dy.column_stride))...};
        ((sum[C] = hn::Add(sum[C], in[C])), ...);
        ((products[C] = hn::MulAdd(in[C], hn::Load(d, normalized + C * n.column_stride), products[C])), ...);
      },
      n, dy);
  ((sum[C] = centered ? hn::Div(sum[C], count) : hn::Zero(d)), ...);
  ((products[C] = hn::Div(products[C], count)), ...);
  const V factor[] = {hn::Load(d, scale.at(0, c + C))...};
  for_each_row(
      n.rows, c,
      [&](std::size_t r, const T* normalized, const T* above, T* out) HWY_ATTR {
        const V g = gain[r];
        const V in[] = {hn::Sub(hn::Mul(g, hn::Load(d, above + C * dy.column_stride)), sum[C])...};
        (hn::Store(hn::Mul(hn::NegMulAdd(hn::Load(d, normalized + C * n.column_stride), products[C], in[C]),
                           factor[C]),
                   d, out + C * dx.column_stride),
         ...);
      },
      n, dy, dx);
}

// Calls use(std::make_index_sequence<as many columns>, the first of them).
template <class Use>
HWY_INLINE void for_each_columns(std::size_t columns, const Use& use) {
  std::size_t c = 0;
  for (; c + kAbreast <= columns; c += kAbreast) use(std::make_index_sequence<kAbreast>(), c);
  for (; c < columns; ++c) use(std::make_index_sequence<1>(), c);
}

template <class T, Engine kEngine>
void over_rows(bool centered, const NormalizationNumbers<T>& numbers, LaneMatrix<const T> x, LaneMatrix<T> n,
               LaneMatrix<T> scale, LaneMatrix<T> y) {
  assert(same_shape(x, n) && same_shape(x, y) && scale.rows == 1 && scale.columns == x.columns);
  assert(lies_well<kEngine>(x) && lies_well<kEngine>(n) && lies_well<kEngine>(y));
  const LaneMatrix<const T> in = as_vectors<kEngine>(x);
  n = as_vectors<kEngine>(n), scale = as_vectors<kEngine>(scale), y = as_vectors<kEngine>(y);
  for_each_columns(in.columns, [&](auto abreast, std::size_t c) HWY_ATTR {
    normalize_columns<T, kEngine>(abreast, centered, numbers, in, c, n, scale, y);
  });
}

template <class T, Engine kEngine>
void over_rows_backward(bool centered, const T* gain, LaneMatrix<const T> n, LaneMatrix<const T> scale,
                        LaneMatrix<const T> dy, LaneMatrix<T> dx) {
  assert(same_shape(n, dy) && same_shape(n, dx) && scale.rows == 1 && scale.columns == n.columns);
  assert(lies_well<kEngine>(n) && lies_well<kEngine>(dy) && lies_well<kEngine>(dx));
  n = as_vectors<kEngine>(n), scale = as_vectors<kEngine>(scale), dy = as_vectors<kEngine>(dy);
  dx = as_vectors<kEngine>(dx);
  for_each_columns(n.columns, [&](auto abreast, std::size_t c) HWY_ATTR {
    pull_columns_back<T, kEngine>(abreast, centered, gain, n, c, scale, dy, dx);
  });
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
