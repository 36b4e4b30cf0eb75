// Records as text: CSV and JSON for programs, aligned tables for a person.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "probe/columns.h"

namespace deadrelu {

// Members in the order in which they are added.
using Json = nlohmann::ordered_json;

// An object on one line, but for its lists of objects, which have a line for each.
std::string json_text(const Json& object);

// A number, text or null.
Json json_of(const Cell& cell);

// For a person: reals with so many digits, "" where it is missing.
std::string shown_cell(const Cell& cell, int digits);

struct TableCell {
  TableCell(std::string shown, std::optional<double> judged = {}) : text(std::move(shown)), badness(judged) {}
  std::string text;
  std::optional<double> badness;  // in [0, 1]: green to red; none: no colour
};

// A small table for a person: aligned, and coloured where standard output can show it.
struct TextTable {
  std::string title;                         // a line above; "" for none
  std::vector<std::string> heads;            // of every column, the row labels' first
  std::vector<std::vector<TableCell>> rows;  // [row][column]
};

// What its columns need.
std::vector<std::size_t> column_widths(const TextTable& table);

// A table on standard output, row by row as it comes: CSV with a head, or a JSON array with an object a line. With
// `aligned`, a terminal gets what would be CSV as a table, once it is finished.
class RowPrinter {
 public:
  explicit RowPrinter(bool json, bool aligned = false)
      : json_(json), aligned_(aligned && !json && output_is_terminal()) {}
  void columns(std::span<const std::string> names);
  void row(std::span<const Cell> cells);  // as many as columns
  void object(const Json& object);        // REQUIRES: JSON
  void finish();                          // nothing may follow

 private:
  void start_object();

  const bool json_, aligned_;
  bool any_ = false;
  std::vector<std::string> keys_;  // as JSON
  std::string line_;
  TextTable table_;
  StandardOutput out_;
};

// Lines with the first column to the left and all others to the right, in columns as wide as they need.
std::string render(const TextTable& table);

}  // namespace deadrelu
