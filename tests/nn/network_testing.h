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

// Those that an output layer may have.
inline std::vector<Named<Activation>> output_activations() {
  std::vector<Named<Activation>> list = kActivations;
  std::erase_if(list, [](const auto& one) { return one.kind == Activation::kCrelu; });
  return list;
}

inline ModelSpec small_model(Activation kind) {
  ModelSpec model;
  model.hidden = {4, 3};
  model.activation.kind = kind;
  model.activation.pieces = 3;
  return model;
}

// Every hidden layer has an activation of its own, and the output layer one too.
inline ModelSpec mixed_model(Activation kind, Activation output) {
  ModelSpec model = small_model(kind);
  model.hidden = {4, 3, 2};
  model.activations = {model.activation, {.kind = Activation::kRelu}, model.activation};
  model.activations[2].kind =
      static_cast<Activation>((static_cast<std::size_t>(kind) + 1) % values_of<Activation>().size());
  model.biases = {true, false, true};
  model.output_activation.kind = output;
  model.output_activation.pieces = 3;
  return model;
}

// A normalization, a skip around the second layer, and dropout.
inline ModelSpec joined_model(Activation kind, Normalization normalization, Position position) {
  ModelSpec model = small_model(kind);
  model.hidden = {3, 3};
  model.normalization = {.kind = normalization, .position = position};
  model.skip = true;
  model.dropout = 0.25;
  return model;
}

// One activation in all hidden layers and a linear output; every kind that the output may have, behind layers that
// differ; every activation with every normalization, dropout and skip; and what is between layers alone.
struct NamedModel {
  std::string name;
  ModelSpec model;
};
inline void PrintTo(const NamedModel& value, std::ostream* out) { *out << value.name; }
// A function, since tests are listed before other files' variables need to have their values.
inline const std::vector<NamedModel>& models() {
  static const std::vector<NamedModel> all = [] {
    std::vector<NamedModel> list;
    for (const auto& [kind, name] : kActivations) list.push_back({name, small_model(kind)});
    for (const auto& [kind, name] : output_activations())
      list.push_back({"mixed_" + std::string(name), mixed_model(kind, kind)});
    for (const Normalization norm : values_of<Normalization>()) {
      for (const Position position : values_of<Position>()) {
        const std::string between = std::string(name_of(norm)) + "_" + std::string(name_of(position));
        for (const auto& [kind, name] : kActivations)
          list.push_back({between + "_" + name, joined_model(kind, norm, position)});
        ModelSpec plain = joined_model(Activation::kRelu, norm, position);
        plain.hidden = {4, 3};
        plain.normalization.affine = plain.skip = false;
        list.push_back({between + "_dropout_alone", plain});
        plain.dropout = 0;
        list.push_back({between + "_alone", plain});
        plain.skip = true;
        plain.hidden = {3, 3};
        list.push_back({between + "_skip_alone", plain});
      }
    }
    return list;
  }();
  return all;
}

// Networks with 3 inputs, 3 outputs and their examples, one network a lane.
template <class T>
struct LaneNetworks {
  static constexpr std::size_t kInputs = 3, kOutputs = 3;

  LaneNetworks(const ModelSpec& model, std::size_t samples, SimdTarget target)
      : network(network_shape(model, kInputs, kOutputs), kernels<T>(target)),
        lanes(network.kernels.lanes),
        sample_count(samples),
        models(lanes, model),
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
    ModelSpec& model = models[lane];
    model.activation.at_zero = static_cast<double>(uniform(0, 1));
    const auto draw_numbers = [&](ActivationSpec& activation) {
      activation.slope = activation.lower = activation.upper = static_cast<double>(uniform(0.05, 0.6));
      activation.alpha = static_cast<double>(uniform(0.5, 2));
    };
    draw_numbers(model.activation);
    draw_numbers(model.output_activation);
    for (ActivationSpec& activation : model.activations) draw_numbers(activation);
    set_numbers(lane);
    for (std::size_t i = lane; i < input_values.size(); i += lanes) input_values[i] = uniform(-2, 2);
    for (std::size_t i = lane; i < target_values.size(); i += lanes) target_values[i] = uniform(-1, 1);
    model.normalization.epsilon = static_cast<double>(uniform(1e-3, 0.1));
    if (model.dropout > 0) model.dropout = static_cast<double>(uniform(0.1, 0.6));
    set_numbers(lane);
    for (const LayerShape& layer : network.shape.layers) {
      const ParameterBlock& variances = layer[BlockKind::kRunningVariance];
      for (std::size_t i = 0; i < variances.size(); ++i)
        parameters[(variances.offset + i) * lanes + lane] = uniform(0.5, 2);
    }
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

  void set_numbers(std::size_t lane) { network.set(lane, models[lane]); }

  // Puts everything that belongs to lane `from` of `other` into lane `to`.
  void copy_lane(std::size_t to, const LaneNetworks& other, std::size_t from) {
    const auto copy = [&](auto& mine, const auto& theirs) {
      for (std::size_t i = 0; i * lanes < mine.size(); ++i)
        mine[i * lanes + to] = theirs[i * other.lanes + from];
    };
    copy(parameters, other.parameters);
    copy(input_values, other.input_values);
    copy(target_values, other.target_values);
    models[to] = other.models[from];
    set_numbers(to);
  }

  Network<T> network;
  std::size_t lanes, sample_count;
  std::vector<ModelSpec> models;  // [lane], with the numbers of its activations
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

// The factor that dropout has for one element: a kept one's, or 0.
inline double drawn_mask(double kept, std::size_t layer, std::size_t output, std::size_t sample) {
  return (5 * layer + 2 * output + 3 * sample) % 7 < 2 ? 0 : kept;
}

// Puts into the activations what training draws, for `count` samples from `from` on.
template <class T>
void draw_all(const Network<T>& network, std::size_t from, std::size_t count,
              const Activations<T>& activations) {
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const auto fill = [&](LaneMatrix<T> to, const auto& value) {
      for (std::size_t r = 0; r < to.rows; ++r)
        for (std::size_t s = 0; s < count; ++s)
          for (std::size_t lane = 0; lane < network.kernels.lanes; ++lane)
            to.at(r, s)[lane] = static_cast<T>(value(r, from + s, lane));
    };
    if (network.shape.layers[l].activation.kind == Activation::kRrelu)
      fill(activations.drawn_slopes(l, count),
           [&](std::size_t r, std::size_t s, std::size_t) { return drawn_slope(l, r, s); });
    if (network.shape.layers[l].drops)
      fill(activations.mask(l, count), [&](std::size_t r, std::size_t s, std::size_t lane) {
        return drawn_mask(static_cast<double>(network.kept[lane]), l, r, s);
      });
  }
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
    draw_all(network, from, count, activations);
    forward<T>(network, pack.parameters.data(), part(pack.inputs()), mode, activations);
    const LaneMatrix<T> outputs = activations.output(last, count);
    network.kernels.loss->evaluate(loss, outputs, part(pack.targets()),
                                   static_cast<T>(1.0 / static_cast<double>(pack.sample_count)),
                                   result.loss.data(), activations.output_gradient(count));
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
