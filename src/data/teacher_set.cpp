// `teacher`: x ~ N(0, 1), targets from a random ReLU network with a linear output layer. Every layer, the
// output layer too, has He normal weights and biases ~ N(0, teacher_bias²): purpose kTeacher, stream = layer,
// index = position in [out][in], then the biases.
#include <cmath>

#include "base/random.h"
#include "data/examples.h"
#include "simd/normal.h"

namespace deadrelu {
namespace {

struct TeacherLayer {
  std::vector<double> weights;  // [out][in]
  std::vector<double> biases;   // [out]
};

std::vector<TeacherLayer> draw_teacher(const DataSpec& spec, std::uint64_t seed) {
  std::vector<TeacherLayer> layers;
  std::size_t fan_in = spec.dimensions;
  for (std::size_t l = 0; l <= spec.teacher_hidden.size(); ++l) {
    const std::size_t rows = l < spec.teacher_hidden.size() ? spec.teacher_hidden[l] : spec.teacher_outputs;
    require_memory("data: teacher layer", rows, fan_in + 1, sizeof(double));
    TeacherLayer layer{std::vector<double>(rows * fan_in), std::vector<double>(rows)};
    const auto stream = static_cast<std::uint32_t>(l);
    fill_normal(layer.weights, seed, Purpose::kTeacher, stream, 0);
    fill_normal(layer.biases, seed, Purpose::kTeacher, stream, rows * fan_in);
    const double deviation = std::sqrt(2 / static_cast<double>(fan_in));
    for (double& weight : layer.weights) weight *= deviation;
    for (double& bias : layer.biases) bias *= spec.teacher_bias;
    layers.push_back(std::move(layer));
    fan_in = rows;
  }
  return layers;
}

void apply(const TeacherLayer& layer, bool relu, const std::vector<double>& x, std::vector<double>& y) {
  y.resize(layer.biases.size());
  for (std::size_t r = 0; r < y.size(); ++r) {
    double z = layer.biases[r];
    const double* w = layer.weights.data() + r * x.size();
    for (std::size_t i = 0; i < x.size(); ++i) z = std::fma(w[i], x[i], z);
    y[r] = relu && z < 0 ? 0 : z;
  }
}

}  // namespace

Examples generate_teacher(const DataSpec& spec, std::uint64_t seed) {
  Examples set;
  set.samples = spec.samples;
  set.inputs = spec.dimensions;
  set.outputs = spec.teacher_outputs;
  set.values = standard_normal_inputs(set.samples, set.inputs, seed);
  set.targets.reserve(set.samples * set.outputs);
  const std::vector<TeacherLayer> layers = draw_teacher(spec, seed);
  std::vector<double> x, y;
  for (std::size_t s = 0; s < set.samples; ++s) {
    x.resize(set.inputs);
    set.read_inputs(s, x.data());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      apply(layers[l], l + 1 < layers.size(), x, y);
      std::swap(x, y);
    }
    set.targets.insert(set.targets.end(), x.begin(), x.end());
  }
  add_noise(set.targets, set.outputs, spec.noise, seed);
  return set;
}

}  // namespace deadrelu
