// A small table for a person: aligned, and coloured where the terminal can.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace deadrelu {

struct TableCell {
  std::string text;
  std::optional<double> badness;  // in [0, 1]: green to red; none: no colour
};

struct TextTable {
  std::string title;                         // a line above; "" for none
  std::vector<std::string> heads;            // of every column, the row labels' first
  std::vector<std::vector<TableCell>> rows;  // [row][column]
};

// Lines with the first column to the left and all others to the right, in columns as wide as they need.
std::string render(const TextTable& table, bool colours);

}  // namespace deadrelu
