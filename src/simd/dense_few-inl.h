// The weight gradient of one network's layer of few inputs or few outputs, in float32: a vector's worth of the other side
// is turned on the way and passes by the few, whose sums stay in registers. There are no panels, and the bias' sums are
// chains beside the others.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_DENSE_FEW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_DENSE_FEW_INL_H_
#undef DEADRELU_SIMD_DENSE_FEW_INL_H_
#else
#define DEADRELU_SIMD_DENSE_FEW_INL_H_
#endif

#include <utility>

#include "hwy/highway.h"
#include "simd/dense_narrow-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

constexpr std::size_t kMany = kLanes<float>;

// Calls use(n, column n of the kMany rows) for all columns, which follow each other, in ascending order.
template <class Use>
HWY_INLINE void for_each_sample(const LaneMatrix<const float>& rows, const Use& use) {
  constexpr Tag<float> d;
  std::size_t n = 0;
  for (; n + 4 <= rows.columns; n += 4) {
    Lanes<float> columns[4];
    transpose_rows(
        d, [&](std::size_t row) { return rows.at(row, n); }, columns);
    for (std::size_t j = 0; j < 4; ++j) use(n + j, columns[j]);
  }
  for (; n < rows.columns; ++n) {
    HWY_ALIGN float column[kMany];
    for (std::size_t row = 0; row < kMany; ++row) column[row] = *rows.at(row, n);
    use(n, hn::Load(d, column));
  }
}

// sums[row] += Σ over columns of kMany rows of x, in ascending order.
inline void add_many_row_sums(const LaneMatrix<const float>& x, float* sums) {
  constexpr Tag<float> d;
  Lanes<float> s = hn::LoadU(d, sums);
  for_each_sample(x, [&](std::size_t, Lanes<float> column) HWY_ATTR { s = hn::Add(s, column); });
  hn::StoreU(s, d, sums);
}

// kMany outputs and the inputs K.
template <std::size_t... K>
HWY_INLINE void add_few_inputs(const LaneMatrix<const float>& dz, const LaneMatrix<const float>& x, bool adds,
                               const LaneMatrix<float>& dw, float* db, std::index_sequence<K...>) {
  constexpr Tag<float> d;
  HWY_ALIGN float rows[sizeof...(K)][kMany] = {};
  for (std::size_t row = 0; adds && row < kMany; ++row) ((rows[K][row] = *dw.at(row, K)), ...);
  Lanes<float> sums[] = {hn::Load(d, rows[K])...};
  Lanes<float> bias_sum = adds && db != nullptr ? hn::LoadU(d, db) : hn::Zero(d);
  for_each_sample(dz, [&](std::size_t n, Lanes<float> gradient) HWY_ATTR {
    ((sums[K] = hn::MulAdd(gradient, hn::Set(d, *x.at(K, n)), sums[K])), ...);
    bias_sum = hn::Add(bias_sum, gradient);
  });
  (hn::Store(sums[K], d, rows[K]), ...);
  for (std::size_t row = 0; row < kMany; ++row) ((*dw.at(row, K) = rows[K][row]), ...);
  if (db != nullptr) hn::StoreU(bias_sum, d, db);
}

// The outputs K and kMany inputs.
template <std::size_t... K>
HWY_INLINE void add_few_outputs(const LaneMatrix<const float>& dz, const LaneMatrix<const float>& x,
                                bool adds, const LaneMatrix<float>& dw, float* db,
                                std::index_sequence<K...>) {
  constexpr Tag<float> d;
  Lanes<float> sums[] = {(adds ? hn::LoadU(d, dw.at(K, 0)) : hn::Zero(d))...};
  float bias_sums[] = {(adds && db != nullptr ? db[K] : 0)...};
  for_each_sample(x, [&](std::size_t n, Lanes<float> inputs) HWY_ATTR {
    const float gradient[] = {*dz.at(K, n)...};
    ((sums[K] = hn::MulAdd(hn::Set(d, gradient[K]), inputs, sums[K])), ...);
    ((bias_sums[K] += gradient[K]), ...);
  });
  (hn::StoreU(sums[K], d, dw.at(K, 0)), ...);
  if (db != nullptr) ((db[K] = bias_sums[K]), ...);
}

// As DenseKernels::weight_gradient, for the first outputs of a layer of few inputs, as many as fill vectors; returns how
// many. REQUIRES: is_narrow(x.rows).
inline std::size_t few_inputs_gradient(const LaneMatrix<const float>& dz, const LaneMatrix<const float>& x,
                                       ProductStart start, const LaneMatrix<float>& dw, float* db) {
  std::size_t row = 0;
  for (; row + kMany <= dz.rows; row += kMany) {
    with_sequence<kNarrow>(x.rows, [&](auto inputs) HWY_ATTR {
      add_few_inputs(dz.row_range(row, kMany), x, start == ProductStart::kAccumulate,
                     dw.row_range(row, kMany), db == nullptr ? nullptr : db + row, inputs);
    });
  }
  return row;
}

// The same for the first inputs of a layer of few outputs. REQUIRES: is_narrow(dz.rows).
inline std::size_t few_outputs_gradient(const LaneMatrix<const float>& dz, const LaneMatrix<const float>& x,
                                        ProductStart start, LaneMatrix<float> dw, float* db) {
  std::size_t column = 0;
  for (; column + kMany <= x.rows; column += kMany) {
    with_sequence<kNarrow>(dz.rows, [&](auto outputs) HWY_ATTR {
      add_few_outputs(dz, x.row_range(column, kMany), start == ProductStart::kAccumulate, dw,
                      column == 0 ? db : nullptr, outputs);
    });
    dw.data += kMany;
  }
  return column;
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
