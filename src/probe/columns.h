// The columns of the tables: one list that the store, the exports, columns.json and `explain` all read.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "probe/rows.h"

namespace deadrelu {

enum class ColumnType { kInteger, kReal, kText };

struct ColumnInfo {
  const char* name;
  const char* unit;        // "1" for a pure number, "" for text, "steps", "units", …
  const char* meaning;     // one sentence
  const char* definition;  // the formula, and its source where there is one
};

template <class Row>
struct Column {
  ColumnInfo info;
  std::variant<std::int64_t Row::*, double Row::*> field;
  ColumnType type() const { return field.index() == 0 ? ColumnType::kInteger : ColumnType::kReal; }
};

// In the order of the tables; without run_id (metrics, layers, units) and without run_id, seed, the swept
// columns and status (runs), which every table's writer puts in front.
std::span<const Column<MetricsRow>> metrics_columns();
std::span<const Column<LayerRow>> layer_columns();
std::span<const Column<UnitRow>> unit_columns();
std::span<const Column<StreamRow>> stream_columns();
std::span<const Column<RunOutcome>> run_columns();

// run_id, seed, status: the columns that are no field of a row.
std::span<const ColumnInfo> key_columns();

}  // namespace deadrelu
