#include "data/array.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/number.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 0x3FFu;
  if (exponent == 0) return (sign != 0 ? -1.0f : 1.0f) * static_cast<float>(fraction) * 0x1p-24f;
  return std::bit_cast<float>(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

template <class Bits>
Bits swapped(Bits bits) {
  if constexpr (sizeof(Bits) == 2) return __builtin_bswap16(bits);
  if constexpr (sizeof(Bits) == 4) return __builtin_bswap32(bits);
  if constexpr (sizeof(Bits) == 8) return __builtin_bswap64(bits);
  return bits;
}

// Numbers that lie `stride` bytes apart.
struct Run {
  const std::byte* first;
  std::size_t stride, count;
  bool swap;

  template <class Bits, class Value>
  void read(double* to, Value value) const {
    for (std::size_t i = 0; i < count; ++i) {
      Bits bits;
      std::memcpy(&bits, first + i * stride, sizeof(Bits));
      to[i] = static_cast<double>(value(swap ? swapped(bits) : bits));
    }
  }

  void read(Element element, double* to) const {
    const auto as = []<class Number>(Number) { return [](auto bits) { return static_cast<Number>(bits); }; };
    switch (element) {
      case Element::kBool: return read<std::uint8_t>(to, [](std::uint8_t bits) { return bits != 0; });
      case Element::kInt8: return read<std::uint8_t>(to, as(std::int8_t{}));
      case Element::kInt16: return read<std::uint16_t>(to, as(std::int16_t{}));
      case Element::kInt32: return read<std::uint32_t>(to, as(std::int32_t{}));
      case Element::kInt64: return read<std::uint64_t>(to, as(std::int64_t{}));
      case Element::kUint8: return read<std::uint8_t>(to, as(std::uint8_t{}));
      case Element::kUint16: return read<std::uint16_t>(to, as(std::uint16_t{}));
      case Element::kUint32: return read<std::uint32_t>(to, as(std::uint32_t{}));
      case Element::kUint64: return read<std::uint64_t>(to, as(std::uint64_t{}));
      case Element::kFloat16: return read<std::uint16_t>(to, from_half);
      case Element::kBfloat16:
        return read<std::uint16_t>(
            to, [](std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); });
      case Element::kFloat32:
        return read<std::uint32_t>(to, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
      case Element::kFloat64:
        return read<std::uint64_t>(to, [](std::uint64_t bits) { return std::bit_cast<double>(bits); });
    }
  }
};

constexpr double kMostWhole = 0x1p53;  // beyond it doubles leave whole numbers out

std::string element_at(std::size_t row) { return fmt::format("element [{}]", row); }

// The place of the 1 in a row whose other numbers are 0.
std::size_t hot_place(const Array& targets, std::size_t row, const std::vector<double>& numbers) {
  const auto one = std::ranges::find(numbers, 1.0);
  if (one == numbers.end() ||
      std::ranges::count(numbers, 0.0) + 1 != static_cast<std::ptrdiff_t>(numbers.size()))
    fail_input(targets.place, element_at(row) +
                                  " is no class: a label is one whole number, or a row of which one "
                                  "number is 1 and the others 0");
  return static_cast<std::size_t>(one - numbers.begin());
}

// `classes`: how many there are; 0: as many as are found.
void read_labels(const Array& targets, std::size_t classes, Examples& set) {
  const std::size_t columns = targets.row_size();
  if (columns > 1 && classes == 0) classes = columns;
  std::vector<double> row(columns), values;
  values.reserve(set.samples);
  for (std::size_t s = 0; s < set.samples; ++s) {
    targets.read_row(s, row.data());
    const double value = columns == 1 ? row[0] : static_cast<double>(hot_place(targets, s, row));
    if (std::trunc(value) != value || std::abs(value) > kMostWhole)
      fail_input(
          targets.place,
          element_at(s) + " is no class label: a whole number is needed (data.task is classification)");
    if (classes > 0 && (value < 0 || value >= static_cast<double>(classes)))
      fail_input(targets.place, "{} is {}, no class from 0 to {}", element_at(s), number_text(value),
                 classes - 1);
    values.push_back(value);
  }
  set.classes = classes;
  if (classes > 0) {
    set.labels.assign(values.begin(), values.end());
    return;
  }
  std::vector<double>& found = set.class_values = values;
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  set.classes = found.size();
  for (const double value : values)
    set.labels.push_back(static_cast<std::uint32_t>(std::ranges::lower_bound(found, value) - found.begin()));
}

void require_examples(const Array& array) {
  if (array.shape.empty()) fail_input(array.place, "is a single number; an axis of examples is needed");
}

void read_targets(const Array& targets, const Array& inputs, const DataSpec& spec, Examples& set) {
  require_examples(targets);
  if (targets.shape[0] != inputs.shape[0])
    fail_input(targets.place, "has {} examples ({}), but {} has {} ({})", targets.shape[0],
               shape_text(targets.shape), inputs.place, inputs.shape[0], shape_text(inputs.shape));
  require_finite(targets);
  require_memory(targets.place, set.samples, targets.row_size(), sizeof(double));
  if (has_classes(spec)) return read_labels(targets, spec.label_classes, set);
  set.outputs = targets.row_size();
  set.targets.resize(set.samples * set.outputs);
  for (std::size_t s = 0; s < set.samples; ++s) targets.read_row(s, set.targets.data() + s * set.outputs);
}

}  // namespace

std::size_t bytes_of(Element element) {
  constexpr std::array<std::size_t, kNames<Element>.size()> kBytes{1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return kBytes[static_cast<std::size_t>(element)];
}

bool is_float(Element element) { return element >= Element::kFloat16; }

std::optional<std::size_t> array_bytes(Element element, const Lengths& shape) {
  std::size_t bytes = bytes_of(element);
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  for (const std::size_t length : shape)
    if (__builtin_mul_overflow(bytes, length, &bytes) || bytes > PTRDIFF_MAX) return std::nullopt;
  return bytes;
}

std::size_t Array::size() const {
  std::size_t size = 1;
  for (const std::size_t length : shape) size *= length;
  return size;
}

void Array::read_row(std::size_t row, double* to) const {
  const std::size_t width = bytes_of(element), count = row_size();
  if (!fortran_order || shape.size() < 2)
    return Run{bytes.data() + row * count * width, width, count, big_endian}.read(element, to);
  // Along the last axis numbers are as far apart as all other axes have places.
  const std::size_t length = shape.back(), stride = size() / length;
  for (std::size_t k = 0; k * length < count; ++k) {
    std::size_t offset = row, rest = k, below = stride;
    for (std::size_t axis = shape.size() - 2; axis > 0; --axis) {
      below /= shape[axis];
      offset += rest % shape[axis] * below;
      rest /= shape[axis];
    }
    Run{bytes.data() + offset * width, stride * width, length, big_endian}.read(element, to + k * length);
  }
}

std::string shape_text(const Lengths& shape) {
  return shape.empty() ? "a single number" : fmt::format("{}", fmt::join(shape, " × "));
}

void require_finite(const Array& array) {
  if (!is_float(array.element)) return;
  std::vector<double> row(array.row_size());
  for (std::size_t r = 0; r < array.shape[0]; ++r) {
    array.read_row(r, row.data());
    const auto found = std::ranges::find_if(row, [](double x) { return !std::isfinite(x); });
    if (found == row.end()) continue;
    std::string index;
    auto rest = static_cast<std::size_t>(found - row.begin());
    for (std::size_t axis = array.shape.size() - 1; axis > 0; --axis) {
      index.insert(0, fmt::format(", {}", rest % array.shape[axis]));
      rest /= array.shape[axis];
    }
    fail_input(array.place, "element [{}{}] is {} (counted from 0); a finite number is needed", r, index,
               std::isnan(*found) ? "not a number" : "infinite");
  }
}

Examples examples_of(Array inputs, const std::optional<Array>& targets, const DataSpec& spec) {
  require_examples(inputs);
  require_finite(inputs);
  Examples set;
  set.samples = inputs.shape[0];
  set.inputs = inputs.row_size();
  if (targets) read_targets(*targets, inputs, spec, set);
  set.array = std::move(inputs);
  return set;
}

void join_classes(Examples& a, Examples& b) {
  a.classes = b.classes = std::max(a.classes, b.classes);
  if (a.class_values == b.class_values) return;
  std::vector<double> all;
  std::set_union(a.class_values.begin(), a.class_values.end(), b.class_values.begin(), b.class_values.end(),
                 std::back_inserter(all));
  for (Examples* set : {&a, &b}) {
    for (std::uint32_t& label : set->labels)
      label =
          static_cast<std::uint32_t>(std::ranges::lower_bound(all, set->class_values[label]) - all.begin());
    set->class_values = all;
    set->classes = all.size();
  }
}

}  // namespace deadrelu
