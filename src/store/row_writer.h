// Prepared INSERT statements for everything that a run leaves.
#pragma once

#include <cstdint>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "probe/rows.h"
#include "store/result_store.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Runs inside the caller's transaction; throws SQLite::Exception.
class RowWriter {
 public:
  RowWriter(SQLite::Database& db, const std::vector<SweptColumn>& swept);

  // The run's outcome, rows and parameters under a number of its own.
  void insert_record(std::uint64_t number, const PlannedRun& run, const RunRecord& record);
  // The run's place in the sweep; a place that is there already stays.
  void insert_place(std::uint64_t number, const PlannedRun& run);

 private:
  void insert_parameters(std::int64_t number, const ParameterSnapshot& snapshot);
  std::vector<ColumnType> swept_types_;
  SQLite::Statement run_, metrics_, layer_, unit_, stream_, parameters_, place_;
};

}  // namespace deadrelu
