// Prepared INSERT statements for everything that a run leaves, one a table.
#pragma once

#include <cstdint>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "probe/columns.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Runs inside the caller's transaction; throws SQLite::Exception. The tables must outlive it.
class RowWriter {
 public:
  RowWriter(SQLite::Database& db, const std::vector<SweptColumn>& swept, const Tables& tables);

  // Everything recorded of the run, under a number of its own.
  void insert_record(std::uint64_t number, const PlannedRun& run, const RunRecord& record);
  // The run's place in the sweep; a place that is there already stays.
  void insert_place(std::uint64_t number, const PlannedRun& run);

 private:
  struct Insert {
    const Table& table;
    SQLite::Statement statement;
  };
  std::vector<Insert> inserts_;
  std::vector<SweptColumn> swept_;
  SQLite::Statement place_;
  std::vector<Cell> cells_;  // of one row
};

}  // namespace deadrelu
