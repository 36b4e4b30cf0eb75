// `gaussian`: x ~ N(0, 1) and a target of it: 0, w·x with w ~ N(0, 1/inputs) (purpose kTeacher, stream 0,
// index = input), or ‖x‖/√inputs.
#include <cmath>

#include "base/random.h"
#include "data/examples.h"
#include "simd/normal.h"

namespace deadrelu {

Examples generate_gaussian(const DataSpec& spec, std::uint64_t seed) {
  Examples set;
  set.samples = spec.samples;
  set.inputs = spec.dimensions;
  set.outputs = 1;
  set.values = standard_normal_inputs(set.samples, set.inputs, seed);
  set.targets.resize(set.samples);
  const double root = std::sqrt(static_cast<double>(set.inputs));
  std::vector<double> weights(spec.gaussian_target == GaussianTarget::kLinear ? set.inputs : 0);
  fill_normal(weights, seed, Purpose::kTeacher, 0, 0);
  for (double& weight : weights) weight /= root;
  for (std::size_t s = 0; s < set.samples; ++s) {
    const double* x = set.values.data() + s * set.inputs;
    double sum = 0;
    for (std::size_t i = 0; i < set.inputs; ++i) {
      switch (spec.gaussian_target) {
        case GaussianTarget::kZero:
          break;
        case GaussianTarget::kLinear:
          sum = std::fma(weights[i], x[i], sum);
          break;
        case GaussianTarget::kNorm:
          sum = std::fma(x[i], x[i], sum);
          break;
      }
    }
    set.targets[s] = spec.gaussian_target == GaussianTarget::kNorm ? std::sqrt(sum) / root : sum;
  }
  add_noise(set.targets, 1, spec.noise, seed);
  return set;
}

}  // namespace deadrelu
