// Bounds of the pre-activations of one network on a box of inputs, in double.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "nn/model.h"

namespace deadrelu {

using Ends = std::array<double, 2>;  // of an interval

// A dense layer whose activation is z above 0, but at most cap, and slope·z below.
struct KinkedLayer {
  LayerParameters numbers;
  double slope = 0, cap = std::numeric_limits<double>::infinity();  // all but bounds go on without a cap
  std::vector<Ends> z;             // [row]: where the forward pass's z lies for every input of the box
  std::vector<std::size_t> asked;  // rows that are in doubt, ascending

  const double* weights(std::size_t r) const { return &numbers[BlockKind::kWeights][r * numbers.inputs]; }
  double bias(std::size_t r) const {
    return numbers[BlockKind::kBias].empty() ? 0 : numbers[BlockKind::kBias][r];
  }
};

struct KinkedNetwork {
  std::vector<Ends> box;                           // [input]
  std::vector<KinkedLayer> layers;                 // hidden ones
  double roundoff = 0, smallest = 0, largest = 0;  // of the forward pass's numbers: 2^−24 or 2^−53, …

  std::size_t deepest_asked() const {  // the last layer with rows in doubt
    std::size_t l = layers.size() - 1;
    while (l > 0 && layers[l].asked.empty()) --l;
    return l;
  }
};

// Takes inputs at which a row in doubt may be above 0.
using Propose = std::function<void(std::span<const double> input)>;

// The relative error of n roundings: n·u / (1 − n·u). kSlack covers those of adding up errors.
inline double relative_error(std::size_t n, double roundoff) {
  return static_cast<double>(n) * roundoff / (1 - static_cast<double>(n) * roundoff);
}
inline constexpr double kRoundoff = 0x1p-53, kSlack = 1 + 1e-6;
// Multiply-adds that a network is worth, some seconds: what is in doubt then stays so.
inline constexpr std::size_t kMostWork = 4'000'000'000;

// Tightens z in every layer (CROWN, Zhang et al. 2018; DeepPoly, Singh et al. 2019): a unit that may be on or off lies
// between its chord and one of its two lines, the one that leaves less room, and a row is bounded by a linear function
// of the layer below, put through layer by layer to the inputs.
void tighten_by_lines(KinkedNetwork& network, const Propose& propose);

// The same for the rows in doubt of a network of one or two inputs, by taking the box apart into pieces on which
// everything is linear (probe/regions.cpp); z stays as it is where these are too many.
void tighten_by_regions(KinkedNetwork& network, const Propose& propose);

}  // namespace deadrelu
