#include "simd/normalize.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/normalize.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"
#include "simd/normalize_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Calls use(D(), std::make_index_sequence<as many rows>, the first of them): sums along rows, in wide one number a
// register.
template <class T, Engine kEngine, std::size_t kRows, class Use>
HWY_INLINE void for_each_rows(std::size_t rows, const Use& use) {
  std::size_t r = 0;
  for (; r + kRows <= rows; r += kRows) use(SumTag<T, kEngine>(), std::make_index_sequence<kRows>(), r);
  for (; r < rows; ++r) use(SumTag<T, kEngine>(), std::make_index_sequence<1>(), r);
}

template <class D, class T, std::size_t... R>
HWY_INLINE void measure(D d, std::index_sequence<R...>, const LaneMatrix<const T>& x, std::size_t r,
                        hn::Vec<D> epsilon, const RowStatistics<T>& statistics) {
  using V = hn::Vec<D>;
  const V count = hn::Set(d, static_cast<T>(x.columns));
  V mean[] = {((void)R, hn::Zero(d))...}, squares[] = {((void)R, hn::Zero(d))...};
  const T* in = x.at(r, 0);
  for (std::size_t s = 0; s < x.columns; ++s, in += x.column_stride)
    ((mean[R] = hn::Add(mean[R], hn::Load(d, in + R * x.row_stride))), ...);
  ((mean[R] = hn::Div(mean[R], count)), ...);
  in = x.at(r, 0);
  for (std::size_t s = 0; s < x.columns; ++s, in += x.column_stride) {
    const V away[] = {hn::Sub(hn::Load(d, in + R * x.row_stride), mean[R])...};
    ((squares[R] = hn::MulAdd(away[R], away[R], squares[R])), ...);
  }
  ((squares[R] = hn::Div(squares[R], count)), ...);
  (hn::StoreU(mean[R], d, statistics.mean + (r + R) * MaxLanes(d)), ...);
  (hn::StoreU(squares[R], d, statistics.variance + (r + R) * MaxLanes(d)), ...);
  (hn::StoreU(root_scale(d, squares[R], epsilon), d, statistics.scale + (r + R) * MaxLanes(d)), ...);
}

template <class T, Engine kEngine>
void measure_rows(LaneMatrix<const T> x, const T* epsilon, const RowStatistics<T>& statistics) {
  assert(x.columns > 0 && (kEngine == Engine::kWide || is_aligned(x)));
  for_each_rows<T, kEngine, 2 * kAbreast>(x.rows, [&](auto d, auto abreast, std::size_t r) HWY_ATTR {
    measure(d, abreast, x, r, hn::LoadU(d, epsilon), statistics);
  });
}

template <class D, class T, std::size_t... R>
HWY_INLINE void add_products(D d, std::index_sequence<R...>, const LaneMatrix<const T>& n,
                             const LaneMatrix<const T>& dy, std::size_t r, T* gain_sum, T* shift_sum) {
  using V = hn::Vec<D>;
  const auto start = [&](const T* sums, std::size_t row) HWY_ATTR {
    return sums == nullptr ? hn::Zero(d) : hn::LoadU(d, sums + row * MaxLanes(d));
  };
  V products[] = {start(gain_sum, r + R)...}, sum[] = {start(shift_sum, r + R)...};
  const T *normal = n.at(r, 0), *above = dy.at(r, 0);
  for (std::size_t s = 0; s < n.columns; ++s, normal += n.column_stride, above += dy.column_stride) {
    const V g[] = {hn::Load(d, above + R * dy.row_stride)...};
    ((sum[R] = hn::Add(sum[R], g[R])), ...);
    ((products[R] = hn::MulAdd(g[R], hn::Load(d, normal + R * n.row_stride), products[R])), ...);
  }
  (hn::StoreU(products[R], d, gain_sum + (r + R) * MaxLanes(d)), ...);
  if (shift_sum != nullptr) (hn::StoreU(sum[R], d, shift_sum + (r + R) * MaxLanes(d)), ...);
}

template <class T, Engine kEngine>
void add_sums(LaneMatrix<const T> n, LaneMatrix<const T> dy, T* gain_sum, T* shift_sum) {
  assert(same_shape(n, dy) && (kEngine == Engine::kWide || (is_aligned(n) && is_aligned(dy))));
  for_each_rows<T, kEngine, kAbreast>(n.rows, [&](auto d, auto abreast, std::size_t r) HWY_ATTR {
    add_products(d, abreast, n, dy, r, gain_sum, shift_sum);
  });
}

template <class T, Engine kEngine>
void by_rows(const NormalizationNumbers<T>& numbers, const T* mean, const T* scale, LaneMatrix<const T> x,
             LaneMatrix<T> n, LaneMatrix<T> y) {
  assert(same_shape(x, n) && same_shape(x, y));
  assert(lies_well<kEngine>(x) && lies_well<kEngine>(n) && lies_well<kEngine>(y));
  constexpr Tag<T> d;
  const RowNumbers<kEngine, T> means{mean, 0}, scales{scale, 1}, gains{numbers.gain, 1},
      shifts{numbers.shift, 0};
  x = as_vectors<kEngine>(x), n = as_vectors<kEngine>(n), y = as_vectors<kEngine>(y);
  for (std::size_t r = 0; r < x.rows; ++r) {
    const Lanes<T> m = means[r], factor = scales[r], gain = gains[r], shift = shifts[r];
    for_each_column(
        x.columns,
        [&](const T* in, T* normal, T* out) HWY_ATTR {
          const Lanes<T> v = hn::Mul(hn::Sub(hn::Load(d, in), m), factor);
          hn::Store(v, d, normal);
          hn::Store(hn::MulAdd(gain, v, shift), d, out);
        },
        Row(x, r), Row(n, r), Row(y, r));
  }
}

template <class T, Engine kEngine>
void by_rows_backward(const T* gain, const T* scale, const T* gain_sum, const T* shift_sum,
                      LaneMatrix<const T> n, LaneMatrix<const T> dy, LaneMatrix<T> dx) {
  assert(same_shape(n, dy) && same_shape(n, dx) && (gain_sum == nullptr) == (shift_sum == nullptr));
  assert(lies_well<kEngine>(n) && lies_well<kEngine>(dy) && lies_well<kEngine>(dx));
  constexpr Tag<T> d;
  const RowNumbers<kEngine, T> gains{gain, 1}, scales{scale, 1}, products{gain_sum, 0}, sums{shift_sum, 0};
  const Lanes<T> count = hn::Set(d, static_cast<T>(n.columns));
  n = as_vectors<kEngine>(n), dy = as_vectors<kEngine>(dy), dx = as_vectors<kEngine>(dx);
  for (std::size_t r = 0; r < n.rows; ++r) {
    const Lanes<T> factor = hn::Mul(gains[r], scales[r]);
    const Lanes<T> along = hn::Div(products[r], count), mean = hn::Div(sums[r], count);
    for_each_column(
        n.columns,
        [&](const T* normal, const T* above, T* out) HWY_ATTR {
          const Lanes<T> v = hn::Load(d, above);
          const Lanes<T> rest = hn::NegMulAdd(hn::Load(d, normal), along, hn::Sub(v, mean));
          hn::Store(hn::Mul(gain_sum == nullptr ? v : rest, factor), d, out);
        },
        Row(n, r), Row(dy, r), Row(dx, r));
  }
}

template <class T, Engine kEngine>
void join(LaneMatrix<const T> x, LaneMatrix<const T> mask, LaneMatrix<const T> beside, LaneMatrix<T> y) {
  assert(same_shape(x, y) && lies_well<kEngine>(x) && lies_well<kEngine>(y));
  constexpr Tag<T> d;
  x = as_vectors<kEngine>(x), mask = as_vectors<kEngine>(mask), beside = as_vectors<kEngine>(beside);
  y = as_vectors<kEngine>(y);
  const auto each = [&](const auto& use, const auto&... more) HWY_ATTR {
    for (std::size_t r = 0; r < x.rows; ++r)
      for_each_column(
          x.columns,
          [&](T* out, const T* in, auto... others)
              HWY_ATTR { hn::Store(use(hn::Load(d, in), hn::Load(d, others)...), d, out); },
          Row(y, r), Row(x, r), Row(more, r)...);
  };
  using V = Lanes<T>;
  if (mask.data != nullptr && beside.data != nullptr)
    each([](V v, V factor, V other) HWY_ATTR { return hn::MulAdd(v, factor, other); }, mask, beside);
  else if (mask.data != nullptr)
    each([](V v, V factor) HWY_ATTR { return hn::Mul(v, factor); }, mask);
  else if (beside.data != nullptr)
    each([](V v, V other) HWY_ATTR { return hn::Add(v, other); }, beside);
  else
    each([](V v) HWY_ATTR { return v; });
}

template <class T, Engine kEngine>
constexpr NormalizationKernels<T> kNormalization{
    &over_rows<T, kEngine>, &over_rows_backward<T, kEngine>, &measure_rows<T, kEngine>,
    &by_rows<T, kEngine>,   &by_rows_backward<T, kEngine>,   &add_sums<T, kEngine>,
    &join<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(NormalizationKernels, normalization_kernels, kNormalization)
#endif
