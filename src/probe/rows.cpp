#include "probe/rows.h"

#include "base/number.h"

namespace deadrelu {
namespace {

void append_value(std::string& text, double value, bool single) {
  single ? append_real(text, static_cast<float>(value)) : append_real(text, value);
}

void append_list(std::string& text, std::span<const double> values, bool single) {
  text += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ", ";
    append_value(text, values[i], single);
  }
  text += ']';
}

void append_block(std::string& text, BlockForm form, std::span<const double> values, std::size_t inputs,
                  bool single) {
  if (form == BlockForm::kNumber) return append_value(text, values[0], single);
  if (form == BlockForm::kList) return append_list(text, values, single);
  for (std::size_t i = 0; i < values.size(); i += inputs) {
    text += i > 0 ? ", " : "[";
    append_list(text, values.subspan(i, inputs), single);
  }
  text += ']';
}

void append_layer(std::string& text, const LayerParameters& layer, bool single) {
  const char* separator = "{";
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    if (layer.blocks[k].empty()) continue;
    text += std::exchange(separator, ", ");
    text += '"';
    text += kBlockKinds[k].name;
    text += "\": ";
    append_block(text, kBlockKinds[k].form, layer.blocks[k], layer.inputs, single);
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
