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

bool normalizes(const ModelSpec& model, std::size_t layer, Position position) {
  return layer < model.hidden.size() && model.normalization.kind != Normalization::kNone &&
         model.normalization.position == position;
}

Matrix normalization_output(const ModelSpec& model, const Layer& layer, const Matrix& x, bool takes_batch) {
  Matrix y = normalized(model.normalization, layer, x, takes_batch);
  if (layer.gain.size() > 0) y = layer.gain.asDiagonal() * y;
  if (layer.shift.size() > 0) y.colwise() += layer.shift;
  return y;
}

bool drops(const Passing& passing, std::size_t layer) {
  return layer < passing.masks.size() && passing.masks[layer].size() > 0;
}

// Whether the layer adds its input: a hidden one, behind a hidden one, as wide as that.
bool skips(const ModelSpec& model, const Trace& trace, std::size_t layer) {
  return model.skip && layer > 0 && layer < model.hidden.size() &&
         trace.inputs[layer].rows() == trace.activated[layer].rows();
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
    const auto list = [&](BlockKind kind) {
      return Vector(
          Eigen::Map<const Vector>(from[kind].data(), static_cast<Eigen::Index>(from[kind].size())));
    };
    layer.gain = list(BlockKind::kGain);
    layer.shift = list(BlockKind::kShift);
    layer.running_mean = list(BlockKind::kRunningMean);
    layer.running_variance = list(BlockKind::kRunningVariance);
    layers.push_back(std::move(layer));
  }
  return layers;
}

Trace forward(const ModelSpec& model, const Layers& layers, const Matrix& inputs, const Passing& passing) {
  Trace trace;
  trace.output = inputs;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    trace.inputs.push_back(trace.output);
    trace.products.push_back((layer.weights * trace.output).colwise() + layer.bias);
    const ActivationSpec activation = model.activation_of(l);
    trace.z.push_back(normalizes(model, l, Position::kBeforeActivation)
                          ? normalization_output(model, layer, trace.products[l], passing.takes_batch(l))
                          : trace.products[l]);
    trace.activated.push_back(activate(activation, negative_slope(activation, layer), trace.z[l]));
    trace.output = trace.activated[l];
    if (normalizes(model, l, Position::kAfterActivation))
      trace.output = normalization_output(model, layer, trace.output, passing.takes_batch(l));
    if (drops(passing, l)) trace.output = trace.output.cwiseProduct(passing.masks[l]);
    if (skips(model, trace, l)) trace.output += trace.inputs[l];
  }
  return trace;
}

void update_statistics(const ModelSpec& model, const Trace& trace, const Passing& passing, Layers& layers) {
  const double momentum = model.normalization.momentum;
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    if (model.normalization.kind != Normalization::kBatchNorm || !passing.takes_batch(l)) continue;
    const bool after = model.normalization.position == Position::kAfterActivation;
    const Matrix& x = after ? trace.activated[l] : trace.products[l];
    const Vector mean = x.rowwise().mean();
    const Vector variance = (x.colwise() - mean).rowwise().squaredNorm() / static_cast<double>(x.cols() - 1);
    layers[l].running_mean = (1 - momentum) * layers[l].running_mean + momentum * mean;
    layers[l].running_variance = (1 - momentum) * layers[l].running_variance + momentum * variance;
  }
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
                const Matrix& targets, const Passing& passing) {
  const Trace trace = forward(model, layers, inputs, passing);
  Layers result = layers;
  Matrix gradient_output = loss_gradient(loss, trace.output, targets);
  for (std::size_t l = layers.size(); l-- > 0;) {
    const ActivationSpec activation = model.activation_of(l);
    const Matrix& z = trace.z[l];
    const auto through = [&](Position position, const Matrix& x, const Matrix& from) -> Matrix {
      if (!normalizes(model, l, position)) return from;
      const Matrix hat = normalized(model.normalization, layers[l], x, passing.takes_batch(l));
      Matrix from_hat = from;
      if (layers[l].gain.size() > 0) {
        result[l].gain = from.cwiseProduct(hat).rowwise().sum();
        from_hat = layers[l].gain.asDiagonal() * from;
      }
      if (layers[l].shift.size() > 0) result[l].shift = from.rowwise().sum();
      return normalization_gradient(model.normalization, layers[l], x, passing.takes_batch(l), from_hat);
    };
    Matrix branch = gradient_output;
    if (drops(passing, l)) branch = branch.cwiseProduct(passing.masks[l]);
    branch = through(Position::kAfterActivation, trace.activated[l], branch);
    if (layers[l].learns_slope) result[l].slope = z.cwiseMin(0.0).cwiseProduct(branch).sum();
    const Matrix gradient_z = pull_back(activation, negative_slope(activation, layers[l]), z, branch);
    const Matrix below = through(Position::kBeforeActivation, trace.products[l], gradient_z);
    result[l].weights = below * trace.inputs[l].transpose();
    result[l].bias = below.rowwise().sum();
    result[l].running_mean.setZero();
    result[l].running_variance.setZero();
    const Matrix skipped =
        skips(model, trace, l) ? gradient_output : Matrix::Zero(trace.inputs[l].rows(), z.cols());
    gradient_output = layers[l].weights.transpose() * below + skipped;
  }
  return result;
}

}  // namespace deadrelu::reference
