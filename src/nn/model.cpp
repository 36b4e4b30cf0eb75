#include "nn/model.h"

namespace deadrelu {
namespace {

bool has_block(const LayerShape& layer, bool has_bias, BlockKind kind) {
  const NormalizationSpec& norm = layer.normalization;
  const bool is_affine = norm.kind != Normalization::kNone && norm.affine;
  switch (kind) {
    case BlockKind::kWeights: return true;
    case BlockKind::kBias: return has_bias;
    case BlockKind::kSlope: return layer.activation.kind == Activation::kPrelu;
    case BlockKind::kGain: return is_affine;
    case BlockKind::kShift: return is_affine && norm.kind != Normalization::kRmsNorm;
    case BlockKind::kRunningMean:
    case BlockKind::kRunningVariance: return norm.kind == Normalization::kBatchNorm;
  }
  return false;
}

// Gives the layer its blocks, from `offset` on; returns where the next layer begins.
std::size_t lay_out(bool has_bias, std::size_t offset, LayerShape& layer) {
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    ParameterBlock& block = layer.blocks[k];
    block.kind = static_cast<BlockKind>(k);
    block.offset = offset;
    if (!has_block(layer, has_bias, block.kind)) continue;
    block.rows = block.form() == BlockForm::kNumber ? 1
                 : block.info().normalization       ? layer.normalized()
                                                    : layer.rows;
    block.columns = block.form() == BlockForm::kMatrix ? layer.inputs : 1;
    offset += block.size();
  }
  return offset;
}

}  // namespace

Formula formula_of(const ActivationSpec& spec) {
  FormulaError error;
  std::optional<Formula> formula = Formula::parse(spec.formula, error);
  assert(formula && formula->inputs() == 1);
  return *std::move(formula);
}

ActivationSpec ModelSpec::activation_of(std::size_t layer) const {
  assert(activations.empty() || activations.size() == hidden.size());
  ActivationSpec spec = layer == hidden.size() ? output_activation
                        : activations.empty()  ? activation
                                               : activations[layer];
  spec.at_zero = activation.at_zero;
  return spec;
}

bool ModelSpec::has_bias(std::size_t layer) const {
  assert(biases.empty() || biases.size() == hidden.size());
  if (layer == hidden.size()) return output_bias;
  return biases.empty() ? bias : biases[layer];
}

NetworkShape network_shape(const ModelSpec& model, std::size_t inputs, std::size_t outputs) {
  assert(inputs > 0 && outputs > 0 && model.output_activation.kind != Activation::kCrelu);
  NetworkShape shape;
  for (std::size_t l = 0; l <= model.hidden.size(); ++l) {
    LayerShape layer;
    layer.hidden = l < model.hidden.size();
    layer.activation = model.activation_of(l);
    layer.inputs = l == 0 ? inputs : shape.layers.back().outputs;
    layer.units = layer.hidden ? model.hidden[l] : outputs;
    assert(layer.units > 0);
    const Activation kind = layer.activation.kind;
    layer.rows =
        layer.units * (kind == Activation::kMaxout ? static_cast<std::size_t>(layer.activation.pieces) : 1);
    layer.outputs = layer.units * (kind == Activation::kCrelu ? 2 : 1);
    if (layer.hidden) {
      layer.normalization = model.normalization;
      layer.adds_input = model.skip && l > 0 && layer.inputs == layer.outputs;
      layer.drops = model.dropout > 0;
    }
    shape.parameter_count = lay_out(model.has_bias(l), shape.parameter_count, layer);
    shape.layers.push_back(layer);
  }
  return shape;
}

}  // namespace deadrelu
