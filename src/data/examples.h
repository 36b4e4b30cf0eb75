// Examples as a file or a generator gives them: before limit, split and scaling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/array.h"
#include "data/data_spec.h"
#include "data/found.h"

namespace deadrelu {

// Inputs are in `values`, `pixels` or `array`, targets in `targets` (regression) or `labels` (classification).
struct Examples {
  std::size_t samples = 0;
  std::size_t inputs = 0;             // per sample
  std::size_t outputs = 0;            // regression: targets per sample
  std::size_t classes = 0;            // 0: regression
  std::vector<double> values;         // [sample][input]
  std::vector<std::uint8_t> pixels;   // [sample][input], each standing for pixel/255
  std::optional<Array> array;         // [sample][…], in its file
  std::vector<double> targets;        // [sample][output]
  std::vector<std::uint32_t> labels;  // [sample], below classes
  // Labels as numbers of the user's: class c is called class_values[c], ascending; empty: by its number.
  std::vector<double> class_values;
  FoundData found;  // what a reader has to say of the file

  // Writes the inputs of one sample to row[0 … inputs−1].
  void read_inputs(std::size_t sample, double* row) const;
};

// Throws UserError(kInputOutput) where `samples` examples of `values_per_sample` numbers of `bytes_per_value`
// are more than this machine's memory. Called before anything of that size is allocated; `what` begins the
// sentence.
void require_memory(const std::string& what, std::size_t samples, std::size_t values_per_sample,
                    std::size_t bytes_per_value);

// Adds N(0, deviation²) to each entry of `values` [sample][column]: stream = column, index = sample.
// Deviation 0 draws nothing.
void add_noise(std::vector<double>& values, std::size_t columns, double deviation, std::uint64_t seed);

// A generated set of the size that the spec tells, still to be filled: values and targets are 0, example s is
// of class s mod classes.
Examples sized_examples(const DataSpec& spec);

// values [sample][input] ~ N(0, 1): purpose kData, stream = input, index = sample.
void draw_normal_inputs(Examples& set, std::uint64_t seed);

// ⌊samples^(1/inputs)⌋: examples along a side of a grid.
std::size_t grid_side(std::size_t samples, std::size_t inputs);

// The CSV file, read as the spec says and its first rows show. Classes are counted, and means taken, over the
// whole file. Throws UserError(kInputOutput): `FILE:LINE: column 'x': what is wrong` for the first mistakes, and
// how many there are in all; FILE:1 with a question where the first rows leave doubt.
Examples read_csv(const std::string& path, const CsvSpec& spec, bool classification);

// The first `limit` (0: all) images of an IDX pair, plain or gzip. Classes are counted over the whole label
// file. Throws UserError(kInputOutput) naming file and bytes.
Examples read_idx(const std::string& images, const std::string& labels, std::size_t limit);

// Arrays with an example in each place of their first axes; the rest of the axes is flattened. The spec says
// whether targets are classes: whole numbers, one an example, or rows of which one number is 1 and the others
// 0; and how many there are, else those that the whole array has, by their values. Throws
// UserError(kInputOutput) naming array and place for numbers that are not finite, labels that are none, and
// arrays that do not go together. Without targets there are 0 outputs.
Examples examples_of(Array inputs, const std::optional<Array>& targets, const DataSpec& spec);

// Gives both sets the classes of either of them: by number, or by value where they have values.
void join_classes(Examples& a, Examples& b);

}  // namespace deadrelu
