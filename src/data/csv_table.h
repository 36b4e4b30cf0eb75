// A CSV file, opened: what its first rows tell of its columns, and its cells as numbers.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv_rows.h"
#include "data/data_spec.h"

namespace deadrelu {

// Cells as numbers, or as missing.
class CellReader {
 public:
  // decimal: what begins the fraction of a number. missing: what stands for a missing value.
  CellReader(char decimal, const std::vector<std::string>& missing);

  // Empty where the cell is no finite number, or stands for a missing one.
  std::optional<double> number(std::string_view cell) const {
    const char* const end = cell.data() + cell.size();
    unsigned whole = 0;  // what most files are full of, and read faster
    double value = 0;
    if (const auto read = std::from_chars(cell.data(), end, whole);
        read.ptr == end && read.ec == std::errc()) {
      value = whole;
    } else if (const auto real = std::from_chars(cell.data(), end, value);
               real.ptr != end || real.ec != std::errc() || !std::isfinite(value) || decimal_ != '.') {
      const std::optional<double> found = unusual(cell);
      if (!found) return std::nullopt;
      value = *found;
    }
    return stands_for_missing(value) ? std::nullopt : std::optional(value);
  }
  bool is_missing(std::string_view cell) const;
  char decimal() const { return decimal_; }

 private:
  bool stands_for_missing(double value) const {
    return !missing_numbers_.empty() && std::ranges::find(missing_numbers_, value) != missing_numbers_.end();
  }
  std::optional<double> unusual(std::string_view cell) const;

  char decimal_;
  std::set<std::string, std::less<>> missing_;
  std::vector<double> missing_numbers_;
};

// The text in quotes, as a message shows it: cut where it is long, without control characters.
std::string quoted_cell(std::string_view text);

// What to do about a cell that is no number; target: of a regression.
std::string hint_for(std::string_view cell, char decimal, bool target);

class CsvTable {
 public:
  // An input column; one of words has its categories, in order, each an input.
  struct Input {
    std::size_t column = 0;
    std::vector<std::string> categories = {};
    std::size_t inputs() const { return categories.empty() ? 1 : categories.size(); }
  };

  // Reads the first rows. Throws UserError(kInputOutput) for what they do not tell, and for columns that are not
  // there or have no use that makes sense.
  CsvTable(const std::string& path, const CsvSpec& spec);

  // The cells of the next row of data, as CsvRows::next; without what a separator at its end leaves empty.
  bool next(std::vector<CsvCell>& cells);

  std::string name(std::size_t column) const;   // its number where it has none
  std::string label(std::size_t column) const;  // "column 'x'", "column 3"
  std::string delimiter_name() const;
  // Throws UserError(kInputOutput) "FILE: text".
  [[noreturn]] void fail(const std::string& text) const;

  CsvRows rows;
  CellReader reader{'.', {}};
  std::vector<std::string> names;  // of the columns, those without one ""; empty: there is no header
  std::size_t width = 0;
  std::vector<Input> inputs;
  std::vector<std::size_t> targets, dropped;
  std::vector<std::string> class_names;  // where the first line tells them
  std::optional<std::size_t> count;      // of the rows, where the first line tells it

 private:
  bool is_number(const std::string& cell) const { return reader.number(cell).has_value(); }
  bool is_name(const std::string& cell) const { return !is_number(cell) && !reader.is_missing(cell); }
  [[noreturn]] void fail_without_rows(const char* text);
  char find_decimal() const;
  void find_header();
  bool is_count_line() const;
  bool is_header() const;
  [[noreturn]] void ask_for_header() const;
  std::size_t place_of(const ColumnRef& column) const;
  void choose_columns();

  const CsvSpec& spec_;
  const std::vector<std::vector<std::string>> preview_;
  std::size_t to_skip_ = 0;  // rows before the data
};

}  // namespace deadrelu
