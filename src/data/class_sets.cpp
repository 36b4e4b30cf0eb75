// The synthetic classification sets. Example s belongs to class s mod classes, so that every prefix is
// balanced; with n examples in its class, its number there is j = ⌊s/classes⌋.
//   blobs    centre[class] + spread·N(0, 1); centres uniform in the box. Purpose kData: stream 2·input, index =
//            sample for the normals, stream 2·input + 1, index = class for the centres.
//   circles  r·(cos t, sin t), t = 2πj/n, r = 1 (class 0) or factor (class 1)    (scikit-learn's make_circles)
//   moons    (cos t, sin t), t = πj/(n − 1), or (1 − cos t, 0.5 − sin t)         (scikit-learn's make_moons)
//   spirals  r·(cos t, sin t), r = (j + 1)/n, t = 2π(turns·r + class/classes)
//   xor      uniform in [−1, 1]²; class 0 where x1·x2 > 0, class 1 where x1·x2 < 0 (x2's sign is turned to fit
//            the class); as a table the points (0, 0), (0, 1), (1, 0), (1, 1)
// circles, moons, spirals and xor then have N(0, noise²) added to their inputs.
#include <cmath>
#include <numbers>

#include "data/examples.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr double kPi = std::numbers::pi;

// Where an example stands in its class.
struct Member {
  std::size_t label;
  double number;  // j
  double count;   // n
};

Member member(const Examples& set, std::size_t s) {
  const std::size_t label = s % set.classes;
  const std::size_t count = (set.samples - label - 1) / set.classes + 1;
  return {label, static_cast<double>(s / set.classes), static_cast<double>(count)};
}

// (cos t, sin t) of each example's angle t, still to be scaled and moved.
template <class Angle>
Examples on_unit_circle(const DataSpec& spec, Angle angle) {
  Examples set = sized_examples(spec);
  for (std::size_t s = 0; s < set.samples; ++s) {
    const double t = angle(member(set, s));
    set.values[2 * s] = t + kPi / 2;
    set.values[2 * s + 1] = t;
  }
  vector_sin(set.values);
  return set;
}

void scale_point(Examples& set, std::size_t s, double radius) {
  set.values[2 * s] *= radius;
  set.values[2 * s + 1] *= radius;
}

}  // namespace

Examples generate_blobs(const DataSpec& spec, std::uint64_t seed) {
  Examples set = sized_examples(spec);
  std::vector<double> draws(set.samples), centres(set.classes);
  const auto [low, high] = spec.box;
  for (std::size_t i = 0; i < set.inputs; ++i) {
    const auto stream = static_cast<std::uint32_t>(2 * i);
    fill_normal(draws, seed, Purpose::kData, stream, 0);
    for (std::size_t c = 0; c < set.classes; ++c)
      centres[c] = (high - low) * random_uniform(seed, Purpose::kData, stream + 1, c) + low;
    for (std::size_t s = 0; s < set.samples; ++s)
      set.values[s * set.inputs + i] = centres[set.labels[s]] + spec.spread * draws[s];
  }
  return set;
}

Examples generate_circles(const DataSpec& spec, std::uint64_t seed) {
  Examples set = on_unit_circle(spec, [](Member m) { return 2 * kPi * m.number / m.count; });
  for (std::size_t s = 0; s < set.samples; ++s) scale_point(set, s, set.labels[s] == 0 ? 1 : spec.factor);
  add_noise(set.values, 2, spec.noise, seed);
  return set;
}

Examples generate_moons(const DataSpec& spec, std::uint64_t seed) {
  Examples set =
      on_unit_circle(spec, [](Member m) { return m.count > 1 ? kPi * m.number / (m.count - 1) : 0; });
  for (std::size_t s = 0; s < set.samples; ++s) {
    if (set.labels[s] == 0) continue;
    set.values[2 * s] = 1 - set.values[2 * s];
    set.values[2 * s + 1] = 0.5 - set.values[2 * s + 1];
  }
  add_noise(set.values, 2, spec.noise, seed);
  return set;
}

Examples generate_spirals(const DataSpec& spec, std::uint64_t seed) {
  const double arms = static_cast<double>(spec.classes);
  const auto radius = [](Member m) { return (m.number + 1) / m.count; };
  Examples set = on_unit_circle(spec, [&](Member m) {
    return 2 * kPi * (spec.turns * radius(m) + static_cast<double>(m.label) / arms);
  });
  for (std::size_t s = 0; s < set.samples; ++s) scale_point(set, s, radius(member(set, s)));
  add_noise(set.values, 2, spec.noise, seed);
  return set;
}

Examples generate_xor(const DataSpec& spec, std::uint64_t seed) {
  Examples set = sized_examples(spec);
  for (std::size_t s = 0; s < set.samples && spec.table; ++s) {
    set.values[2 * s] = static_cast<double>(s / 2);
    set.values[2 * s + 1] = static_cast<double>(s % 2);
    set.labels[s] = s == 1 || s == 2 ? 1 : 0;
  }
  if (spec.table) return set;
  for (std::size_t s = 0; s < set.samples; ++s) {
    double* x = set.values.data() + 2 * s;
    for (std::uint32_t i = 0; i < 2; ++i) x[i] = 2 * random_uniform(seed, Purpose::kData, i, s) - 1;
    const bool same_sign = x[0] * x[1] > 0;
    if (same_sign != (set.labels[s] == 0)) x[1] = -x[1];
  }
  add_noise(set.values, 2, spec.noise, seed);
  return set;
}

}  // namespace deadrelu
