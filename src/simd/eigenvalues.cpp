#include "simd/eigenvalues.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/eigenvalues.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "hwy/highway.h"
#include "simd/dispatch.h"
#include "simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu {
namespace HWY_NAMESPACE {
namespace {

// A number of every run; in wide, a row of numbers is a row of vectors nevertheless.
template <Engine kEngine>
struct Numbers {
  using C = SumTag<double, kEngine>;
  using V = hn::Vec<C>;
  static constexpr std::size_t kRuns = MaxLanes(C());

  static HWY_INLINE V zero() { return hn::Zero(C()); }
  static HWY_INLINE V set(double value) { return hn::Set(C(), value); }
  static HWY_INLINE V get(const double* row, std::size_t i) { return hn::LoadU(C(), row + i * kRuns); }
  static HWY_INLINE void put(V value, double* row, std::size_t i) { hn::StoreU(value, C(), row + i * kRuns); }
  static HWY_INLINE Lanes<double> spread(V value) {
    if constexpr (kEngine == Engine::kWide)
      return hn::Set(Tag<double>(), hn::GetLane(value));
    else
      return value;
  }
};

// Both triangles alike, every element divided by the largest of the diagonal, which bounds all of a positive
// semidefinite matrix. Returns that number; 1 for a zero matrix.
template <Engine kEngine>
hn::Vec<SumTag<double, kEngine>> complete(LaneMatrix<double> a) {
  using On = Numbers<kEngine>;
  auto largest = On::zero();
  for (std::size_t i = 0; i < a.rows; ++i) {
    const auto value = On::get(a.at(i, 0), i);
    largest = hn::IfThenElse(hn::Le(value, largest), largest, value);  // a NaN stays
  }
  largest = hn::IfThenElse(hn::Eq(largest, On::zero()), On::set(1), largest);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const auto value = hn::Div(On::get(a.at(i, 0), j), largest);
      On::put(value, a.at(i, 0), j);
      On::put(value, a.at(j, 0), i);
    }
  }
  return largest;
}

// A ← A − v·wᵀ − w·vᵀ and p ← p + A·u, for some rows j of A, scalars [from, to) of each. Both products are
// rounded, which keeps A symmetric to the bit.
template <Engine kEngine, class Rows>
struct RankTwoUpdate;
template <Engine kEngine, std::size_t... M>
struct RankTwoUpdate<kEngine, std::index_sequence<M...>> {
  static HWY_INLINE void run(LaneMatrix<double> a, std::size_t j, std::size_t from, std::size_t to,
                             const double* v, const double* w, const double* u, double* p) {
    using On = Numbers<kEngine>;
    constexpr Tag<double> d;
    const Lanes<double> vj[] = {On::spread(On::get(v, j + M))...};
    const Lanes<double> wj[] = {On::spread(On::get(w, j + M))...};
    const Lanes<double> uj[] = {On::spread(On::get(u, j + M))...};
    double* const rows[] = {a.at(j + M, 0)...};
    for (std::size_t i = from; i < to; i += MaxLanes(d)) {
      const auto vi = hn::LoadU(d, v + i), wi = hn::LoadU(d, w + i);
      auto sum = hn::LoadU(d, p + i);
      const auto add = [&](double* at, Lanes<double> v_row, Lanes<double> w_row,
                           Lanes<double> u_row) HWY_ATTR {
        const auto value = hn::Sub(hn::LoadU(d, at), hn::Add(hn::Mul(v_row, wi), hn::Mul(w_row, vi)));
        hn::StoreU(value, d, at);
        sum = hn::MulAdd(value, u_row, sum);
      };
      (add(rows[M] + i, vj[M], wj[M], uj[M]), ...);
      hn::StoreU(sum, d, p + i);
    }
  }
};

// Householder vectors and the tridiagonal matrix.
template <Engine kEngine>
struct Tridiagonalization {
  using On = Numbers<kEngine>;
  using V = typename On::V;
  LaneMatrix<double> a;
  double *v, *w, *u, *p;  // rows of numbers

  // Row k as it is after the reflections so far, from its diagonal on.
  HWY_INLINE void update_row(std::size_t k) const {
    const V vk = On::get(v, k), wk = On::get(w, k);
    for (std::size_t i = k; i < a.rows; ++i) {
      const V change = hn::Add(hn::Mul(vk, On::get(w, i)), hn::Mul(wk, On::get(v, i)));
      On::put(hn::Sub(On::get(a.at(k, 0), i), change), a.at(k, 0), i);
    }
  }

  // u ← the vector of the reflection that leaves only the first number of row k beyond its diagonal. Returns
  // 2/uᵀu, 0 where there is nothing to reflect; and the square of the number left.
  HWY_INLINE V reflect(std::size_t k, V& square) const {
    // What lies this far below the matrix's scale is less than its rounding errors.
    const V negligible = On::set(0x1p-200);
    V rest = On::zero();
    for (std::size_t i = k + 2; i < a.rows; ++i) {
      const V x = On::get(a.at(k, 0), i);
      rest = hn::MulAdd(x, x, rest);
      On::put(x, u, i);
    }
    const V first = On::get(a.at(k, 0), k + 1);
    square = hn::MulAdd(first, first, rest);
    const V head = hn::Add(first, hn::CopySign(hn::Sqrt(square), first));
    On::put(head, u, k + 1);
    return hn::IfThenZeroElse(hn::Le(rest, negligible), hn::Div(On::set(2), hn::MulAdd(head, head, rest)));
  }

  // w ← τp − (τ/2 · (τp)ᵀu)·u: what the reflection takes from the matrix, A − u·wᵀ − w·uᵀ.
  HWY_INLINE void find_change(std::size_t first, V tau) const {
    V product = On::zero();
    for (std::size_t i = first; i < a.rows; ++i) {
      const V q = hn::Mul(tau, On::get(p, i));
      On::put(q, w, i);
      product = hn::MulAdd(q, On::get(u, i), product);
    }
    const V share = hn::Mul(hn::Mul(On::set(0.5), tau), product);
    for (std::size_t i = first; i < a.rows; ++i)
      On::put(hn::NegMulAdd(share, On::get(u, i), On::get(w, i)), w, i);
  }

  // One pass over the matrix a step: it takes the last reflection in and multiplies by the next one's vector.
  HWY_INLINE void pass(std::size_t first) const {
    // In wide, vectors may begin before `first`; nobody reads what becomes of these numbers.
    const std::size_t to = a.rows * On::kRuns;
    const std::size_t from = first * On::kRuns / kLanes<double> * kLanes<double>;
    std::fill(p + from, p + to, 0.0);
    std::size_t j = first;
    for (; j + 4 <= a.rows; j += 4)
      RankTwoUpdate<kEngine, std::make_index_sequence<4>>::run(a, j, from, to, v, w, u, p);
    for (; j < a.rows; ++j)
      RankTwoUpdate<kEngine, std::make_index_sequence<1>>::run(a, j, from, to, v, w, u, p);
  }

  // The diagonal, and the squares of the numbers beside it.
  void run(double* diagonal, double* squares) {
    for (std::size_t k = 0; k < a.rows; ++k) {
      if (k > 0) update_row(k);
      On::put(On::get(a.at(k, 0), k), diagonal, k);
      if (k + 1 == a.rows) break;
      V square;
      const V tau = reflect(k, square);
      On::put(square, squares, k);
      pass(k + 1);
      find_change(k + 1, tau);
      std::swap(u, v);
    }
  }
};

// A tridiagonal matrix's eigenvalues end up in d; e holds squares. Every run goes through the same steps,
// masked where it has none to take.
template <Engine kEngine>
struct QlIteration {
  using On = Numbers<kEngine>;
  using V = typename On::V;
  using M = hn::Mask<typename On::C>;
  std::size_t n;
  double *d, *e;

  // Squares that no eigenvalue of a matrix of norm 1 and more notices. A NaN is above: its run has done.
  static HWY_INLINE M matters(V square) { return hn::Gt(square, On::set(0x1p-106)); }

  // The end of the block that begins at l: e[end] does not matter. Returns the last end of all runs.
  std::size_t find_ends(std::size_t l, V& end, V& d_end) const {
    M inside = hn::Eq(On::zero(), On::zero());
    std::size_t m = l;
    for (;; ++m) {
      end = hn::IfThenElse(inside, On::set(static_cast<double>(m)), end);
      d_end = hn::IfThenElse(inside, On::get(d, m), d_end);
      if (m + 1 == n) break;
      inside = hn::And(inside, matters(On::get(e, m)));
      if (hn::AllFalse(typename On::C(), inside)) break;
    }
    return m;
  }

  // An eigenvalue of the block's first two rows: the one that is nearer to d[l].
  HWY_INLINE V shift(std::size_t l) const {
    const V root = hn::Sqrt(On::get(e, l)), one = On::set(1);
    const V ratio = hn::Div(hn::Sub(On::get(d, l + 1), On::get(d, l)), hn::Add(root, root));
    const V length = hn::Sqrt(hn::MulAdd(ratio, ratio, one));
    return hn::Sub(On::get(d, l), hn::Div(root, hn::Add(ratio, hn::CopySign(length, ratio))));
  }

  void sweep(std::size_t l, M active) const {
    V end = On::zero(), d_end = On::zero();
    const std::size_t last = find_ends(l, end, d_end);
    const V sigma = shift(l);
    V c = On::set(1), s = On::zero(), gamma = hn::Sub(d_end, sigma), p = hn::Mul(gamma, gamma);
    for (std::size_t i = last; i-- > l;) {
      const V here = On::set(static_cast<double>(i));
      const M on = hn::And(active, hn::Lt(here, end));
      const M inner = hn::And(on, hn::Lt(hn::Add(here, On::set(1)), end));
      const V square = On::get(e, i), r = hn::Add(p, square);
      On::put(hn::IfThenElse(inner, hn::Mul(s, r), On::get(e, i + 1)), e, i + 1);
      const V old_c = c, old_gamma = gamma, alpha = On::get(d, i);
      c = hn::IfThenElse(on, hn::Div(p, r), c);
      s = hn::IfThenElse(on, hn::Div(square, r), s);
      const V next = hn::NegMulAdd(s, old_gamma, hn::Mul(c, hn::Sub(alpha, sigma)));
      gamma = hn::IfThenElse(on, next, gamma);
      On::put(hn::IfThenElse(on, hn::Add(old_gamma, hn::Sub(alpha, next)), On::get(d, i + 1)), d, i + 1);
      const V next_p =
          hn::IfThenElse(hn::Eq(c, On::zero()), hn::Mul(old_c, square), hn::Div(hn::Mul(gamma, gamma), c));
      p = hn::IfThenElse(on, next_p, p);
    }
    On::put(hn::IfThenElse(active, hn::Mul(s, p), On::get(e, l)), e, l);
    On::put(hn::IfThenElse(active, hn::Add(sigma, gamma), On::get(d, l)), d, l);
  }

  void run() const {
    constexpr int kMostSweeps = 60;  // two or three do
    for (std::size_t l = 0; l + 1 < n; ++l) {
      for (int count = 0; count < kMostSweeps; ++count) {
        const M active = matters(On::get(e, l));
        if (hn::AllFalse(typename On::C(), active)) break;
        sweep(l, active);
      }
    }
  }
};

template <Engine kEngine>
void symmetric(LaneMatrix<double> a, double* work, double* values) {
  using On = Numbers<kEngine>;
  const auto scale = complete<kEngine>(a);
  double* rows[4];
  for (std::size_t r = 0; r < 4; ++r) {
    rows[r] = work + r * a.row_stride;
    std::fill_n(rows[r], a.row_stride, 0.0);
  }
  // The first row of the matrix is done with when its square is written.
  double* const squares = a.at(0, 0);
  Tridiagonalization<kEngine>{a, rows[0], rows[1], rows[2], rows[3]}.run(values, squares);
  QlIteration<kEngine>{a.rows, values, squares}.run();
  for (std::size_t i = 0; i < a.rows; ++i) On::put(hn::Mul(scale, On::get(values, i)), values, i);
}

template <Engine kEngine>
constexpr EigenvalueKernels kEigenvalueTable{&symmetric<kEngine>};
template <class, Engine kEngine>
constexpr EigenvalueKernels kEigenvalues = kEigenvalueTable<kEngine>;

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deadrelu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

const EigenvalueKernels& eigenvalue_kernels(SimdTarget target, Engine engine) {
  return DEADRELU_TABLE(target, engine, kEigenvalues, double);
}

}  // namespace deadrelu
#endif
