// Examples from arrays.
#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr double kMostWhole = 0x1p53;  // beyond it doubles leave whole numbers out

std::string element_at(std::size_t row) { return "element [" + std::to_string(row) + "]"; }

// The place of the 1 in a row whose other numbers are 0.
std::size_t hot_place(const Array& targets, std::size_t row, const std::vector<double>& numbers) {
  const auto one = std::find(numbers.begin(), numbers.end(), 1.0);
  if (one == numbers.end() ||
      std::count(numbers.begin(), numbers.end(), 0.0) + 1 != static_cast<std::ptrdiff_t>(numbers.size()))
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
      fail_input(targets.place, element_at(s) + " is " + number_text(value) + ", no class from 0 to " +
                                    std::to_string(classes - 1));
    values.push_back(value);
  }
  set.classes = classes;
  if (classes > 0) {
    set.labels.assign(values.begin(), values.end());
    return;
  }
  std::vector<double>& found = set.class_values = values;
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  set.classes = found.size();
  for (const double value : values)
    set.labels.push_back(
        static_cast<std::uint32_t>(std::lower_bound(found.begin(), found.end(), value) - found.begin()));
}

void require_examples(const Array& array) {
  if (array.shape.empty()) fail_input(array.place, "is a single number; an axis of examples is needed");
}

void read_targets(const Array& targets, const Array& inputs, const DataSpec& spec, Examples& set) {
  require_examples(targets);
  if (targets.shape[0] != inputs.shape[0])
    fail_input(targets.place, "has " + std::to_string(targets.shape[0]) + " examples (" +
                                  shape_text(targets.shape) + "), but " + inputs.place + " has " +
                                  std::to_string(inputs.shape[0]) + " (" + shape_text(inputs.shape) + ")");
  require_finite(targets);
  require_memory(targets.place, set.samples, targets.row_size(), sizeof(double));
  if (has_classes(spec)) return read_labels(targets, spec.label_classes, set);
  set.outputs = targets.row_size();
  set.targets.resize(set.samples * set.outputs);
  for (std::size_t s = 0; s < set.samples; ++s) targets.read_row(s, set.targets.data() + s * set.outputs);
}

}  // namespace

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
      label = static_cast<std::uint32_t>(std::lower_bound(all.begin(), all.end(), set->class_values[label]) -
                                         all.begin());
    set->class_values = all;
    set->classes = all.size();
  }
}

}  // namespace deadrelu
