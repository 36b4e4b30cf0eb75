// The tables of results.sqlite and the views over them that have the columns of the exported tables.
//
//   metadata        what StoreHeader holds, by name
//   input_files     what the runs were trained on, with digests
//   run_results     one row a run, numbered in the order of arrival; `id` is the run id as a signed integer
//   metric_rows, layer_rows, unit_rows, stream_rows   by (run, step[, layer[, unit]]) or (run, bin), where
//   `run`
//                   is the number of run_results
//   parameter_rows  by (run, step): the layers as JSON text
//   places          by position in the header's sweep: the run recorded there, its point and its swept values
//
// Numbers instead of ids join the tables because ids are random: in the order of arrival all writing is
// appending, and reading in the order of the sweep is nearly sequential. Real columns are declared without a
// type: SQLite keeps every bit of them (a column of type REAL loses the sign of -0.0).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <SQLiteCpp/Database.h>

#include "store/result_store.h"

namespace deadrelu {

inline constexpr const char* kStoreFile = "results.sqlite";

enum class Table { kRuns, kMetrics, kLayers, kUnits, kStream, kParameters };

// "runs", "metrics", …: the name of the view, and of the exported file without its extension.
const char* table_name(Table table);

// The columns of the exported table, in order.
std::vector<std::string> table_columns(Table table, const std::vector<SweptColumn>& swept);

// What another store is called on a connection that it is attached to.
inline constexpr const char* kAttached = "attached";

// SELECT of all that is stored in a table of one run, but for its number, in the order of the rows; the
// number is the parameter. `schema`: "main" or kAttached.
std::string select_stored(Table table, const std::string& schema);
// INSERT into main of all rows that the attached store has of a run: parameters are its number there, and
// its number here.
std::string copy_attached(Table table);

// SELECT of these columns over the runs of the header's sweep, in canonical order: position, step, layer,
// unit.
std::string ordered_select(Table table, const std::vector<SweptColumn>& swept);
// The same of the runs, with the point of each as one more column, the last.
std::string ordered_select_with_points(const std::vector<SweptColumn>& swept);

// All of these run inside the caller's transaction.
void create_schema(SQLite::Database& db);
// Whether the database is empty (true) or a store of this format (false); UserError(kInputOutput) otherwise.
bool is_new_store(SQLite::Database& db, const std::filesystem::path& file);
// Makes the tables that a store written by an older deadrelu of this format lacks.
void add_missing_tables(SQLite::Database& db);
// Forgets all places and makes table and views for these swept columns.
void replace_places(SQLite::Database& db, const std::vector<SweptColumn>& swept);
// A name as an SQL identifier.
std::string quoted(const std::string& name);

}  // namespace deadrelu
