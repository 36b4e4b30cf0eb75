// The summary table: every swept point over its seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "probe/columns.h"
#include "probe/rows.h"
#include "store/result_store.h"
#include "store/statistics.h"

namespace deadrelu {

// The swept columns, n, the number and fraction of diverged runs; then seven statistics of every outcome that
// is a quantity, and fraction and interval of every outcome that is a flag (SummaryUse).
std::vector<ColumnInfo> summary_columns(const Table& runs, const std::vector<SweptColumn>& swept);

// Takes the rows of the runs table in canonical order and hands out a row of the summary whenever a point is
// over. The table must outlive it.
class Summary {
 public:
  Summary(const Table& runs, std::size_t swept_columns, OnRow row);

  // One row of `runs` (all its columns) and the point it belongs to.
  void add(std::uint64_t point, std::span<const Cell> run);
  // Hands out the last point.
  void finish();

 private:
  const Table& table_;
  std::size_t swept_columns_;
  OnRow row_;
  std::optional<std::uint64_t> point_;
  std::vector<Cell> swept_;  // of the point
  std::size_t runs_ = 0, diverged_ = 0;
  std::vector<std::vector<double>> values_;  // [column][run that has it]
};

}  // namespace deadrelu
