#include "nn/model.h"

namespace deadrelu {

NetworkShape network_shape(const ModelSpec& model, std::size_t inputs, std::size_t outputs) {
  NetworkShape shape;
  const Activation kind = model.activation.kind;
  std::size_t place = 0;
  const auto add_layer = [&](std::size_t units, bool hidden) {
    LayerShape layer;
    layer.inputs = shape.layers.empty() ? inputs : shape.layers.back().outputs;
    layer.units = units;
    layer.hidden = hidden;
    layer.rows = hidden && kind == Activation::kMaxout
                     ? units * static_cast<std::size_t>(model.activation.pieces)
                     : units;
    layer.outputs = hidden && kind == Activation::kCrelu ? 2 * units : units;
    layer.bias = hidden ? model.bias : model.output_bias;
    layer.learned_slope = hidden && kind == Activation::kPrelu;
    layer.weights = place;
    layer.biases = layer.weights + layer.weight_count();
    layer.slope = layer.biases + layer.bias_count();
    place += layer.parameter_count();
    shape.layers.push_back(layer);
  };
  for (const std::size_t units : model.hidden) add_layer(units, true);
  add_layer(outputs, false);
  shape.parameter_count = place;
  return shape;
}

}  // namespace deadrelu
