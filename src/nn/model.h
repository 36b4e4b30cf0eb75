// What a network is made of, as the user writes it; and its layers with their sizes, once the data is known.
#pragma once

#include <algorithm>
#include <string>
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
  double alpha = 1;                       // elu, celu
  int pieces = 2;                         // maxout: linear pieces a unit
  double at_zero = 0;                     // model.derivative_at_zero, in [0, 1]
  std::string formula = "max(0, x)";      // expression, see base/formula.h
  std::vector<NamedNumber> numbers = {};  // expression: those of the formula, by name

  bool operator==(const ActivationSpec&) const = default;
};

// An expression's formula. REQUIRES: it is one of one input.
Formula formula_of(const ActivationSpec& spec);

enum class Normalization {
  kNone,
  kLayerNorm,  // over the layer's numbers of each sample            (Ba, Kiros, Hinton 2016)
  kRmsNorm,    // the same without mean and shift                    (Zhang, Sennrich 2019)
  kBatchNorm,  // over the batch; measured with running statistics   (Ioffe, Szegedy 2015)
};
template <>
inline constexpr std::array kNames<Normalization>{"none", "layer_norm", "rms_norm", "batch_norm"};

enum class Position { kBeforeActivation, kAfterActivation };
template <>
inline constexpr std::array kNames<Position>{"before_activation", "after_activation"};

// Of every hidden layer, with PyTorch's formulas.
struct NormalizationSpec {
  Normalization kind = Normalization::kNone;
  Position position = Position::kBeforeActivation;
  double epsilon = 1e-5;  // added to the variance
  bool affine = true;     // learns gains, and but for rms_norm shifts
  double momentum = 0.1;  // batch_norm: the share of a batch in the running statistics

  bool operator==(const NormalizationSpec&) const = default;
};

// A chain of dense layers. Lists have an entry a hidden layer; an empty one means that all layers are alike.
struct ModelSpec {
  std::vector<std::size_t> hidden;  // units of each hidden layer; empty: no hidden layer
  ActivationSpec activation;        // of the hidden layers; its at_zero is the whole network's
  std::vector<ActivationSpec> activations;
  ActivationSpec output_activation{.kind = Activation::kIdentity};
  bool bias = true;  // hidden layers have a bias
  std::vector<bool> biases;
  bool output_bias = true;
  NormalizationSpec normalization;
  bool skip =
      false;  // a hidden layer as wide as the hidden layer before it adds that one's output to its own
  double dropout = 0;  // in training, the share of a hidden layer's activations that are set to 0, in [0, 1)

  // Of layer 0, the first hidden one, … hidden.size(), the output layer. REQUIRES: lists of that length.
  ActivationSpec activation_of(std::size_t layer) const;
  bool has_bias(std::size_t layer) const;

  bool operator==(const ModelSpec&) const = default;
};

// What a block of a layer's parameters is. In the flat buffer a layer's blocks follow each other in this order.
enum class BlockKind { kWeights, kBias, kSlope, kGain, kShift, kRunningMean, kRunningVariance };
enum class BlockForm {
  kMatrix,  // [rows][inputs]
  kList,    // [rows]; of a normalization [normalized]
  kNumber,  // one a layer
};

struct BlockKindInfo {
  const char* name;        // in parameter files
  const char* torch_name;  // what PyTorch calls it, within its module
  const char* plural;      // in sentences
  BlockForm form;
  // Of a block that a file may leave out (it then starts as without a file): what a layer without one is told.
  const char* surplus = nullptr;
  bool normalization = false;  // whether it belongs to one
  bool trained = true;         // whether gradient, penalties, optimizer and perturbations see it
};

// One row a kind. How a block starts says init_layer.
inline constexpr std::array<BlockKindInfo, 7> kBlockKinds{{
    {"weights", "weight", "weights", BlockForm::kMatrix},
    {"bias", "bias", "biases", BlockForm::kList},
    {"slope", "weight", "slopes", BlockForm::kNumber, "a learned slope, which only prelu has"},
    {"norm_weight", "weight", "gains", BlockForm::kList, "gains, which only an affine normalization has",
     true},
    {"norm_bias", "bias", "shifts", BlockForm::kList, "shifts, which only an affine normalization has", true},
    {"running_mean", "running_mean", "running means", BlockForm::kList,
     "running means, which only batch_norm has", true, false},
    {"running_var", "running_var", "running variances", BlockForm::kList,
     "running variances, which only batch_norm has", true, false},
}};

// A matrix of parameters: where it lies in the flat buffer [parameter][lane], row after row.
struct ParameterBlock {
  BlockKind kind = BlockKind::kWeights;
  std::size_t rows = 0, columns = 0;
  std::size_t offset = 0;

  std::size_t size() const { return rows * columns; }  // 0: the layer has none
  const BlockKindInfo& info() const { return kBlockKinds[static_cast<std::size_t>(kind)]; }
  BlockForm form() const { return info().form; }
};

// One dense layer.
struct LayerShape {
  std::size_t inputs = 0;
  std::size_t rows = 0;  // pre-activations: units, times pieces for maxout
  std::size_t units = 0;
  std::size_t outputs = 0;  // units, doubled for crelu
  bool hidden = true;
  ActivationSpec activation;        // these numbers may differ from run to run of a pack …
  NormalizationSpec normalization;  // … and these
  bool adds_input = false;          // model.skip, where inputs and outputs are equally many
  bool drops = false;               // model.dropout is above 0
  std::array<ParameterBlock, kBlockKinds.size()> blocks;  // [BlockKind]

  const ParameterBlock& operator[](BlockKind kind) const { return blocks[static_cast<std::size_t>(kind)]; }
  bool has(BlockKind kind) const { return (*this)[kind].size() > 0; }
  // An output layer whose outputs are its pre-activations.
  bool is_linear_output() const { return !hidden && activation.kind == Activation::kIdentity; }
  bool normalizes(Position position) const {
    return normalization.kind != Normalization::kNone && normalization.position == position;
  }
  std::size_t normalized() const {  // numbers that a normalization takes
    return normalizes(Position::kAfterActivation) ? outputs : rows;
  }
  // Whether the batch has to pass in one piece.
  bool couples_samples() const { return normalization.kind == Normalization::kBatchNorm; }
  std::size_t weight_count() const { return (*this)[BlockKind::kWeights].size(); }
  std::size_t parameter_count() const {
    std::size_t count = 0;
    for (const ParameterBlock& block : blocks) count += block.size();
    return count;
  }
  std::size_t trained_count() const {  // they come first
    std::size_t count = 0;
    for (const ParameterBlock& block : blocks) count += block.info().trained ? block.size() : 0;
    return count;
  }
};

// All layers, hidden ones first, the output layer last.
struct NetworkShape {
  std::vector<LayerShape> layers;
  std::size_t parameter_count = 0;

  std::size_t hidden_units() const {
    std::size_t units = 0;
    for (const LayerShape& layer : layers) units += layer.hidden ? layer.units : 0;
    return units;
  }
  std::size_t inputs() const { return layers.front().inputs; }
  std::size_t outputs() const { return layers.back().units; }
  bool couples_samples() const {
    return std::any_of(layers.begin(), layers.end(), [](const LayerShape& l) { return l.couples_samples(); });
  }
};

// The parameters of one layer, outside any pack: what init.file holds and parameters.jsonl records.
struct LayerParameters {
  std::size_t rows = 0, inputs = 0;
  std::array<std::vector<double>, kBlockKinds.size()> blocks;  // [BlockKind]; empty: none

  std::vector<double>& operator[](BlockKind kind) { return blocks[static_cast<std::size_t>(kind)]; }
  const std::vector<double>& operator[](BlockKind kind) const {
    return blocks[static_cast<std::size_t>(kind)];
  }
};

// Hidden layers first, the output layer last.
struct ParameterSet {
  std::vector<LayerParameters> layers;
};

// REQUIRES: inputs and outputs at least 1, every width at least 1; no crelu, which has two outputs a unit, in
// the output layer.
NetworkShape network_shape(const ModelSpec& model, std::size_t inputs, std::size_t outputs);

}  // namespace deadrelu
