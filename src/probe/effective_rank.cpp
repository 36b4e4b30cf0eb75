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

template <class T>
RankProbe<T>::RankProbe(const Kernels<T>& kernels, std::size_t outputs, std::size_t samples,
                        std::size_t max_block)
    : dense_(&dense_kernels<double>(kernels.target)),
      lanes_(kernels.lanes),
      double_lanes_(lane_count<double>(kernels.target)),
      outputs_(outputs),
      samples_(samples),
      keeps_all_(samples < outputs),
      column_capacity_(keeps_all_ ? samples : max_block) {
  const std::size_t size = std::min(outputs, samples);
  values_ = Buffer<double>(outputs * column_capacity_ * lanes_);
  gram_ = Buffer<double>(size * size * lanes_);
}

template <class T>
void RankProbe<T>::begin() {
  seen_ = 0;
  std::fill_n(gram_.data(), gram_.size(), 0.0);
}

template <class T>
void RankProbe<T>::add(LaneMatrix<const T> activations) {
  const std::size_t first = keeps_all_ ? seen_ : 0;
  const LaneMatrix<double> block{values_.data() + first * lanes_, outputs_, activations.columns,
                                 column_capacity_ * lanes_, lanes_};
  for (std::size_t r = 0; r < outputs_; ++r)
    std::copy_n(activations.at(r, 0), activations.columns * lanes_, block.at(r, 0));
  seen_ += activations.columns;
  LaneMatrix<const double> factor = block;
  if (keeps_all_) {
    if (seen_ < samples_) return;
    factor = LaneMatrix<const double>{values_.data(), outputs_, samples_, column_capacity_ * lanes_, lanes_}
                 .transposed();
  }
  // A float pack has twice the lanes of a double vector: half after half.
  for (std::size_t half = 0; half < lanes_; half += double_lanes_) add_to_gram(factor, half);
}

template <class T>
void RankProbe<T>::add_to_gram(LaneMatrix<const double> factor, std::size_t half) {
  factor.data += half;
  const std::size_t size = factor.rows;
  dense_->multiply(factor, factor.transposed(), ProductStart::kAccumulate, nullptr,
                   {gram_.data() + half, size, size, size * lanes_, lanes_});
}

template <class T>
double RankProbe<T>::effective_rank(std::size_t lane) const {
  const std::size_t size = std::min(outputs_, samples_);
  std::vector<double> gram(size * size);
  for (std::size_t i = 0; i < gram.size(); ++i) gram[i] = gram_[i * lanes_ + lane];
  return effective_rank_of_gram(gram, size);
}

template class RankProbe<float>;
template class RankProbe<double>;

}  // namespace deadrelu
