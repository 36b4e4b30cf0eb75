// Examples from arrays.
#include <algorithm>
#include <cmath>

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

void read_labels(const Array& targets, Examples& set) {
  const std::size_t columns = targets.row_size();
  std::vector<double> row(columns), values;
  values.reserve(set.samples);
  for (std::size_t s = 0; s < set.samples; ++s) {
    targets.read_row(s, row.data());
    values.push_back(columns == 1 ? row[0] : static_cast<double>(hot_place(targets, s, row)));
    if (std::trunc(values[s]) != values[s] || std::abs(values[s]) > kMostWhole)
      fail_input(
          targets.place,
          element_at(s) + " is no class label: a whole number is needed (data.task is classification)");
  }
  std::vector<double>& classes = set.class_values;
  if (columns == 1) {
    classes = values;
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  } else {
    for (std::size_t c = 0; c < columns; ++c) classes.push_back(static_cast<double>(c));
  }
  set.classes = classes.size();
  for (const double value : values)
    set.labels.push_back(static_cast<std::uint32_t>(std::lower_bound(classes.begin(), classes.end(), value) -
                                                    classes.begin()));
}

void require_examples(const Array& array) {
  if (array.shape.empty()) fail_input(array.place, "is a single number; an axis of examples is needed");
}

}  // namespace

Examples examples_of(Array inputs, const Array& targets, bool classification) {
  require_examples(inputs);
  require_examples(targets);
  if (targets.shape[0] != inputs.shape[0])
    fail_input(targets.place, "has " + std::to_string(targets.shape[0]) + " examples (" +
                                  shape_text(targets.shape) + "), but " + inputs.place + " has " +
                                  std::to_string(inputs.shape[0]) + " (" + shape_text(inputs.shape) + ")");
  require_finite(inputs);
  require_finite(targets);
  Examples set;
  set.samples = inputs.shape[0];
  set.inputs = inputs.row_size();
  require_memory(targets.place, set.samples, targets.row_size(), sizeof(double));
  if (classification) {
    read_labels(targets, set);
  } else {
    set.outputs = targets.row_size();
    set.targets.resize(set.samples * set.outputs);
    for (std::size_t s = 0; s < set.samples; ++s) targets.read_row(s, set.targets.data() + s * set.outputs);
  }
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
