// The tables that a run leaves, and their columns: one descriptor that the store, the exports, columns.json,
// `explain` and the tests loop over. Another table is a row type and a list in probe/rows.h, its columns and
// its line in probe/columns.cpp, and whoever fills the rows.
#pragma once

#include <cmath>
#include <functional>
#include <variant>

#include "probe/rows.h"

namespace deadrelu {

enum class ColumnType { kInteger, kReal, kText, kJson };

std::string_view column_type_name(ColumnType type);  // "integer", "real", "text", "json"

// One value of a table. Missing, an empty cell: monostate.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

// What the summary of a point says of a column of `runs`: statistics, or how many runs have the flag.
enum class SummaryUse { kOmitted, kQuantity, kFlag };

struct ColumnInfo {
  std::string name;
  std::string unit;        // "1" for a pure number, "" for text, "steps", "units", …
  std::string meaning;     // one sentence
  std::string definition;  // the formula, and its source where there is one
  SummaryUse summary = SummaryUse::kOmitted;
  ColumnType type = ColumnType::kText;  // of a field, as the field says
};

struct Column {
  ColumnInfo info;
  std::function<Cell(const void* row)> read;  // REQUIRES: a row of the column's table
};

// A column of a table with rows of this type, with the field that it shows.
template <class Row>
struct ColumnOf : Column {
  ColumnOf(ColumnInfo about, std::int64_t Row::*field)
      : ColumnOf(std::move(about), ColumnType::kInteger, [field](const Row& row) {
          return row.*field == kMissingInteger ? Cell() : Cell(row.*field);
        }) {}
  ColumnOf(ColumnInfo about, double Row::*field)
      : ColumnOf(std::move(about), ColumnType::kReal,
                 [field](const Row& row) { return std::isfinite(row.*field) ? Cell(row.*field) : Cell(); }) {}
  template <class Field>
  ColumnOf(std::string name, Field field, std::string unit, std::string meaning, std::string definition,
           SummaryUse summary = SummaryUse::kOmitted)
      : ColumnOf({std::move(name), std::move(unit), std::move(meaning), std::move(definition), summary},
                 field) {}
  // Text (of a name, say), or JSON. Missing where it is empty.
  ColumnOf(ColumnInfo about, std::string (*text)(const Row&), ColumnType type = ColumnType::kText)
      : ColumnOf(std::move(about), type, [text](const Row& row) {
          std::string value = text(row);
          return value.empty() ? Cell() : Cell(std::move(value));
        }) {}

 private:
  template <class Read>
  ColumnOf(ColumnInfo about, ColumnType type, const Read& read_row)
      : Column{std::move(about),
               [read_row](const void* row) { return read_row(*static_cast<const Row*>(row)); }} {
    info.type = type;
  }
};

// The rows of one run in a table, whatever their type.
struct Rows {
  const std::byte* first;
  std::size_t count, bytes;  // of one row
  const void* operator[](std::size_t i) const { return first + i * bytes; }
};

struct Table {
  std::string name;         // of the view and, without extension, of the exported files: "layers"
  std::string stored_name;  // of the table in the store: "layer_rows"
  std::size_t keys;  // leading columns that say which row of a run it is, never missing; 0: one row a run
  bool always;       // exported even without rows
  bool RecordSpec::*wanted = nullptr;  // what record.tables sets; null: not by it
  std::vector<Column> columns;
  std::function<Rows(const RunRecord&)> rows;

  bool has_one_row() const { return keys == 0; }
  bool has_json() const;  // in a column
};

// A table whose rows are a list in RunRecord.
template <class Row>
Table table_of(std::string name, std::string stored_name, std::size_t keys,
               std::span<const ColumnOf<Row>> columns, std::vector<Row> RunRecord::*list,
               bool RecordSpec::*wanted = nullptr) {
  return {std::move(name),
          std::move(stored_name),
          keys,
          false,
          wanted,
          {columns.begin(), columns.end()},
          [list](const RunRecord& record) {
            const std::vector<Row>& rows = record.*list;
            return Rows{reinterpret_cast<const std::byte*>(rows.data()), rows.size(), sizeof(Row)};
          }};
}

using Tables = std::vector<Table>;

// `runs` first, which alone has one row a run. A table's columns are without those that the store puts in
// front of them: run_id, and in `runs` seed and the swept keys.
const Tables& result_tables();

// run_id and seed.
std::span<const ColumnInfo> key_columns();

}  // namespace deadrelu
