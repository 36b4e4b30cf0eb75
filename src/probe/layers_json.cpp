#include "probe/layers_json.h"

#include <span>

#include "base/number.h"

namespace deadrelu {
namespace {

void append_value(std::string& text, double value, bool single) {
  if (single) {
    append_real(text, static_cast<float>(value));
  } else {
    append_real(text, value);
  }
}

void append_list(std::string& text, std::span<const double> values, bool single) {
  text += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ", ";
    append_value(text, values[i], single);
  }
  text += ']';
}

void append_layer(std::string& text, const LayerParameters& layer, bool single) {
  text += "{\"weights\": [";
  for (std::size_t row = 0; row < layer.rows; ++row) {
    if (row > 0) text += ", ";
    append_list(text, std::span(layer.weights).subspan(row * layer.inputs, layer.inputs), single);
  }
  text += ']';
  if (!layer.bias.empty()) {
    text += ", \"bias\": ";
    append_list(text, layer.bias, single);
  }
  if (layer.slope) {
    text += ", \"slope\": ";
    append_value(text, *layer.slope, single);
  }
  text += '}';
}

}  // namespace

std::string layers_json(const ParameterSnapshot& snapshot) {
  std::string text = "[";
  for (const LayerParameters& layer : snapshot.parameters.layers) {
    if (text.size() > 1) text += ", ";
    append_layer(text, layer, snapshot.single);
  }
  return text + "]";
}

}  // namespace deadrelu
