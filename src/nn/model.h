// What a network is made of, as the user writes it; and its layers with their sizes, once the data is known.
#pragma once

#include <cstddef>
#include <vector>

#include "simd/activation.h"

namespace deadrelu {

// An activation function with its numbers. Only the numbers of the chosen kind matter.
struct ActivationSpec {
  Activation kind = Activation::kRelu;
  double slope = 0.01;  // leaky_relu; prelu: the initial slope (default 0.25), learned, one a layer
  // rrelu: the slope is uniform in [lower, upper) while training, their mean elsewhere.
  double lower = 1.0 / 8;
  double upper = 1.0 / 3;
  double alpha = 1;    // elu, celu
  int pieces = 2;      // maxout: linear pieces a unit
  double at_zero = 0;  // model.derivative_at_zero, in [0, 1]

  bool operator==(const ActivationSpec&) const = default;
};

// A chain of dense layers; the output layer is linear.
struct ModelSpec {
  std::vector<std::size_t> hidden;  // units of each hidden layer; empty: a linear model
  ActivationSpec activation;
  bool bias = true;  // hidden layers have a bias
  bool output_bias = true;

  bool operator==(const ModelSpec&) const = default;
};

// One dense layer. Weights are [rows][inputs], the bias is [rows].
struct LayerShape {
  std::size_t inputs = 0;
  std::size_t rows = 0;  // pre-activations: units, times pieces for maxout
  std::size_t units = 0;
  std::size_t outputs = 0;  // units, doubled for crelu
  bool hidden = true;
  bool bias = true;
  bool learned_slope = false;  // prelu

  // Places in the flat parameter buffer [parameter][lane]: weights, then bias, then slope.
  std::size_t weights = 0;
  std::size_t biases = 0;
  std::size_t slope = 0;

  std::size_t weight_count() const { return rows * inputs; }
  std::size_t bias_count() const { return bias ? rows : 0; }
  std::size_t parameter_count() const { return weight_count() + bias_count() + (learned_slope ? 1 : 0); }
};

// All layers, hidden ones first, the output layer last.
struct NetworkShape {
  std::vector<LayerShape> layers;
  std::size_t parameter_count = 0;

  std::size_t inputs() const { return layers.front().inputs; }
  std::size_t outputs() const { return layers.back().units; }
};

// REQUIRES: inputs and outputs at least 1, every width at least 1.
NetworkShape network_shape(const ModelSpec& model, std::size_t inputs, std::size_t outputs);

}  // namespace deadrelu
