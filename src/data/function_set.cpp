// The synthetic regression sets.
//   function, grid     x_i = a + (b − a)·i/(n − 1) for i < n, both ends exact and symmetric; n = 1: the middle.
//                      d inputs: a grid of k a side with k = ⌊samples^(1/d)⌋, the last input fastest, so k^d
//                      examples.
//   function, uniform  x = a + (b − a)·u: purpose kData, stream = input, index = sample
//   gaussian           x ~ N(0, 1) and a target of it: 0, w·x with w ~ N(0, 1/inputs) (purpose kTeacher,
//                      stream 0, index = input), or ‖x‖/√inputs
//   teacher            x ~ N(0, 1), targets from a random ReLU network with a linear output layer. Every layer,
//                      the output layer too, has He normal weights and biases ~ N(0, teacher_bias²): purpose
//                      kTeacher, stream = layer, index = position in [out][in], then the biases
// All of them then have N(0, noise²) added to their targets.
#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/error.h"
#include "base/number.h"
#include "data/examples.h"
#include "simd/formula.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

double grid_point(double a, double b, std::size_t i, std::size_t n) {
  if (n == 1) return 0.5 * a + 0.5 * b;
  const std::size_t last = n - 1;
  if (2 * i <= last) return a + (b - a) * (static_cast<double>(i) / static_cast<double>(last));
  return b - (b - a) * (static_cast<double>(last - i) / static_cast<double>(last));
}

void place_on_grid(const DataSpec& spec, Examples& set) {
  const auto [a, b] = spec.domain;
  if (set.inputs == 1) {
    for (std::size_t s = 0; s < set.samples; ++s) set.values[s] = grid_point(a, b, s, set.samples);
    return;
  }
  const std::size_t side = grid_side(set.samples, set.inputs);
  for (std::size_t s = 0; s < set.samples; ++s) {
    std::size_t rest = s;
    for (std::size_t i = set.inputs; i-- > 0; rest /= side)
      set.values[s * set.inputs + i] = grid_point(a, b, rest % side, side);
  }
}

void place_at_random(const DataSpec& spec, std::uint64_t seed, Examples& set) {
  const auto [a, b] = spec.domain;
  for (std::size_t s = 0; s < set.samples; ++s) {
    for (std::size_t i = 0; i < set.inputs; ++i) {
      const double u = random_uniform(seed, Purpose::kData, static_cast<std::uint32_t>(i), s);
      set.values[s * set.inputs + i] = std::min(a + (b - a) * u, b);
    }
  }
}

std::vector<std::string> formulas_named(TargetFunction function) {
  switch (function) {
    case TargetFunction::kAbs: return {"abs(x)"};
    case TargetFunction::kSine: return {"sin(x)"};
    case TargetFunction::kQuadratic: return {"x^2"};
    case TargetFunction::kXSin5x: return {"x*sin(5*x)"};
    case TargetFunction::kStepSin: return {"(x > 0) + 0.2*sin(5*x)"};           // Lu et al. 2019
    case TargetFunction::kAbsSumDiff: return {"abs(x1 + x2)", "abs(x1 - x2)"};  // Lu et al. 2019
  }
  return {};
}

std::vector<Formula> parsed(const std::vector<std::string>& texts) {
  std::vector<Formula> formulas;
  for (const std::string& text : texts) {
    FormulaError error;
    std::optional<Formula> formula = Formula::parse(text, error);
    assert(formula);
    formulas.push_back(*std::move(formula));
  }
  return formulas;
}

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

[[noreturn]] void fail_formula(std::size_t target, double value, const Examples& set, std::size_t s) {
  std::string at;
  for (std::size_t i = 0; i < set.inputs; ++i)
    at += (i > 0 ? ", x" : "x") + (set.inputs > 1 ? std::to_string(i + 1) : "") + " = " +
          number_text(set.values[s * set.inputs + i]);
  throw UserError(ExitCode::kInputOutput,
                  fmt::format("data: the formula of target {} is {} at {}; targets are finite numbers",
                              target + 1, number_text(value), at));
}

}  // namespace

// Sweeps ask for the same ones run after run.
const std::vector<Formula>& formulas_of(const DataSpec& spec) {
  if (spec.formulas.empty()) {
    static const auto named = [] {
      std::array<std::vector<Formula>, names_of<TargetFunction>().size()> all;
      for (const TargetFunction function : values_of<TargetFunction>())
        all[static_cast<std::size_t>(function)] = parsed(formulas_named(function));
      return all;
    }();
    return named[static_cast<std::size_t>(spec.function)];
  }
  thread_local std::vector<std::string> texts;
  thread_local std::vector<Formula> formulas;
  if (texts != spec.formulas) formulas = parsed(texts = spec.formulas);
  return formulas;
}

std::size_t inputs_of(std::span<const Formula> formulas) {
  std::size_t inputs = 1;
  for (const Formula& formula : formulas) inputs = std::max(inputs, formula.inputs());
  return inputs;
}

Examples generate_function(const DataSpec& spec, std::uint64_t seed) {
  Examples set = sized_examples(spec);
  if (spec.function_sampling == FunctionSampling::kUniform) {
    place_at_random(spec, seed, set);
  } else {
    place_on_grid(spec, set);
  }
  std::vector<std::vector<double>> inputs(set.inputs, std::vector<double>(set.samples));
  for (std::size_t s = 0; s < set.samples; ++s)
    for (std::size_t i = 0; i < set.inputs; ++i) inputs[i][s] = set.values[s * set.inputs + i];
  const std::vector<Formula>& formulas = formulas_of(spec);
  for (std::size_t o = 0; o < formulas.size(); ++o) {
    const std::vector<double> values =
        evaluate(formulas[o], formulas[o].values_of_numbers(spec.numbers), inputs);
    for (std::size_t s = 0; s < set.samples; ++s) {
      if (!std::isfinite(values[s])) fail_formula(o, values[s], set, s);
      set.targets[s * set.outputs + o] = values[s];
    }
  }
  add_noise(set.targets, set.outputs, spec.noise, seed);
  return set;
}

Examples generate_gaussian(const DataSpec& spec, std::uint64_t seed) {
  Examples set = sized_examples(spec);
  draw_normal_inputs(set, seed);
  const double root = std::sqrt(static_cast<double>(set.inputs));
  std::vector<double> weights(spec.gaussian_target == GaussianTarget::kLinear ? set.inputs : 0);
  fill_normal(weights, seed, Purpose::kTeacher, 0, 0);
  for (double& weight : weights) weight /= root;
  for (std::size_t s = 0; s < set.samples; ++s) {
    const double* x = set.values.data() + s * set.inputs;
    double sum = 0;
    for (std::size_t i = 0; i < set.inputs; ++i) {
      switch (spec.gaussian_target) {
        case GaussianTarget::kZero: break;
        case GaussianTarget::kLinear: sum = std::fma(weights[i], x[i], sum); break;
        case GaussianTarget::kNorm: sum = std::fma(x[i], x[i], sum); break;
      }
    }
    set.targets[s] = spec.gaussian_target == GaussianTarget::kNorm ? std::sqrt(sum) / root : sum;
  }
  add_noise(set.targets, 1, spec.noise, seed);
  return set;
}

Examples generate_teacher(const DataSpec& spec, std::uint64_t seed) {
  Examples set = sized_examples(spec);
  draw_normal_inputs(set, seed);
  const std::vector<TeacherLayer> layers = draw_teacher(spec, seed);
  std::vector<double> x, y;
  for (std::size_t s = 0; s < set.samples; ++s) {
    x.resize(set.inputs);
    set.read_inputs(s, x.data());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      apply(layers[l], l + 1 < layers.size(), x, y);
      std::swap(x, y);
    }
    std::ranges::copy(x, set.targets.data() + s * set.outputs);
  }
  add_noise(set.targets, set.outputs, spec.noise, seed);
  return set;
}

}  // namespace deadrelu
