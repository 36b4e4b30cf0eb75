#include "probe/effective_rank.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "simd/math.h"

namespace deadrelu {

double effective_rank_of_gram(std::span<const double> gram, std::size_t size) {
  const auto n = static_cast<Eigen::Index>(size);
  const Eigen::Map<const Eigen::MatrixXd> matrix(gram.data(), n, n);
  if (!matrix.allFinite()) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::VectorXd eigenvalues =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
  const double largest = eigenvalues[n - 1];
  if (!(largest > 0)) return 0;
  const double noise = largest * static_cast<double>(size) * 0x1p-52;
  std::vector<double> singular;
  double sum = 0;
  for (Eigen::Index i = n; i-- > 0 && eigenvalues[i] > noise;) {
    singular.push_back(std::sqrt(eigenvalues[i]));
    sum += singular.back();
  }
  std::vector<double> logarithms(singular);
  for (double& value : logarithms) value /= sum;
  vector_log(logarithms);
  double entropy = 0;
  for (std::size_t i = 0; i < singular.size(); ++i) entropy -= singular[i] / sum * logarithms[i];
  return portable_exp(entropy);
}

namespace {

// Samples that are brought to double and multiplied at a time: what they take stays in the L1 cache for the
// layers of small networks.
constexpr std::size_t kPiece = 32;

}  // namespace

template <class T>
RankProbe<T>::RankProbe(const Kernels<T>& kernels, std::size_t outputs, std::size_t samples)
    : dense_(&dense_kernels<double>(kernels.target, kernels.engine)),
      lanes_(kernels.lanes),
      double_lanes_(kernels.engine == Engine::kWide ? 1 : lane_count<double>(kernels.target)),
      outputs_(outputs),
      samples_(samples),
      size_(std::min(outputs, samples)),
      keeps_all_(samples < outputs),
      values_row_(padded_row(kernels, keeps_all_ ? samples : kPiece)),
      gram_row_(padded_row(kernels, size_)),
      values_(outputs * values_row_),
      gram_(size_ * gram_row_) {}

template <class T>
void RankProbe<T>::begin() {
  seen_ = 0;
  std::fill_n(gram_.data(), gram_.size(), 0.0);
}

// As doubles, from sample `place` of values_ on.
template <class T>
LaneMatrix<double> RankProbe<T>::copy(LaneMatrix<const T> activations, std::size_t place) {
  const LaneMatrix<double> values{values_.data() + place * lanes_, outputs_, activations.columns, values_row_,
                                  lanes_};
  for (std::size_t r = 0; r < outputs_; ++r)
    std::copy_n(activations.at(r, 0), activations.columns * lanes_, values.at(r, 0));
  return values;
}

template <class T>
void RankProbe<T>::add(LaneMatrix<const T> activations) {
  if (keeps_all_) {
    copy(activations, seen_);
    seen_ += activations.columns;
    if (seen_ < samples_) return;
    return add_to_gram(
        LaneMatrix<const double>{values_.data(), outputs_, samples_, values_row_, lanes_}.transposed());
  }
  for (std::size_t from = 0; from < activations.columns; from += kPiece) {
    activations.data += from == 0 ? 0 : kPiece * lanes_;
    add_to_gram(copy(activations.first_columns(std::min(kPiece, activations.columns - from)), 0));
  }
}

// A few rows at a time, each up to its diagonal: the product is symmetric.
template <class T>
void RankProbe<T>::add_to_gram(LaneMatrix<const double> factor) {
  const std::size_t rows_at_once = size_ <= 32 ? 4 : 12;
  // A float pack has twice the lanes of a double vector: half after half.
  for (std::size_t half = 0; half < lanes_; half += double_lanes_) {
    for (std::size_t row = 0; row < size_; row += rows_at_once) {
      const std::size_t rows = std::min(rows_at_once, size_ - row);
      dense_->multiply(factor.row_range(row, rows), factor.row_range(0, row + rows).transposed(),
                       ProductStart::kAccumulate, nullptr,
                       {gram_.data() + row * gram_row_ + half, rows, row + rows, gram_row_, lanes_});
    }
    factor.data += double_lanes_;
  }
}

template <class T>
double RankProbe<T>::effective_rank(std::size_t lane) const {
  std::vector<double> gram(size_ * size_);
  for (std::size_t i = 0; i < size_; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      gram[i * size_ + j] = gram[j * size_ + i] = gram_[i * gram_row_ + j * lanes_ + lane];
  return effective_rank_of_gram(gram, size_);
}

template class RankProbe<float>;
template class RankProbe<double>;

}  // namespace deadrelu
