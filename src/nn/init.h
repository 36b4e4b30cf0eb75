// Initial parameters: the distributions of the literature, drawn from counter-based streams.
#pragma once

#include <cstdint>
#include <string>

#include "base/enum_names.h"
#include "nn/model.h"

namespace deadrelu {

// fan_in: inputs of the layer; fan_out: its rows.
enum class WeightInit {
  kHeNormal,       // N(0, 2/fan_in)                               (He, Zhang, Ren, Sun 2015)
  kHeUniform,      // U(±√(6/fan_in))
  kGlorotNormal,   // N(0, 2/(fan_in + fan_out))                   (Glorot, Bengio 2010)
  kGlorotUniform,  // U(±√(6/(fan_in + fan_out)))
  kLecunNormal,    // N(0, 1/fan_in)                               (LeCun, Bottou, Orr, Müller 1998)
  kLecunUniform,   // U(±√(3/fan_in))
  kPytorch,        // U(±1/√fan_in): torch.nn.Linear's default
  kOrthogonal,     // orthonormal rows or columns                  (Saxe, McClelland, Ganguli 2014)
  kRai,            // randomized asymmetric initialization         (Lu, Shin, Su, Karniadakis 2019)
  kMirrored,       // pairs of rows w, −w with w ~ N(0, 2/fan_in); of an odd number the last row is alone
  kConstant,       // value
  kNormal,         // N(mean, std²)
  kUniform,        // U(low, high)
  kSign,           // +magnitude or −magnitude, fair
};
template <>
inline constexpr std::array kNames<WeightInit>{
    "he_normal",  "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "pytorch",
    "orthogonal", "rai",        "mirrored",      "constant",       "normal",       "uniform",       "sign"};

enum class BiasInit {
  kConstant,  // value
  kNormal,    // N(mean, std²)
  kUniform,   // U(low, high)
  kPytorch,   // U(±1/√fan_in)
};
template <>
inline constexpr std::array kNames<BiasInit>{"constant", "normal", "uniform", "pytorch"};

// How the weights in init.file lie.
enum class WeightLayout {
  kAuto,   // as shapes and names tell
  kTorch,  // [out][in]
  kKeras,  // [in][out]
};
template <>
inline constexpr std::array kNames<WeightLayout>{"auto", "torch", "keras"};

// An initializer with its numbers. Only those of the chosen kind matter.
template <class Kind>
struct Initializer {
  Kind kind{};
  double value = 0;           // constant
  double mean = 0, std = 1;   // normal
  double low = -1, high = 1;  // uniform
  double magnitude = 1;       // sign

  bool operator==(const Initializer&) const = default;
};

using WeightInitializer = Initializer<WeightInit>;
using BiasInitializer = Initializer<BiasInit>;

// How one layer's parameters start.
struct LayerInit {
  WeightInitializer weights;
  double gain = 1;  // multiplies every weight
  BiasInitializer bias;

  bool operator==(const LayerInit&) const = default;
};

// What is changed after drawing, one hidden layer after the other, by what the layer puts out on the training examples.
// Draws and examples are those of the run alone; train/adjust does it.
enum class Adjust {
  kNone,
  kSignFlip,  // negates a layer that fewer than half of the living examples excite   (after Rister, Rubin 2017)
  kUnitFlip,  // negates a unit that fewer than half of the examples excite
  kDataBias,  // b = −w·x_r + |ε|, ε ~ N(0, std²), r one example a unit              (after Shin, Karniadakis 2020)
  kQuantileBias,  // the least b with which a unit is active on ⌈active·n⌉ of n examples
  kLsuv,  // W ← W/std(z), up to `tries` times while |std(z) − 1| > tolerance     (Mishkin, Matas 2016)
};
template <>
inline constexpr std::array kNames<Adjust>{"none",      "sign_flip",     "unit_flip",
                                           "data_bias", "quantile_bias", "lsuv"};

struct AdjustSpec {
  Adjust kind = Adjust::kNone;
  double std = 0.1;     // data_bias
  double active = 0.5;  // quantile_bias: a share, above 0
  double tolerance = 0.1;
  std::uint64_t tries = 10;

  bool operator==(const AdjustSpec&) const = default;
};

struct InitSpec {
  LayerInit hidden;
  std::vector<WeightInitializer> weights;  // of each hidden layer; empty: hidden.weights everywhere
  std::vector<BiasInitializer> biases;     // the same of hidden.bias
  AdjustSpec adjust;
  LayerInit output;                           // equals `hidden` unless init.output overrides it
  std::string file;                           // initial parameters: JSON, safetensors or npz; empty: none
  WeightLayout layout = WeightLayout::kAuto;  // of safetensors and npz

  LayerInit of(const LayerShape& shape, std::size_t layer) const;

  bool operator==(const InitSpec&) const = default;
};

// Gives every block of layer number `layer` (0: first hidden) its initial values, in double (float32 networks
// round them), except those that `parameters` already has. rai draws weights and bias as one row of
// fan_in + 1 entries and ignores the bias spec where the layer has a bias. REQUIRES: weights are given only
// together with the bias.
void init_layer(const LayerShape& shape, const LayerInit& init, const ActivationSpec& activation,
                std::uint64_t seed, std::size_t layer, LayerParameters& parameters);

// What the values of a list [row] start at where nothing is drawn.
constexpr double fresh_value(BlockKind kind) {
  return kind == BlockKind::kGain || kind == BlockKind::kRunningVariance ? 1 : 0;
}

// Draws one row of a layer's weights anew, as its initializer would: at event number `event` (from 1) of the run,
// with draws of index (event · rows + row) · inputs + input. What is drawn as a whole is drawn as its row alone would
// be: a row of a mirrored pair, an asymmetric row without bias, and of an orthogonal matrix any direction, as long as
// such a row is on average.
void redraw_row(const LayerShape& shape, const LayerInit& init, std::uint64_t seed, std::size_t layer,
                std::size_t row, std::uint64_t event, std::span<double> weights);

}  // namespace deadrelu
