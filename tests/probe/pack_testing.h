// Packs whose parameters and examples are typed in or drawn, for the tests of probes, evaluation and
// recorder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "train/pack.h"
#include "train/trainer.h"

namespace deadrelu {

using Matrix = std::vector<std::vector<double>>;  // [row][column]

inline Matrix random_matrix(std::size_t rows, std::size_t columns, std::uint32_t seed, double scale = 1) {
  std::mt19937 engine(seed);
  Matrix matrix(rows, std::vector<double>(columns));
  for (auto& row : matrix)
    for (double& value : row) value = scale * (2 * (engine() * 0x1p-32) - 1);
  return matrix;
}

// inputs [sample][input], targets [sample][output].
struct TestExamples {
  Matrix inputs, targets;
};

// Two inputs, two smooth targets.
inline TestExamples waves(std::size_t samples, std::uint32_t seed) {
  TestExamples examples{random_matrix(samples, 2, seed, 2), {}};
  for (const auto& x : examples.inputs) examples.targets.push_back({std::sin(3 * x[0]), std::abs(x[1])});
  return examples;
}

template <class T>
Split<T> make_split(const TestExamples& examples) {
  Split<T> split;
  split.samples = examples.inputs.size();
  const auto copy = [](const Matrix& from) {
    Buffer<T> to(from.empty() ? 0 : from.size() * from[0].size());
    std::size_t place = 0;
    for (const auto& row : from)
      for (const double value : row) to[place++] = static_cast<T>(value);
    return to;
  };
  split.inputs = copy(examples.inputs);
  split.targets = copy(examples.targets);
  return split;
}

template <class T>
std::shared_ptr<const Dataset<T>> make_examples(const TestExamples& train, const TestExamples& test = {},
                                                std::size_t classes = 0) {
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = train.inputs[0].size();
  data->outputs = train.targets[0].size();
  data->classes = classes;
  data->train = make_split<T>(train);
  data->test = make_split<T>(test);
  return data;
}

// A layer with weights [row][input]; no bias where `bias` is empty.
inline LayerParameters layer_of(const Matrix& weights, std::vector<double> bias = {}) {
  LayerParameters layer{weights.size(), weights[0].size(), {}};
  std::vector<double>& values = layer[BlockKind::kWeights];
  for (const auto& row : weights) values.insert(values.end(), row.begin(), row.end());
  layer[BlockKind::kBias] = std::move(bias);
  return layer;
}

inline std::shared_ptr<const ParameterSet> network_of(std::vector<LayerParameters> layers) {
  return std::make_shared<const ParameterSet>(ParameterSet{std::move(layers)});
}

template <class T>
constexpr Precision kPrecision = sizeof(T) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;

template <class T>
Pack<T> probed_pack(const std::vector<RunSpec>& specs, const std::shared_ptr<const Dataset<T>>& data,
                    SimdTarget target = available_simd()[0]) {
  std::vector<const RunSpec*> runs;
  for (const RunSpec& spec : specs) runs.push_back(&spec);
  return make_pack<T>(runs, std::vector<std::shared_ptr<const Dataset<T>>>(specs.size(), data), target);
}

// Trains up to as many runs as a pack has lanes, side by side. `specs` outlives the call.
template <class T>
std::vector<RunRecord> train_together(std::vector<RunSpec> specs,
                                      const std::shared_ptr<const Dataset<T>>& data,
                                      SimdTarget target = available_simd()[0]) {
  const std::atomic<bool> stop = false;
  for (RunSpec& spec : specs) spec.train.precision = kPrecision<T>;
  return train_pack<T>(probed_pack<T>(specs, data, target), stop);
}

template <class T>
RunRecord train_one(const RunSpec& spec, const std::shared_ptr<const Dataset<T>>& data) {
  return train_together<T>({spec}, data).at(0);
}

// Nothing is trained: what the tables say at step 0.
inline RunSpec untrained(std::vector<std::size_t> hidden, Activation kind = Activation::kRelu) {
  RunSpec spec;
  spec.model.hidden = std::move(hidden);
  spec.model.activation.kind = kind;
  spec.train.steps = 0;
  spec.train.batch_size = 0;
  spec.record.probe_samples = 0;
  spec.record.units = true;
  return spec;
}

}  // namespace deadrelu
