#include "nn/model.h"

namespace deadrelu {
namespace {

bool has_block(const ModelSpec& model, const LayerShape& layer, BlockKind kind) {
  switch (kind) {
    case BlockKind::kWeights: return true;
    case BlockKind::kBias: return layer.hidden ? model.bias : model.output_bias;
    case BlockKind::kSlope: return layer.hidden && model.activation.kind == Activation::kPrelu;
  }
  return false;
}

// Gives the layer its blocks, from `offset` on; returns where the next layer begins.
std::size_t lay_out(const ModelSpec& model, std::size_t offset, LayerShape& layer) {
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    ParameterBlock& block = layer.blocks[k];
    block.kind = static_cast<BlockKind>(k);
    block.offset = offset;
    if (!has_block(model, layer, block.kind)) continue;
    block.rows = block.form() == BlockForm::kNumber ? 1 : layer.rows;
    block.columns = block.form() == BlockForm::kMatrix ? layer.inputs : 1;
    offset += block.size();
  }
  return offset;
}

}  // namespace

NetworkShape network_shape(const ModelSpec& model, std::size_t inputs, std::size_t outputs) {
  assert(inputs > 0 && outputs > 0);
  NetworkShape shape;
  const Activation kind = model.activation.kind;
  const auto add_layer = [&](std::size_t units, bool hidden) {
    assert(units > 0);
    LayerShape layer;
    layer.inputs = shape.layers.empty() ? inputs : shape.layers.back().outputs;
    layer.units = units;
    layer.hidden = hidden;
    layer.rows = hidden && kind == Activation::kMaxout
                     ? units * static_cast<std::size_t>(model.activation.pieces)
                     : units;
    layer.outputs = hidden && kind == Activation::kCrelu ? 2 * units : units;
    shape.parameter_count = lay_out(model, shape.parameter_count, layer);
    shape.layers.push_back(layer);
  };
  for (const std::size_t units : model.hidden) add_layer(units, true);
  add_layer(outputs, false);
  return shape;
}

}  // namespace deadrelu
