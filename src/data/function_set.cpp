// `function`: one of six target functions on an even grid or at random points.
//   grid     x_i = a + (b − a)·i/(n − 1) for i < n, both ends exact and symmetric; n = 1: the middle. Two
//   inputs: a
//            k×k grid with k = ⌊√samples⌋, the second input fastest, so k² examples.
//   uniform  x = a + (b − a)·u, purpose kData, stream = input, index = sample
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "data/examples.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

double grid_point(double a, double b, std::size_t i, std::size_t n) {
  if (n == 1) return 0.5 * a + 0.5 * b;
  const std::size_t last = n - 1;
  if (2 * i <= last) return a + (b - a) * (static_cast<double>(i) / static_cast<double>(last));
  return b - (b - a) * (static_cast<double>(last - i) / static_cast<double>(last));
}

std::size_t square_root(std::size_t n) {
  auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(n)));
  while (root * root > n) --root;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

void place_on_grid(const DataSpec& spec, Examples& set) {
  const auto [a, b] = spec.domain;
  if (set.inputs == 1) {
    for (std::size_t s = 0; s < set.samples; ++s) set.values[s] = grid_point(a, b, s, set.samples);
    return;
  }
  const std::size_t side = square_root(set.samples);
  for (std::size_t s = 0; s < set.samples; ++s) {
    set.values[2 * s] = grid_point(a, b, s / side, side);
    set.values[2 * s + 1] = grid_point(a, b, s % side, side);
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

// Targets of the functions of one input.
std::vector<double> evaluate(TargetFunction function, const std::vector<double>& x) {
  std::vector<double> y = x;
  if (function == TargetFunction::kXSin5x || function == TargetFunction::kStepSin) {
    for (double& value : y) value *= 5;
  }
  const bool takes_sine = function != TargetFunction::kAbs && function != TargetFunction::kQuadratic;
  if (takes_sine) vector_sin(y);
  for (std::size_t s = 0; s < x.size(); ++s) {
    switch (function) {
      case TargetFunction::kAbs:
        y[s] = std::abs(x[s]);
        break;
      case TargetFunction::kQuadratic:
        y[s] = x[s] * x[s];
        break;
      case TargetFunction::kXSin5x:
        y[s] *= x[s];
        break;
      case TargetFunction::kStepSin:
        y[s] = (x[s] > 0 ? 1 : 0) + 0.2 * y[s];
        break;
      case TargetFunction::kSine:
      case TargetFunction::kAbsSumDiff:
        break;
    }
  }
  return y;
}

std::vector<double> absolute_sum_and_difference(const std::vector<double>& x) {
  std::vector<double> y(x.size());
  for (std::size_t s = 0; s < x.size(); s += 2) {
    y[s] = std::abs(x[s] + x[s + 1]);
    y[s + 1] = std::abs(x[s] - x[s + 1]);
  }
  return y;
}

}  // namespace

Examples generate_function(const DataSpec& spec, std::uint64_t seed) {
  const bool two_inputs = spec.function == TargetFunction::kAbsSumDiff;
  Examples set;
  set.inputs = set.outputs = two_inputs ? 2 : 1;
  set.samples = spec.samples;
  if (two_inputs && spec.function_sampling == FunctionSampling::kGrid)
    set.samples = square_root(spec.samples) * square_root(spec.samples);
  set.values.resize(set.samples * set.inputs);
  if (spec.function_sampling == FunctionSampling::kUniform) {
    place_at_random(spec, seed, set);
  } else {
    place_on_grid(spec, set);
  }
  set.targets = two_inputs ? absolute_sum_and_difference(set.values) : evaluate(spec.function, set.values);
  add_noise(set.targets, set.outputs, spec.noise, seed);
  return set;
}

}  // namespace deadrelu
