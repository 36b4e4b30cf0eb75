// A grid of SQL aggregates over the runs of a result directory, and tables of it that fit the screen.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/print.h"
#include "store/store_reader.h"

namespace deadrelu {

enum class Format {
  kNumber,  // without a judgement
  kBad,     // a fraction that had better be 0
  kGood,    // … or 1
};

// An SQL aggregate: a number, or a text "3/10" that had better be 0.
struct Quantity {
  std::string title, sql;
  Format format = Format::kNumber;
};

// Quantities at the points of a grid, whose axes have their values in the order of the sweep.
struct Pivot {
  std::vector<Quantity> quantities;
  std::vector<Cell> rows, columns;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Cell>> points;  // a cell a quantity

  // Missing where the point or the quantity has nothing.
  Cell at(std::size_t row, std::size_t column, std::size_t quantity) const;
  // Whether the quantity says something somewhere: there is a number, or a share above 0.
  bool tells(std::size_t quantity) const;
};

// `axes`: "ROW, COLUMN" in SQL; `order` hands them out in the order in which they are shown.
Pivot pivot(const StoreReader& store, const std::string& axes, const std::string& order,
            const std::string& source, std::vector<Quantity> quantities);

// The values of an axis as people call them: of an object its name, and what tells it from others of that name.
std::vector<std::string> axis_labels(std::span<const Cell> values);

// The same of lists of values: [list][place], each place an axis of its own.
std::vector<std::vector<std::string>> list_labels(const std::vector<std::vector<Cell>>& lists);
// The labels on a terminal, where people read them; elsewhere the values themselves.
std::vector<std::vector<Cell>> shown_lists(const std::vector<std::vector<Cell>>& lists);

// A value of the quantity, "-" where there is none.
TableCell quantity_cell(const Cell& value, Format format);

// The table with as many columns and rows as a screen holds, evenly spread, the first and the last among them; a line
// says how many are left out.
std::string fitted(const TextTable& table, const std::string& rows, const std::string& columns);
// The same with every column: those that do not fit beside the others follow below.
std::string in_pieces(const TextTable& table, const std::string& rows);

}  // namespace deadrelu
