// The parameters of one network, outside any pack: what init.file holds and parameters.jsonl records.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace deadrelu {

struct LayerParameters {
  std::size_t rows = 0, inputs = 0;
  std::vector<double> weights;  // [rows][inputs]
  std::vector<double> bias;     // [rows]; empty: the layer has none
  std::optional<double> slope;  // prelu
};

// Hidden layers first, the output layer last.
struct ParameterSet {
  std::vector<LayerParameters> layers;
};

}  // namespace deadrelu
