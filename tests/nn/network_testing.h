// Packs of small random networks for the tests of nn/: every lane has parameters, numbers and inputs of its
// own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "nn/network.h"
#include "simd/loss.h"

namespace deadrelu {

template <class Enum>
struct Named {
  Enum kind;
  const char* name;
};
template <class Enum>
void PrintTo(const Named<Enum>& value, std::ostream* out) {
  *out << value.name;
}
template <class Enum>
inline const std::vector<Named<Enum>> kAllNamed = [] {
  std::vector<Named<Enum>> all;
  for (const Enum kind : values_of<Enum>()) all.push_back({kind, name_of(kind).data()});
  return all;
}();
inline const auto& kActivations = kAllNamed<Activation>;
inline const auto& kLosses = kAllNamed<Loss>;

inline ModelSpec small_model(Activation kind) {
  ModelSpec model;
  model.hidden = {4, 3};
  model.activation.kind = kind;
  model.activation.pieces = 3;
  return model;
}

// Networks with 3 inputs, 3 outputs and their examples, one network a lane.
template <class T>
struct LaneNetworks {
  static constexpr std::size_t kInputs = 3, kOutputs = 3;

  LaneNetworks(const ModelSpec& model, std::size_t samples, SimdTarget target)
      : network{network_shape(model, kInputs, kOutputs), model.activation, kernels<T>(target),
                LaneActivation<T>(lane_count<T>(target))},
        lanes(network.kernels.lanes),
        sample_count(samples),
        parameters(network.shape.parameter_count * lanes),
        input_values(kInputs * samples * lanes),
        target_values(kOutputs * samples * lanes) {}

  LaneMatrix<T> inputs() { return dense_lane_matrix(input_values.data(), kInputs, sample_count, lanes); }
  LaneMatrix<T> targets() { return dense_lane_matrix(target_values.data(), kOutputs, sample_count, lanes); }

  // Gives a lane random parameters, slopes, inputs and targets: all a function of the seed.
  void fill_lane(std::size_t lane, std::uint32_t seed, Loss loss) {
    std::mt19937 engine(seed);
    const auto uniform = [&](double low, double high) {
      return static_cast<T>(low + (high - low) * (engine() * 0x1p-32));
    };
    for (std::size_t i = lane; i < parameters.size(); i += lanes) parameters[i] = uniform(-1.5, 1.5);
    network.numbers.slope[lane] = uniform(0.05, 0.6);
    network.numbers.alpha[lane] = uniform(0.5, 2);
    network.numbers.at_zero[lane] = uniform(0, 1);
    for (std::size_t i = lane; i < input_values.size(); i += lanes) input_values[i] = uniform(-2, 2);
    for (std::size_t i = lane; i < target_values.size(); i += lanes) target_values[i] = uniform(-1, 1);
    if (loss == Loss::kBinaryCrossEntropy) {
      for (std::size_t i = lane; i < target_values.size(); i += lanes)
        target_values[i] = uniform(-1, 1) > 0 ? 1 : 0;
    }
    if (loss != Loss::kCrossEntropy) return;
    for (std::size_t s = 0; s < sample_count; ++s) {
      const std::size_t label = engine() % kOutputs;
      for (std::size_t o = 0; o < kOutputs; ++o) targets().at(o, s)[lane] = o == label ? T{1} : T{0};
    }
  }
  void fill(std::uint32_t seed, Loss loss) {
    for (std::size_t lane = 0; lane < lanes; ++lane)
      fill_lane(lane, seed + static_cast<std::uint32_t>(lane), loss);
  }

  // Puts everything that belongs to lane `from` of `other` into lane `to`.
  void copy_lane(std::size_t to, const LaneNetworks& other, std::size_t from) {
    const auto copy = [&](auto& mine, const auto& theirs) {
      for (std::size_t i = 0; i * lanes < mine.size(); ++i)
        mine[i * lanes + to] = theirs[i * other.lanes + from];
    };
    copy(parameters, other.parameters);
    copy(input_values, other.input_values);
    copy(target_values, other.target_values);
    copy(network.numbers.slope, other.network.numbers.slope);
    copy(network.numbers.alpha, other.network.numbers.alpha);
    copy(network.numbers.at_zero, other.network.numbers.at_zero);
  }

  Network<T> network;
  std::size_t lanes, sample_count;
  Buffer<T> parameters, input_values, target_values;
};

// What a pass over all examples gives: outputs [output][sample][lane], loss sums [lane], gradients
// [parameter][lane].
template <class T>
struct PassResult {
  std::vector<T> outputs, gradient;
  std::vector<double> loss;
};

// The slope that rrelu takes for one element in these tests: some number of its place.
inline double drawn_slope(std::size_t layer, std::size_t row, std::size_t sample) {
  return 0.1 + 0.05 * static_cast<double>((7 * layer + 3 * row + 5 * sample) % 11);
}

// One pass, forward and backward, in blocks of `block` samples. The workspace holds NaN before.
template <class T>
PassResult<T> run_pass(LaneNetworks<T>& pack, Loss loss, Mode mode, std::size_t block) {
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  const Network<T>& network = pack.network;
  const std::size_t last = network.shape.layers.size() - 1, lanes = pack.lanes;
  Activations<T> activations(network, block);
  for (T& value : activations.memory()) value = kNan;
  Buffer<T> slope_sums(network.shape.layers.size() * highest_row_count(network.shape) * lanes);
  Buffer<T> gradient(pack.parameters.size());
  for (T& value : slope_sums.span()) value = kNan;
  for (T& value : gradient.span()) value = kNan;
  PassResult<T> result{std::vector<T>(pack.target_values.size()), {}, std::vector<double>(lanes)};
  for (std::size_t from = 0; from < pack.sample_count; from += block) {
    const std::size_t count = std::min(block, pack.sample_count - from);
    const auto part = [&](LaneMatrix<T> m) {
      return LaneMatrix<T>{m.at(0, from), m.rows, count, m.row_stride, lanes};
    };
    if (network.activation.kind == Activation::kRrelu) {
      for (std::size_t l = 0; l < last; ++l) {
        const LaneMatrix<T> slopes = activations.drawn_slopes(l, count);
        for (std::size_t r = 0; r < slopes.rows; ++r)
          for (std::size_t s = 0; s < count; ++s)
            for (std::size_t lane = 0; lane < lanes; ++lane)
              slopes.at(r, s)[lane] = static_cast<T>(drawn_slope(l, r, from + s));
      }
    }
    forward<T>(network, pack.parameters.data(), part(pack.inputs()), mode, activations);
    const LaneMatrix<T> outputs = activations.output(last, count);
    network.kernels.loss->evaluate(loss, outputs, part(pack.targets()),
                                   static_cast<T>(1.0 / static_cast<double>(pack.sample_count)),
                                   result.loss.data(), activations.gradient(last, count));
    backward<T>(network, pack.parameters.data(), part(pack.inputs()), mode, from == 0, activations,
                gradient.data(), slope_sums.data());
    for (std::size_t o = 0; o < outputs.rows; ++o)
      for (std::size_t i = 0; i < count * lanes; ++i)
        result.outputs[(o * pack.sample_count + from) * lanes + i] = outputs.at(o, i / lanes)[i % lanes];
  }
  finish_gradient(network, slope_sums.data(), gradient.data());
  result.gradient.assign(gradient.data(), gradient.data() + gradient.size());
  return result;
}

}  // namespace deadrelu
