#include "probe/effective_rank.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "simd/math.h"

namespace deadrelu {

double effective_rank(std::span<const double> eigenvalues) {
  double largest = 0;
  for (const double value : eigenvalues) {
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    largest = std::max(largest, value);
  }
  if (largest == 0) return 0;
  const double noise = largest * static_cast<double>(eigenvalues.size()) * 0x1p-52;
  std::vector<double> shares;
  double sum = 0;
  for (const double value : eigenvalues) {
    if (value <= noise) continue;
    shares.push_back(std::sqrt(value));
    sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  std::vector<double> logarithms(shares);
  vector_log(logarithms);
  double entropy = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) entropy -= shares[i] * logarithms[i];
  return portable_exp(entropy);
}

void add_products(std::span<const double> rows, std::size_t size, std::span<double> gram) {
  assert(rows.size() % size == 0 && gram.size() == size * size);
  for (std::size_t i = 0; i < size; ++i) {
    double* const out = &gram[i * size];
    for (const double* row = rows.data(); row != rows.data() + rows.size(); row += size)
      for (std::size_t j = 0; j <= i; ++j) out[j] = std::fma(row[i], row[j], out[j]);
  }
}

namespace {

// Makes both triangles alike, and divides by the largest number of the diagonal, which bounds all elements of
// a positive semidefinite matrix. Returns that number; 1 for a zero matrix.
double complete(std::span<double> a, std::size_t size) {
  double largest = 0;
  for (std::size_t i = 0; i < size; ++i)
    if (!(a[i * size + i] <= largest)) largest = a[i * size + i];  // a NaN stays
  if (largest == 0) largest = 1;
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j <= i; ++j) a[i * size + j] = a[j * size + i] = a[i * size + j] / largest;
  return largest;
}

// u[k + 1 …] ← the vector of the reflection that leaves only the first number of row k beyond its diagonal.
// Returns 2/uᵀu, 0 where there is nothing to reflect; and the square of the number left.
double reflect(std::span<const double> row, std::size_t k, std::span<double> u, double& square) {
  constexpr double kNegligible = 0x1p-200;  // so far below the matrix's scale it is less than rounding errors
  double rest = 0;
  for (std::size_t i = k + 2; i < row.size(); ++i) {
    rest = std::fma(row[i], row[i], rest);
    u[i] = row[i];
  }
  square = std::fma(row[k + 1], row[k + 1], rest);
  u[k + 1] = row[k + 1] + std::copysign(std::sqrt(square), row[k + 1]);
  return rest <= kNegligible ? 0 : 2 / std::fma(u[k + 1], u[k + 1], rest);
}

// The diagonal, and the squares of the numbers beside it. One pass over the matrix a step: it takes the last
// reflection in, A ← A − v·wᵀ − w·vᵀ (both products are rounded, which keeps A symmetric to the bit), and
// multiplies by the next one's vector, p = A·u.
void tridiagonalize(std::span<double> a, std::span<double> diagonal, std::span<double> squares) {
  const std::size_t size = diagonal.size();
  std::vector<double> u(size), v(size), w(size), p(size);
  const auto take_in = [&](std::size_t j, std::size_t from) {
    double* const row = &a[j * size];
    for (std::size_t i = from; i < size; ++i) row[i] -= v[j] * w[i] + w[j] * v[i];
  };
  for (std::size_t k = 0; k < size; ++k) {
    if (k > 0) take_in(k, k);
    diagonal[k] = a[k * size + k];
    if (k + 1 == size) break;
    const double tau = reflect(a.subspan(k * size, size), k, u, squares[k]);
    std::ranges::fill(p, 0.0);
    for (std::size_t j = k + 1; j < size; ++j) {
      take_in(j, k + 1);
      const double* const row = &a[j * size];
      for (std::size_t i = k + 1; i < size; ++i) p[i] = std::fma(row[i], u[j], p[i]);
    }
    double product = 0;
    for (std::size_t i = k + 1; i < size; ++i) {
      w[i] = tau * p[i];
      product = std::fma(w[i], u[i], product);
    }
    const double share = 0.5 * tau * product;
    for (std::size_t i = k + 1; i < size; ++i) w[i] = std::fma(-share, u[i], w[i]);
    std::swap(u, v);
  }
}

// Squares that no eigenvalue of a matrix of norm 1 and more notices do not matter; nor do NaNs.
bool matters(double square) { return square > 0x1p-106; }

// One step of the QL algorithm on the rows l … m of a tridiagonal matrix.
void sweep(std::span<double> d, std::span<double> squares, std::size_t l, std::size_t m) {
  // The eigenvalue of the first two rows that is nearer to d[l].
  const double root = std::sqrt(squares[l]), ratio = (d[l + 1] - d[l]) / (root + root);
  const double sigma = d[l] - root / (ratio + std::copysign(std::sqrt(std::fma(ratio, ratio, 1.0)), ratio));
  double c = 1, s = 0, gamma = d[m] - sigma, p = gamma * gamma;
  for (std::size_t i = m; i-- > l;) {
    const double square = squares[i], r = p + square, old_c = c, old_gamma = gamma, alpha = d[i];
    if (i + 1 < m) squares[i + 1] = s * r;
    c = p / r;
    s = square / r;
    gamma = std::fma(-s, old_gamma, c * (alpha - sigma));
    d[i + 1] = old_gamma + (alpha - gamma);
    p = c == 0 ? old_c * square : gamma * gamma / c;
  }
  squares[l] = s * p;
  d[l] = sigma + gamma;
}

}  // namespace

std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::size_t size) {
  assert(matrix.size() == size * size);
  constexpr int kMostSweeps = 60;  // two or three do
  const double scale = complete(matrix, size);
  std::vector<double> values(size), squares(size);
  tridiagonalize(matrix, values, squares);
  for (std::size_t l = 0; l + 1 < size; ++l) {
    for (int count = 0; count < kMostSweeps && matters(squares[l]); ++count) {
      std::size_t m = l;
      while (m + 1 < size && matters(squares[m])) ++m;
      sweep(values, squares, l, m);
    }
  }
  for (double& value : values) value *= scale;
  return values;
}

constexpr std::size_t kSamplesAtOnce = 32;

template <class T>
RankProbe<T>::RankProbe(std::size_t lanes, std::size_t outputs, std::size_t samples, std::size_t taken)
    : lanes_(lanes),
      outputs_(outputs),
      of_samples_(samples),
      samples_(std::min(samples, taken)),
      keeps_all_(samples_ < outputs),
      kept_(lanes * outputs * std::min(outputs, samples_)),
      rows_(keeps_all_ ? 0 : kSamplesAtOnce * outputs) {}

template <class T>
void RankProbe<T>::begin() {
  seen_ = took_ = 0;
  std::fill_n(kept_.data(), kept_.size(), 0.0);
}

template <class T>
void RankProbe<T>::add(LaneMatrix<const T> activations) {
  assert(activations.rows == outputs_ && seen_ + activations.columns <= of_samples_);
  const std::size_t size = kept_.size() / lanes_;
  std::vector<std::size_t> columns;
  for (std::size_t n = 0; n < activations.columns; ++n, ++seen_)
    if ((seen_ + 1) * samples_ / of_samples_ > seen_ * samples_ / of_samples_) columns.push_back(n);
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    double* const kept = kept_.data() + lane * size;
    for (std::size_t from = 0; from < columns.size(); from += kSamplesAtOnce) {
      const std::size_t count = std::min(kSamplesAtOnce, columns.size() - from);
      for (std::size_t o = 0; o < outputs_; ++o) {
        for (std::size_t n = 0; n < count; ++n) {
          double& to = keeps_all_ ? kept[o * samples_ + took_ + from + n] : rows_[n * outputs_ + o];
          to = static_cast<double>(activations.at(o, columns[from + n])[lane]);
        }
      }
      if (!keeps_all_) add_products(rows_.span().first(count * outputs_), outputs_, {kept, size});
    }
  }
  took_ += columns.size();
}

template <class T>
double RankProbe<T>::effective_rank(std::size_t lane) const {
  assert(took_ <= samples_);  // what is not taken is a column of zeros
  const std::size_t size = kept_.size() / lanes_;
  const std::span<const double> kept = kept_.span().subspan(lane * size, size);
  std::vector<double> gram(keeps_all_ ? samples_ * samples_ : size);
  if (keeps_all_)
    add_products(kept, samples_, gram);
  else
    gram.assign(kept.begin(), kept.end());
  return deadrelu::effective_rank(symmetric_eigenvalues(gram, std::min(outputs_, samples_)));
}

template class RankProbe<float>;
template class RankProbe<double>;

}  // namespace deadrelu
