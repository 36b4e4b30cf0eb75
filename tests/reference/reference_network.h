// A dense network in plain matrix formulas, in double: the independent oracle of the kernels. It shares no
// code with them; activations, losses and optimizers are written from PyTorch's documentation.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nn/model.h"
#include "simd/loss.h"
#include "train/run_spec.h"

namespace deadrelu::reference {

// What an activation, a loss, an optimizer or a schedule gives that has no formula here: it equals nothing.
inline constexpr double kNoFormula = std::numeric_limits<double>::quiet_NaN();

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

// The parameters of one dense layer, or their gradients. An absent bias or slope stays 0.
struct Layer {
  Matrix weights;  // [rows][inputs]
  Vector bias;     // [rows]
  double slope = 0;
  Vector gain, shift;                     // [normalized]; empty: none
  Vector running_mean, running_variance;  // the same
  bool has_bias = true, learns_slope = false;
};
using Layers = std::vector<Layer>;

Layers layers_from(const ParameterSet& parameters);
// The largest |a − b| ÷ max(1, |b|) over all parameters and running statistics.
double largest_difference(const Layers& a, const Layers& b);
double squared_norm(const Layers& gradient);

double sigmoid(double z);
double softplus(double z);

// φ and φ' of the activations that map one number to one. slope: the factor of negative arguments, where
// there is one.
double activation_value(const ActivationSpec& activation, double slope, double z);
double activation_derivative(const ActivationSpec& activation, double slope, double z);

// How a batch passes.
struct Passing {
  bool training = false;      // batch_norm takes the batch's statistics …
  std::vector<bool> frozen;   // … but in these layers; empty: none
  std::vector<Matrix> masks;  // [layer]: dropout's factors [output][sample]; empty: nothing is dropped
  bool takes_batch(std::size_t layer) const { return training && (frozen.empty() || !frozen[layer]); }
};

// What a normalization makes of x [normalized][sample], before gain and shift; and d loss / d x from d loss / d that.
Matrix normalized(const NormalizationSpec& spec, const Layer& layer, const Matrix& x, bool takes_batch);
Matrix normalization_gradient(const NormalizationSpec& spec, const Layer& layer, const Matrix& x,
                              bool takes_batch, const Matrix& from);

// What a forward pass leaves behind, hidden layers first.
struct Trace {
  std::vector<Matrix> inputs;     // [layer]: [input][sample]
  std::vector<Matrix> products;   // [layer]: [row][sample]
  std::vector<Matrix> z;          // [layer]: the same behind a normalization that stands there
  std::vector<Matrix> activated;  // [layer]: [output][sample]
  Matrix output;                  // of the network
};
Trace forward(const ModelSpec& model, const Layers& layers, const Matrix& inputs,
              const Passing& passing = {});
// torch.nn.BatchNorm1d's running statistics after such a pass.
void update_statistics(const ModelSpec& model, const Trace& trace, const Passing& passing, Layers& layers);

// Mean over the samples. Targets are laid out as the loss kernels want them.
double loss_value(Loss loss, const Matrix& outputs, const Matrix& targets);
Layers gradient(const ModelSpec& model, Loss loss, const Layers& layers, const Matrix& inputs,
                const Matrix& targets, const Passing& passing = {});

// torch.optim's SGD, Adam, AdamW, RMSprop after torch.nn.utils.clip_grad_norm_ or clip_grad_value_.
class ReferenceOptimizer {
 public:
  explicit ReferenceOptimizer(const TrainSpec& train) : train_(train) {}
  void step(Layers& parameters, Layers gradient, double learning_rate);

 private:
  void step_one(double& parameter, double gradient, double learning_rate, std::size_t place);

  TrainSpec train_;
  std::uint64_t count_ = 0;  // steps taken, this one included
  std::vector<double> first_, second_;
};

// The learning rate of update i of n, as run_spec.h documents the schedules.
double learning_rate(const TrainSpec& train, std::uint64_t i, std::uint64_t n);

}  // namespace deadrelu::reference
