#include <cmath>

#include "reference/reference_network.h"

namespace deadrelu::reference {
namespace {

// Of the numbers that are normalized together.
Vector normalized_together(const NormalizationSpec& spec, const Vector& x) {
  const double mean = spec.kind == Normalization::kRmsNorm ? 0 : x.mean();
  const Vector away = x.array() - mean;
  return away / std::sqrt(away.squaredNorm() / static_cast<double>(x.size()) + spec.epsilon);
}

// d normalized_together / d x, [number][number].
Matrix jacobian(const NormalizationSpec& spec, const Vector& x) {
  const auto count = static_cast<double>(x.size());
  const double mean = spec.kind == Normalization::kRmsNorm ? 0 : x.mean();
  const Vector away = x.array() - mean;
  const double deviation = std::sqrt(away.squaredNorm() / count + spec.epsilon);
  Matrix centering = Matrix::Identity(x.size(), x.size());
  if (spec.kind != Normalization::kRmsNorm) centering.array() -= 1 / count;
  return (centering - away * away.transpose() / (count * deviation * deviation)) / deviation;
}

}  // namespace

Matrix normalized(const NormalizationSpec& spec, const Layer& layer, const Matrix& x, bool takes_batch) {
  Matrix result = x;
  if (spec.kind != Normalization::kBatchNorm)
    for (Eigen::Index s = 0; s < x.cols(); ++s) result.col(s) = normalized_together(spec, x.col(s));
  else if (takes_batch)
    for (Eigen::Index r = 0; r < x.rows(); ++r)
      result.row(r) = normalized_together(spec, x.row(r).transpose()).transpose();
  else
    result = (layer.running_variance.array() + spec.epsilon).rsqrt().matrix().asDiagonal() *
             (x.colwise() - layer.running_mean);
  return result;
}

Matrix normalization_gradient(const NormalizationSpec& spec, const Layer& layer, const Matrix& x,
                              bool takes_batch, const Matrix& from) {
  Matrix result = from;
  if (spec.kind != Normalization::kBatchNorm)
    for (Eigen::Index s = 0; s < x.cols(); ++s)
      result.col(s) = jacobian(spec, x.col(s)).transpose() * from.col(s);
  else if (takes_batch)
    for (Eigen::Index r = 0; r < x.rows(); ++r)
      result.row(r) = from.row(r) * jacobian(spec, x.row(r).transpose());
  else
    result = (layer.running_variance.array() + spec.epsilon).rsqrt().matrix().asDiagonal() * from;
  return result;
}

}  // namespace deadrelu::reference
