// The cells of a table as text, and lists of them numbered.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "probe/columns.h"

namespace deadrelu {

// Appends the text as a quoted JSON string; bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& line, std::string_view text);

// RFC 4180 cell texts; reals through append_real, missing (and not finite) as an empty cell.
void append_csv_cell(std::string& line, const Cell& cell);
// The same as a JSON value; missing is null.
void append_json_cell(std::string& line, const Cell& cell);

// All of them with commas between, without a line end.
void append_csv_row(std::string& line, std::span<const Cell> cells);

// Numbers lists of cells in the order in which they first come.
class Numbering {
 public:
  std::size_t number(const std::vector<Cell>& cells) {
    const auto [place, added] = numbers_.try_emplace(cells, values_.size());
    if (added) values_.push_back(cells);
    return place->second;
  }
  const std::vector<std::vector<Cell>>& values() const { return values_; }

 private:
  std::map<std::vector<Cell>, std::size_t> numbers_;
  std::vector<std::vector<Cell>> values_;
};

}  // namespace deadrelu
