#include "sweep/sweep_shape.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <string_view>

#include "simd/math.h"

namespace deadrelu {
namespace {

bool matches(const std::vector<std::uint64_t>& values, std::uint64_t index) {
  return values.empty() || std::ranges::binary_search(values, index);
}

constexpr int kLogDigits = 12;
constexpr int kLinDigits = 15;

// The value with that many digits after the point (fixed) or after the first digit (scientific).
double rounded(double value, std::chars_format format, int digits) {
  char text[512];
  const auto end = std::to_chars(text, text + sizeof(text), value, format, digits).ptr;
  double result = value;
  std::from_chars(text, end, result, format);
  return result + 0.0;  // −0 is 0
}

// The decimal exponent of a number: 3 for 1234.
int decimal_exponent(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  const std::string_view digits =
      written.substr(written.find('e') + (written[written.find('e') + 1] == '+' ? 2 : 1));
  int exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  return exponent;
}

}  // namespace

std::uint64_t linear_index(const SweepShape& shape, const std::vector<std::uint64_t>& indices) {
  std::uint64_t index = 0;
  for (std::size_t axis = 0; axis < indices.size(); ++axis)
    index = index * shape.axis_sizes[axis] + indices[axis];
  return index;
}

bool is_excluded(const SweepShape& shape, const std::vector<std::uint64_t>& indices) {
  if (!shape.repeated.empty() && std::ranges::binary_search(shape.repeated, linear_index(shape, indices)))
    return true;
  return std::ranges::any_of(shape.exclusions, [&](const SweepShape::Exclusion& exclusion) {
    for (std::size_t axis = 0; axis < indices.size(); ++axis)
      if (!matches(exclusion[axis], indices[axis])) return false;
    return true;
  });
}

SweepCursor::SweepCursor(const SweepShape& shape) : shape_(&shape), indices_(shape.axis_sizes.size(), 0) {}

bool SweepCursor::next() {
  ended_ = ended_ || !advance();
  return !ended_;
}

bool SweepCursor::advance() {
  if (!started_) {
    started_ = true;
    if (shape_->seeds.size() == 0 || std::ranges::count(shape_->axis_sizes, 0U) != 0) return false;
    return !is_excluded(*shape_, indices_) || advance_point();
  }
  if (seed_index_ + 1 < shape_->seeds_at(indices_).size()) {
    ++seed_index_;
  } else {
    if (!advance_point()) return false;
    seed_index_ = 0;
    ++point_;
  }
  ++position_;
  return true;
}

std::uint64_t SweepCursor::seed() const { return shape_->seeds_at(indices_).at(seed_index_); }

bool SweepCursor::advance_point() {
  do {
    std::size_t axis = indices_.size();
    while (axis > 0 && ++indices_[axis - 1] == shape_->axis_sizes[axis - 1]) indices_[--axis] = 0;
    if (axis == 0) return false;
  } while (is_excluded(*shape_, indices_));
  return true;
}

// Axes that no exclusion mentions multiply; the points of the others, and of the one with seeds, are walked.
std::uint64_t sweep_size(const SweepShape& shape) {
  const bool own = !shape.own_seeds.empty();
  SweepShape walked;
  walked.exclusions.resize(shape.exclusions.size());
  std::uint64_t free = 1, stride = 1;  // stride: of the axis with seeds, in linear_index
  for (std::size_t axis = 0; axis < shape.axis_sizes.size(); ++axis) {
    const auto mentions = [&](const SweepShape::Exclusion& exclusion) { return !exclusion[axis].empty(); };
    const bool seeded = own && axis == shape.seeded_axis;
    if (own && axis > shape.seeded_axis) stride *= shape.axis_sizes[axis];
    if (seeded) walked.seeded_axis = walked.axis_sizes.size();
    if (!seeded && std::ranges::none_of(shape.exclusions, mentions)) {
      free *= shape.axis_sizes[axis];
      continue;
    }
    walked.axis_sizes.push_back(shape.axis_sizes[axis]);
    for (std::size_t i = 0; i < shape.exclusions.size(); ++i)
      walked.exclusions[i].push_back(shape.exclusions[i][axis]);
  }
  std::uint64_t runs = 0;
  for (SweepCursor cursor(walked); cursor.next();)
    runs += own ? shape.own_seeds[cursor.indices()[walked.seeded_axis]].size() : shape.seeds.size();
  runs *= free;
  for (const std::uint64_t point : shape.repeated)
    runs -= own ? shape.own_seeds[point / stride % shape.own_seeds.size()].size() : shape.seeds.size();
  return runs;
}

std::vector<double> range_values(double from, double to, std::uint64_t count, bool logarithmic, bool whole) {
  assert(std::abs(from) <= 1e100 && std::abs(to) <= 1e100 && 1 <= count && count <= kMostRangeValues);
  assert(!logarithmic || (from > 0 && to > 0));
  const double log_from = logarithmic ? portable_log(from) : 0, log_to = logarithmic ? portable_log(to) : 0;
  const int decimals =  // lin: digits after the point that are kept
      std::max(0, kLinDigits - 1 - decimal_exponent(std::max(std::abs(from), std::abs(to))));
  const auto value = [&](std::uint64_t i) {
    if (i == 0) return from + 0.0;
    if (i + 1 == count) return to + 0.0;
    const auto done = static_cast<double>(i), left = static_cast<double>(count - 1 - i), steps = done + left;
    return logarithmic ? rounded(portable_exp((log_from * left + log_to * done) / steps),
                                 std::chars_format::scientific, kLogDigits - 1)
                       : rounded((from * left + to * done) / steps, std::chars_format::fixed, decimals);
  };
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double next = whole ? std::round(value(i)) + 0.0 : value(i);
    if (values.empty() || next != values.back()) values.push_back(next);
  }
  return values;
}

}  // namespace deadrelu
