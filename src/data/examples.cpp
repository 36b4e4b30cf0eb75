#include "data/examples.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr std::array<double, 256> make_pixel_values() {
  std::array<double, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 255;
  return values;
}

constexpr std::array<double, 256> kPixelValues = make_pixel_values();

std::size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(bytes)
                                : SIZE_MAX;
}

}  // namespace

void Examples::read_inputs(std::size_t sample, double* row) const {
  if (array) return array->read_row(sample, row);
  if (pixels.empty()) {
    std::copy_n(values.data() + sample * inputs, inputs, row);
    return;
  }
  const std::uint8_t* from = pixels.data() + sample * inputs;
  for (std::size_t i = 0; i < inputs; ++i) row[i] = kPixelValues[from[i]];
}

void require_memory(const std::string& what, std::size_t samples, std::size_t values_per_sample,
                    std::size_t bytes_per_value) {
  std::size_t bytes = 0;
  const bool overflow = __builtin_mul_overflow(samples, values_per_sample, &bytes) ||
                        __builtin_mul_overflow(bytes, bytes_per_value, &bytes);
  if (!overflow && bytes <= physical_memory()) return;
  fail_input(what, "{} examples of {} numbers are more than this machine's memory holds", samples,
             values_per_sample);
}

void add_noise(std::vector<double>& values, std::size_t columns, double deviation, std::uint64_t seed) {
  if (deviation == 0) return;
  std::vector<double> draws(values.size() / columns);
  for (std::size_t c = 0; c < columns; ++c) {
    fill_normal(draws, seed, Purpose::kNoise, static_cast<std::uint32_t>(c), 0);
    for (std::size_t s = 0; s < draws.size(); ++s) values[s * columns + c] += deviation * draws[s];
  }
}

Examples sized_examples(const DataSpec& spec) {
  const DataShape shape = traits_of(spec.kind).shape(spec);
  Examples set;
  set.samples = shape.samples;
  set.inputs = shape.inputs;
  set.classes = shape.classes;
  set.values.resize(set.samples * set.inputs);
  if (set.classes == 0) {
    set.outputs = shape.outputs;
    set.targets.resize(set.samples * set.outputs);
    return set;
  }
  set.labels.resize(set.samples);
  for (std::size_t s = 0; s < set.samples; ++s) set.labels[s] = static_cast<std::uint32_t>(s % set.classes);
  return set;
}

void draw_normal_inputs(Examples& set, std::uint64_t seed) {
  std::vector<double> draws(set.samples);
  for (std::size_t i = 0; i < set.inputs; ++i) {
    fill_normal(draws, seed, Purpose::kData, static_cast<std::uint32_t>(i), 0);
    for (std::size_t s = 0; s < set.samples; ++s) set.values[s * set.inputs + i] = draws[s];
  }
}

std::size_t grid_side(std::size_t samples, std::size_t inputs) {
  if (inputs == 1) return samples;
  const auto fits = [&](std::size_t side) {
    std::size_t left = samples;
    for (std::size_t i = 0; i < inputs && side > 1; ++i) left /= side;
    return left > 0;
  };
  std::size_t side = 1;
  while (fits(side + 1)) ++side;
  return side;
}

Examples copy_points(const DataSpec& spec, std::uint64_t /*seed*/) {
  const PointList& inputs = *spec.inputs;
  const PointList& targets = spec.target_source == TargetSource::kInputs ? inputs : *spec.targets;
  Examples set;
  const auto fail = [](const std::string& text) { throw UserError(ExitCode::kInputOutput, "data: " + text); };
  set.samples = inputs.size();
  if (set.samples == 0) fail("points: 'inputs' holds no example");
  if (targets.size() != set.samples)
    fail(fmt::format("points: {} inputs, but {} targets", set.samples, targets.size()));
  set.inputs = inputs[0].size();
  set.outputs = targets[0].size();
  if (set.inputs == 0 || set.outputs == 0) fail("points: an example needs at least one input and one target");
  for (std::size_t s = 0; s < set.samples; ++s) {
    if (inputs[s].size() != set.inputs || targets[s].size() != set.outputs) {
      fail(fmt::format("points: example {} has {} inputs and {} targets, the first one {} and {}", s,
                       inputs[s].size(), targets[s].size(), set.inputs, set.outputs));
    }
    set.values.insert(set.values.end(), inputs[s].begin(), inputs[s].end());
    set.targets.insert(set.targets.end(), targets[s].begin(), targets[s].end());
  }
  return set;
}

}  // namespace deadrelu
