#include "simd/unit_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/unit_sums.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

using Sum = Lanes<double>;

HWY_INLINE Sum one_where(hn::Mask<Tag<double>> mask) {
  return hn::IfThenElseZero(mask, hn::Set(Tag<double>(), 1.0));
}
HWY_INLINE Sum larger(Sum a, Sum b) { return hn::IfThenElse(hn::Gt(a, b), a, b); }

// A register's worth of lanes of one unit's running sums, in registers while a block of samples passes.
struct UnitState {
  Sum positive, z_max, z_sum, z_squares, a_sum, a_squares, a_magnitude, a_zeros, slope_max;

  HWY_INLINE void load(const UnitSums& from, std::size_t i) {
    const Tag<double> d;
    positive = hn::LoadU(d, from.positive + i);
    z_max = hn::LoadU(d, from.z_max + i);
    z_sum = hn::LoadU(d, from.z_sum + i);
    z_squares = hn::LoadU(d, from.z_squares + i);
    a_sum = hn::LoadU(d, from.a_sum + i);
    a_squares = hn::LoadU(d, from.a_squares + i);
    a_magnitude = hn::LoadU(d, from.a_magnitude + i);
    a_zeros = hn::LoadU(d, from.a_zeros + i);
    slope_max = hn::LoadU(d, from.slope_max + i);
  }
  HWY_INLINE void store(const UnitSums& to, std::size_t i) const {
    const Tag<double> d;
    hn::StoreU(positive, d, to.positive + i);
    hn::StoreU(z_max, d, to.z_max + i);
    hn::StoreU(z_sum, d, to.z_sum + i);
    hn::StoreU(z_squares, d, to.z_squares + i);
    hn::StoreU(a_sum, d, to.a_sum + i);
    hn::StoreU(a_squares, d, to.a_squares + i);
    hn::StoreU(a_magnitude, d, to.a_magnitude + i);
    hn::StoreU(a_zeros, d, to.a_zeros + i);
    hn::StoreU(slope_max, d, to.slope_max + i);
  }
  HWY_INLINE void add_input(Sum z, Sum slope) {
    positive = hn::Add(positive, one_where(hn::Gt(z, hn::Zero(Tag<double>()))));
    z_max = larger(z, z_max);
    z_sum = hn::Add(z_sum, z);
    z_squares = hn::MulAdd(z, z, z_squares);
    slope_max = larger(hn::Abs(slope), slope_max);
  }
  HWY_INLINE void add_output(Sum a) {
    a_sum = hn::Add(a_sum, a);
    a_squares = hn::MulAdd(a, a, a_squares);
    a_magnitude = hn::Add(a_magnitude, hn::Abs(a));
    a_zeros = hn::Add(a_zeros, one_where(hn::Eq(a, hn::Zero(Tag<double>()))));
  }
};

template <class T>
void add_silent(LaneMatrix<const T> z, double* silent_samples) {
  const Tag<T> d;
  DoubleSums<T> total;
  total.load(silent_samples);
  for (std::size_t n = 0; n < z.columns; ++n) {
    Lanes<T> silent = hn::Set(d, T{1});
    for (std::size_t u = 0; u < z.rows; ++u) {
      silent = hn::IfThenZeroElse(hn::Gt(hn::Load(d, z.at(u, n)), hn::Zero(d)), silent);
    }
    total.add(silent);
  }
  total.store(silent_samples);
}

template <class T>
void add(LaneMatrix<const T> z, LaneMatrix<const T> a, LaneMatrix<const T> slopes, const UnitSums& sums,
         double* silent_samples) {
  for (std::size_t u = 0; u < z.rows; ++u) {
    for (std::size_t lane = 0; lane < kLanes<T>; lane += kLanes<double>) {
      UnitState state;
      state.load(sums, u * kLanes<T> + lane);
      for (std::size_t n = 0; n < z.columns; ++n) {
        state.add_input(load_doubles(z.at(u, n) + lane), load_doubles(slopes.at(u, n) + lane));
        for (std::size_t row = u; row < a.rows; row += z.rows) {
          state.add_output(load_doubles(a.at(row, n) + lane));
        }
      }
      state.store(sums, u * kLanes<T> + lane);
    }
  }
  add_silent(z, silent_samples);
}

template <class T>
void add_range(LaneMatrix<const T> x, double* low, double* high) {
  const Tag<double> d;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t lane = 0; lane < kLanes<T>; lane += kLanes<double>) {
      const std::size_t i = r * kLanes<T> + lane;
      Sum least = hn::LoadU(d, low + i), most = hn::LoadU(d, high + i);
      for (std::size_t n = 0; n < x.columns; ++n) {
        const Sum v = load_doubles(x.at(r, n) + lane);
        least = hn::IfThenElse(hn::Lt(v, least), v, least);
        most = larger(v, most);
      }
      hn::StoreU(least, d, low + i);
      hn::StoreU(most, d, high + i);
    }
  }
}

template <class T>
constexpr UnitSumKernels<T> kUnitSums{&add<T>, &add_range<T>};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

template <>
const UnitSumKernels<float>& unit_sum_kernels<float>(SimdTarget target) {
  return DEADRELU_TABLE(target, kUnitSums<float>);
}
template <>
const UnitSumKernels<double>& unit_sum_kernels<double>(SimdTarget target) {
  return DEADRELU_TABLE(target, kUnitSums<double>);
}

}  // namespace deadrelu
#endif
