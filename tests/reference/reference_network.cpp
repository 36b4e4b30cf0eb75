#include "reference/reference_network.h"

#include <algorithm>
#include <cmath>

namespace deadrelu::reference {
namespace {

// The factor of negative pre-activations, for the activations that have one.
double negative_slope(const ActivationSpec& activation, const Layer& layer) {
  if (activation.kind == Activation::kRrelu) return (activation.lower + activation.upper) / 2;
  return layer.learns_slope ? layer.slope : activation.slope;
}

// The activations [outputs][sample] of a layer.
Matrix activate(const ActivationSpec& activation, double slope, const Matrix& z) {
  if (activation.kind == Activation::kCrelu) {
    Matrix both(2 * z.rows(), z.cols());
    both << z.cwiseMax(0.0), (-z).cwiseMax(0.0);
    return both;
  }
  if (activation.kind == Activation::kMaxout) {
    Matrix largest(z.rows() / activation.pieces, z.cols());
    for (Eigen::Index u = 0; u < largest.rows(); ++u) {
      largest.row(u) = z.middleRows(u * activation.pieces, activation.pieces).colwise().maxCoeff();
    }
    return largest;
  }
  return z.unaryExpr([&](double value) { return activation_value(activation, slope, value); });
}

// d loss / d z from d loss / d activation.
Matrix pull_back(const ActivationSpec& activation, double slope, const Matrix& z, const Matrix& from) {
  const ActivationSpec relu{.kind = Activation::kRelu, .at_zero = activation.at_zero};
  const auto step = [&](const Matrix& x) {
    return Matrix(x.unaryExpr([&](double value) { return activation_derivative(relu, 0, value); }));
  };
  if (activation.kind == Activation::kCrelu) {
    return step(z).cwiseProduct(from.topRows(z.rows())) - step(-z).cwiseProduct(from.bottomRows(z.rows()));
  }
  if (activation.kind == Activation::kMaxout) {
    Matrix result = Matrix::Zero(z.rows(), z.cols());
    for (Eigen::Index u = 0; u < from.rows(); ++u) {
      for (Eigen::Index n = 0; n < z.cols(); ++n) {
        Eigen::Index best = 0;
        z.col(n).segment(u * activation.pieces, activation.pieces).maxCoeff(&best);
        result(u * activation.pieces + best, n) = from(u, n);
      }
    }
    return result;
  }
  const Matrix derivative =
      z.unaryExpr([&](double value) { return activation_derivative(activation, slope, value); });
  return derivative.cwiseProduct(from);
}

Matrix softmax(const Matrix& outputs) {
  Matrix e = (outputs.rowwise() - outputs.colwise().maxCoeff()).array().exp();
  return e.array().rowwise() / e.colwise().sum().array();
}

// d (mean loss over the samples) / d outputs.
Matrix loss_gradient(Loss loss, const Matrix& outputs, const Matrix& targets) {
  const double samples = static_cast<double>(outputs.cols()), count = static_cast<double>(outputs.size());
  const Matrix error = outputs - targets;
  switch (loss) {
    case Loss::kMse: return 2 / count * error;
    case Loss::kHalfMse: return error / count;
    case Loss::kMae: return error.array().sign() / count;
    case Loss::kBinaryCrossEntropy: return (outputs.unaryExpr(&sigmoid) - targets) / count;
    case Loss::kCrossEntropy: return (softmax(outputs) - targets) / samples;
  }
  return {};
}

}  // namespace

Layers layers_from(const ParameterSet& parameters) {
  Layers layers;
  for (const LayerParameters& from : parameters.layers) {
    Layer layer;
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    layer.weights =
        Eigen::Map<const RowMajor>(from[BlockKind::kWeights].data(), static_cast<Eigen::Index>(from.rows),
                                   static_cast<Eigen::Index>(from.inputs));
    layer.bias = Vector::Zero(layer.weights.rows());
    const std::vector<double>&bias = from[BlockKind::kBias], &slope = from[BlockKind::kSlope];
    layer.has_bias = !bias.empty();
    for (std::size_t i = 0; i < bias.size(); ++i) layer.bias[static_cast<Eigen::Index>(i)] = bias[i];
    layer.learns_slope = !slope.empty();
    layer.slope = slope.empty() ? 0 : slope[0];
    layers.push_back(std::move(layer));
  }
  return layers;
}

Trace forward(const ModelSpec& model, const Layers& layers, const Matrix& inputs) {
  Trace trace;
  trace.output = inputs;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    trace.inputs.push_back(trace.output);
    trace.z.push_back((layers[l].weights * trace.output).colwise() + layers[l].bias);
    const ActivationSpec activation = model.activation_of(l);
    trace.output = activate(activation, negative_slope(activation, layers[l]), trace.z.back());
  }
  return trace;
}

double loss_value(Loss loss, const Matrix& outputs, const Matrix& targets) {
  const double samples = static_cast<double>(outputs.cols()), count = static_cast<double>(outputs.size());
  switch (loss) {
    case Loss::kMse: return (outputs - targets).squaredNorm() / count;
    case Loss::kHalfMse: return (outputs - targets).squaredNorm() / (2 * count);
    case Loss::kMae: return (outputs - targets).cwiseAbs().sum() / count;
    case Loss::kBinaryCrossEntropy:
      return (outputs.unaryExpr(&softplus) - targets.cwiseProduct(outputs)).sum() / count;
    case Loss::kCrossEntropy:
      return -targets.cwiseProduct(softmax(outputs).array().log().matrix()).sum() / samples;
  }
  return kNoFormula;
}

Layers gradient(const ModelSpec& model, Loss loss, const Layers& layers, const Matrix& inputs,
                const Matrix& targets) {
  const Trace trace = forward(model, layers, inputs);
  Layers result = layers;
  Matrix gradient_output = loss_gradient(loss, trace.output, targets);
  for (std::size_t l = layers.size(); l-- > 0;) {
    const ActivationSpec activation = model.activation_of(l);
    const Matrix& z = trace.z[l];
    if (layers[l].learns_slope) result[l].slope = z.cwiseMin(0.0).cwiseProduct(gradient_output).sum();
    const Matrix gradient_z =
        pull_back(activation, negative_slope(activation, layers[l]), z, gradient_output);
    result[l].weights = gradient_z * trace.inputs[l].transpose();
    result[l].bias = gradient_z.rowwise().sum();
    gradient_output = layers[l].weights.transpose() * gradient_z;
  }
  return result;
}

}  // namespace deadrelu::reference
