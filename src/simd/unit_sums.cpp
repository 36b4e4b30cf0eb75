#include "simd/unit_sums.h"

#include <algorithm>
#include <cassert>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/unit_sums.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// a where a > b, else b, also beside what is no number: x86's maximum, which takes no multiply-add's place as a
// comparison does.
template <class V>
HWY_INLINE V larger(V a, V b) {
#if HWY_ARCH_X86
  return hn::Max(a, b);
#else
  return hn::IfThenElse(hn::Gt(a, b), a, b);
#endif
}

// A register's worth of lanes of one unit's running sums, in registers while a block of samples passes.
template <class DD>
struct UnitState {
  using Sum = hn::Vec<DD>;
  Sum positive, z_max, z_sum, z_squares, a_sum, a_squares, a_magnitude, a_zeros, slope_max, saturated;

  HWY_INLINE void load(const UnitSums& from, std::size_t i) {
    const DD d;
    positive = hn::LoadU(d, from.positive + i);
    z_max = hn::LoadU(d, from.z_max + i);
    z_sum = hn::LoadU(d, from.z_sum + i);
    z_squares = hn::LoadU(d, from.z_squares + i);
    a_sum = hn::LoadU(d, from.a_sum + i);
    a_squares = hn::LoadU(d, from.a_squares + i);
    a_magnitude = hn::LoadU(d, from.a_magnitude + i);
    a_zeros = hn::LoadU(d, from.a_zeros + i);
    slope_max = hn::LoadU(d, from.slope_max + i);
    saturated = hn::LoadU(d, from.saturated + i);
  }
  HWY_INLINE void store(const UnitSums& to, std::size_t i) const {
    const DD d;
    hn::StoreU(positive, d, to.positive + i);
    hn::StoreU(z_max, d, to.z_max + i);
    hn::StoreU(z_sum, d, to.z_sum + i);
    hn::StoreU(z_squares, d, to.z_squares + i);
    hn::StoreU(a_sum, d, to.a_sum + i);
    hn::StoreU(a_squares, d, to.a_squares + i);
    hn::StoreU(a_magnitude, d, to.a_magnitude + i);
    hn::StoreU(a_zeros, d, to.a_zeros + i);
    hn::StoreU(slope_max, d, to.slope_max + i);
    hn::StoreU(saturated, d, to.saturated + i);
  }
  static HWY_INLINE Sum one_where(hn::Mask<DD> mask) { return hn::IfThenElseZero(mask, hn::Set(DD(), 1.0)); }
  HWY_INLINE void add_input(Sum z, Sum slope, Sum saturated_below) {
    positive = hn::Add(positive, one_where(hn::Gt(z, hn::Zero(DD()))));
    z_max = larger(z, z_max);
    z_sum = hn::Add(z_sum, z);
    z_squares = hn::MulAdd(z, z, z_squares);
    slope_max = larger(hn::Abs(slope), slope_max);
    saturated = hn::Add(saturated, one_where(hn::Lt(hn::Abs(slope), saturated_below)));
  }
  HWY_INLINE void add_output(Sum a) {
    a_sum = hn::Add(a_sum, a);
    a_squares = hn::MulAdd(a, a, a_squares);
    a_magnitude = hn::Add(a_magnitude, hn::Abs(a));
    a_zeros = hn::Add(a_zeros, one_where(hn::Eq(a, hn::Zero(DD()))));
  }
};

// On how many of some vectors no unit has z > 0. Side by side, since each waits for itself from unit to unit; a few
// units tell of most.
template <std::size_t kVectors, class T>
HWY_INLINE Lanes<T> count_silent(const LaneMatrix<const T>& z, const T* in, std::size_t stride) {
  constexpr Tag<T> d;
  constexpr std::size_t kUnitsAtOnce = 4;
  Lanes<T> most[kVectors];
  for (auto& v : most) v = hn::Zero(d);
  for (std::size_t u = 0; u < z.rows;) {
    for (const std::size_t end = std::min(u + kUnitsAtOnce, z.rows); u < end; ++u, in += z.row_stride)
      for (std::size_t i = 0; i < kVectors; ++i) most[i] = larger(hn::LoadU(d, in + i * stride), most[i]);
    auto least = most[0];
    for (const auto& v : most) least = hn::Min(least, v);
    if (hn::AllTrue(d, hn::Gt(least, hn::Zero(d)))) return hn::Zero(d);
  }
  auto silent = hn::Zero(d);
  for (const auto& v : most)
    silent = hn::Add(silent, hn::IfThenElseZero(hn::Eq(v, hn::Zero(d)), hn::Set(d, T{1})));
  return silent;
}

template <class T, Engine kEngine>
void add_silent(LaneMatrix<const T> z, double* silent_samples) {
  constexpr Tag<T> d;
  auto total = hn::Zero(d);  // counts: exact in any order
  if constexpr (kEngine == Engine::kLanes) {
    constexpr std::size_t kVectors = 4;
    std::size_t n = 0;
    for (; n + kVectors <= z.columns; n += kVectors)
      total = hn::Add(total, count_silent<kVectors>(z, z.at(0, n), z.column_stride));
    for (; n < z.columns; ++n) total = hn::Add(total, count_silent<1>(z, z.at(0, n), 0));
    DoubleSums<Tag<T>> sums;
    sums.load(silent_samples);
    sums.add(total);
    sums.store(silent_samples);
  } else {
    for (std::size_t n = 0; n < z.columns; n += kLanes<T>)
      total =
          hn::Add(total, hn::IfThenElseZero(hn::FirstN(d, z.columns - n), count_silent<1>(z, z.at(0, n), 0)));
    *silent_samples += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, total)));
  }
}

// kTurned: lanes are units of one run, else runs.
template <class D, bool kTurned, class T>
void add_units(LaneMatrix<const T> z, LaneMatrix<const T> a, LaneMatrix<const T> slopes,
               const UnitSums& sums) {
  constexpr DoubleTag<D> d;
  constexpr std::size_t kRuns = MaxLanes(D());
  for (std::size_t u = 0; u < z.rows; ++u) {
    for (std::size_t lane = 0; lane < kRuns; lane += MaxLanes(d)) {
      UnitState<DoubleTag<D>> state;
      state.load(sums, u * kRuns + lane);
      const auto below =
          kTurned ? hn::Set(d, *sums.saturated_below) : hn::LoadU(d, sums.saturated_below + lane);
      for (std::size_t n = 0; n < z.columns; ++n) {
        state.add_input(load_doubles(d, z.at(u, n) + lane), load_doubles(d, slopes.at(u, n) + lane), below);
        for (std::size_t row = u; row < a.rows; row += z.rows) {
          state.add_output(load_doubles(d, a.at(row, n) + lane));
        }
      }
      state.store(sums, u * kRuns + lane);
    }
  }
}

// What ReLUs need in registers while a block passes: counts in T, exact as a block has fewer samples than T
// has digits.
template <class D>
struct ReluState {
  using DD = DoubleTag<D>;
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;
  V positive, zeros, z_max;
  DoubleSums<D> z_sum, z_squares, a_sum, a_squares;

  static HWY_INLINE V one_where(hn::Mask<D> mask) { return hn::IfThenElseZero(mask, hn::Set(D(), T{1})); }
  HWY_INLINE void begin(const UnitSums& from, std::size_t i) {
    positive = hn::Zero(D());
    z_max = hn::Set(D(), -std::numeric_limits<T>::infinity());
    z_sum.load(from.z_sum + i);
    z_squares.load(from.z_squares + i);
    a_sum.load(from.a_sum + i);
    a_squares.load(from.a_squares + i);
  }
  // A vector of z at p. Some sums are multiply-adds by one: the units of these and of additions have the same to do.
  HWY_INLINE void add(const T* p) {
    const DD dd;
    const V z = hn::Load(D(), p);
    positive = hn::Add(positive, one_where(hn::Gt(z, hn::Zero(D()))));
    z_max = larger(z, z_max);
    for (std::size_t i = 0; i < kParts<D>; ++i) {
      const auto v = load_doubles(dd, p + i * MaxLanes(dd)), a = larger(hn::Zero(dd), v);
      z_sum.parts[i] = hn::MulAdd(v, hn::Set(dd, 1.0), z_sum.parts[i]);
      z_squares.parts[i] = hn::MulAdd(v, v, z_squares.parts[i]);
      a_sum.parts[i] = hn::Add(a_sum.parts[i], a);
      a_squares.parts[i] = hn::MulAdd(a, a, a_squares.parts[i]);
    }
  }
  // After the last: what is not positive is zero, but for what is no number.
  HWY_INLINE void count_zeros(const T* p, std::size_t samples, std::size_t stride) {
    zeros = hn::Sub(hn::Set(D(), static_cast<T>(samples)), positive);
    if (z_sum.all_are_numbers()) return;
    zeros = hn::Zero(D());
    for (; samples > 0; --samples, p += stride)
      zeros = hn::Add(zeros, one_where(hn::Le(hn::Load(D(), p), hn::Zero(D()))));
  }
  // A ReLU's |φ| is φ, and its slope is 1 where it fires, else 0.
  template <bool kTurned>
  HWY_INLINE void end(const UnitSums& to, std::size_t i, std::size_t samples) const {
    add_counts(positive, to.positive + i);
    add_counts(zeros, to.a_zeros + i);
    z_sum.store(to.z_sum + i);
    z_squares.store(to.z_squares + i);
    a_sum.store(to.a_sum + i);
    a_sum.store(to.a_magnitude + i);
    a_squares.store(to.a_squares + i);
    HWY_ALIGN hn::TFromD<D> most[MaxLanes(D())], fired[MaxLanes(D())];
    hn::Store(z_max, D(), most);
    hn::Store(positive, D(), fired);
    for (std::size_t lane = 0; lane < MaxLanes(D()); ++lane) {
      if (static_cast<double>(most[lane]) > to.z_max[i + lane])
        to.z_max[i + lane] = static_cast<double>(most[lane]);
      to.slope_max[i + lane] = to.positive[i + lane] > 0 ? 1 : 0;
      const double on = static_cast<double>(fired[lane]), off = static_cast<double>(samples) - on,
                   below = to.saturated_below[kTurned ? 0 : lane];
      to.saturated[i + lane] += (below > 0 ? off : 0) + (below > 1 ? on : 0);
    }
  }
  static HWY_INLINE void add_counts(V counts, double* to) {
    DoubleSums<D> sum;
    sum.load(to);
    sum.add(counts);
    sum.store(to);
  }
};

template <class D, bool kTurned, class T>
void add_relu_units(LaneMatrix<const T> z, const UnitSums& sums) {
  for (std::size_t u = 0; u < z.rows; ++u) {
    ReluState<D> state;
    state.begin(sums, u * MaxLanes(D()));
    const T* in = z.at(u, 0);
    for (std::size_t n = 0; n < z.columns; ++n) state.add(in + n * z.column_stride);
    state.count_zeros(in, z.columns, z.column_stride);
    state.template end<kTurned>(sums, u * MaxLanes(D()), z.columns);
  }
}

UnitSums from_unit(const UnitSums& sums, std::size_t u) {
  return {sums.positive + u,  sums.z_max + u,     sums.z_sum + u,       sums.z_squares + u,
          sums.a_sum + u,     sums.a_squares + u, sums.a_magnitude + u, sums.a_zeros + u,
          sums.slope_max + u, sums.saturated + u, sums.saturated_below};
}

// In wide, a vector holds neighbouring units as it holds runs in lanes: one unit's sums would wait for each
// other. Some samples of a vector of units of x, as lanes has them; kOutputs: of an output matrix of crelu
// both rows.
template <class T>
class TurnedUnits {
 public:
  static constexpr std::size_t kUnits = kLanes<T>, kSamples = 64, kMostOutputs = 2;

  LaneMatrix<const T> turn(LaneMatrix<const T> x, std::size_t units, std::size_t unit, std::size_t from) {
    const std::size_t outputs = x.rows / units, samples = std::min(kSamples, x.columns - from);
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t u = 0; u < kUnits; ++u)
        for (std::size_t n = 0; n < samples; ++n)
          values_[(o * kSamples + n) * kUnits + u] = x.at(o * units + unit + u, from)[n];
    return {values_, outputs, samples, kSamples * kUnits, kUnits};
  }

 private:
  HWY_ALIGN T values_[kMostOutputs * kSamples * kUnits];
};

template <class T, Engine kEngine>
void add(LaneMatrix<const T> z, LaneMatrix<const T> a, LaneMatrix<const T> slopes, const UnitSums& sums,
         double* silent_samples) {
  assert(same_shape(z, slopes) && a.columns == z.columns && (a.rows == z.rows || a.rows == 2 * z.rows));
  assert(lies_well<kEngine>(z) && lies_well<kEngine>(a) && lies_well<kEngine>(slopes));
  add_silent<T, kEngine>(z, silent_samples);
  if constexpr (kEngine == Engine::kLanes) return add_units<Tag<T>, false>(z, a, slopes, sums);
  using Turned = TurnedUnits<T>;
  Turned turned_z, turned_a, turned_slopes;
  std::size_t u = 0;
  for (; u + Turned::kUnits <= z.rows; u += Turned::kUnits) {
    for (std::size_t n = 0; n < z.columns; n += Turned::kSamples) {
      add_units<Tag<T>, true>(turned_z.turn(z, z.rows, u, n), turned_a.turn(a, z.rows, u, n),
                              turned_slopes.turn(slopes, z.rows, u, n), from_unit(sums, u));
    }
  }
  for (; u < z.rows; ++u) {
    const std::size_t outputs = a.rows / z.rows;
    add_units<hn::CappedTag<T, 1>, true>(z.row_range(u, 1),
                                         {a.at(u, 0), outputs, a.columns, a.row_stride * z.rows, 1},
                                         slopes.row_range(u, 1), from_unit(sums, u));
  }
}

template <class T, Engine kEngine>
void add_relu(LaneMatrix<const T> z, const UnitSums& sums, double* silent_samples) {
  assert(lies_well<kEngine>(z));
  add_silent<T, kEngine>(z, silent_samples);
  if constexpr (kEngine == Engine::kLanes) return add_relu_units<Tag<T>, false>(z, sums);
  using Turned = TurnedUnits<T>;
  Turned turned;
  std::size_t u = 0;
  for (; u + Turned::kUnits <= z.rows; u += Turned::kUnits)
    for (std::size_t n = 0; n < z.columns; n += Turned::kSamples)
      add_relu_units<Tag<T>, true>(turned.turn(z, z.rows, u, n), from_unit(sums, u));
  add_relu_units<hn::CappedTag<T, 1>, true>(z.row_range(u, z.rows - u), from_unit(sums, u));
}

template <class T, Engine kEngine>
void add_outputs(LaneMatrix<const T> x, const OutputSums& sums) {
  assert(kEngine == Engine::kWide || is_aligned(x));
  using D = SumTag<T, kEngine>;
  constexpr DoubleTag<D> d;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t lane = 0; lane < MaxLanes(D()); lane += MaxLanes(d)) {
      const std::size_t i = r * MaxLanes(D()) + lane;
      auto least = hn::LoadU(d, sums.low + i), most = hn::LoadU(d, sums.high + i);
      auto sum = hn::LoadU(d, sums.sum + i), squares = hn::LoadU(d, sums.squares + i);
      const auto origin = hn::LoadU(d, sums.origin + i);
      for (std::size_t n = 0; n < x.columns; ++n) {
        const auto v = load_doubles(d, x.at(r, n) + lane);
        least = hn::IfThenElse(hn::Lt(v, least), v, least);
        most = larger(v, most);
        const auto distance = hn::Sub(v, origin);
        sum = hn::Add(sum, distance);
        squares = hn::MulAdd(distance, distance, squares);
      }
      hn::StoreU(least, d, sums.low + i);
      hn::StoreU(most, d, sums.high + i);
      hn::StoreU(sum, d, sums.sum + i);
      hn::StoreU(squares, d, sums.squares + i);
    }
  }
}

template <class T, Engine kEngine>
void add_peaks(LaneMatrix<const T> x, T* peaks) {
  constexpr SumTag<T, kEngine> d;
  for (std::size_t r = 0; r < x.rows; ++r, peaks += MaxLanes(d)) {
    auto most = hn::LoadU(d, peaks);
    auto none = hn::IsNaN(most);
    for (std::size_t n = 0; n < x.columns; ++n) {
      const auto v = hn::LoadU(d, x.at(r, n));
      most = larger(v, most);
      none = hn::Or(none, hn::IsNaN(v));
    }
    hn::StoreU(hn::IfThenElse(none, hn::NaN(d), most), d, peaks);
  }
}

template <class T, Engine kEngine>
constexpr UnitSumKernels<T> kUnitSums{&add<T, kEngine>, &add_relu<T, kEngine>, &add_outputs<T, kEngine>,
                                      &add_peaks<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(UnitSumKernels, unit_sum_kernels, kUnitSums)
#endif
