#include "probe/effective_rank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

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

template <class T>
RankProbe<T>::RankProbe(const Kernels<T>& kernels, std::size_t outputs, std::size_t samples)
    : gram_kernels_(kernels.gram),
      eigenvalue_kernels_(kernels.eigenvalues),
      lanes_(kernels.lanes),
      part_lanes_(deadrelu::kernels<double>(kernels.target, kernels.engine).lanes),
      outputs_(outputs),
      samples_(samples),
      size_(std::min(outputs, samples)),
      keeps_all_(samples < outputs),
      values_row_(padded_row(kernels, samples)),
      gram_row_(padded_row(deadrelu::kernels<double>(kernels.target, kernels.engine), size_)),
      values_(keeps_all_ ? outputs * values_row_ : 0),
      gram_(lanes_ / part_lanes_ * size_ * gram_row_),
      work_(4 * gram_row_),
      eigenvalues_(lanes_ * size_) {}

template <class T>
void RankProbe<T>::begin() {
  seen_ = 0;
  std::fill_n(gram_.data(), gram_.size(), 0.0);
}

template <class T>
void RankProbe<T>::add(LaneMatrix<const T> activations) {
  if (!keeps_all_) return add_to_gram(activations);
  for (std::size_t r = 0; r < outputs_; ++r) {
    std::copy_n(activations.at(r, 0), activations.columns * lanes_,
                values_.data() + r * values_row_ + seen_ * lanes_);
  }
  seen_ += activations.columns;
  if (seen_ == samples_)
    add_to_gram(LaneMatrix<const T>{values_.data(), outputs_, samples_, values_row_, lanes_}.transposed());
}

template <class T>
void RankProbe<T>::add_to_gram(LaneMatrix<const T> factor) {
  double* gram = gram_.data();
  for (std::size_t lane = 0; lane < lanes_; lane += part_lanes_) {
    gram_kernels_->add(factor, {gram, size_, size_, gram_row_, part_lanes_});
    factor.data += part_lanes_;
    gram += size_ * gram_row_;
  }
}

template <class T>
void RankProbe<T>::end() {
  double* gram = gram_.data();
  for (std::size_t lane = 0; lane < lanes_; lane += part_lanes_) {
    eigenvalue_kernels_->symmetric({gram, size_, size_, gram_row_, part_lanes_}, work_.data(),
                                   eigenvalues_.data() + lane * size_);
    gram += size_ * gram_row_;
  }
}

template <class T>
double RankProbe<T>::effective_rank(std::size_t lane) const {
  const std::size_t part = lane / part_lanes_;
  std::vector<double> eigenvalues(size_);
  for (std::size_t i = 0; i < size_; ++i)
    eigenvalues[i] = eigenvalues_[(part * size_ + i) * part_lanes_ + lane % part_lanes_];
  return deadrelu::effective_rank(eigenvalues);
}

template class RankProbe<float>;
template class RankProbe<double>;

}  // namespace deadrelu
