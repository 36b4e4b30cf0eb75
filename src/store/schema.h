// The tables of results.sqlite, and the views over them that have the columns of the exported tables.
//
//   metadata      what StoreHeader holds, by name
//   input_files   what the runs were trained on, with digests
//   places        by position in the header's sweep: the run recorded there, its point and its swept values
//   run_results   one row a run, numbered in the order of arrival; `id` is the run id as a signed integer
//   metric_rows, layer_rows, … (probe/columns.h)   by (run, step, layer, …), where `run` is that number
//
// Numbers instead of ids join the tables because ids are random: in the order of arrival all writing is
// appending, and reading in the order of the sweep is nearly sequential. Columns are declared without a type:
// SQLite keeps every bit of what is put into them (a column of type REAL loses the sign of -0.0).
//
// Everything takes the tables that the store has; they are others than result_tables() in tests alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <SQLiteCpp/Database.h>

#include "probe/columns.h"
#include "store/result_store.h"

namespace deadrelu {

// What another store is called on a connection that it is attached to.
inline constexpr const char* kAttached = "attached";

// The columns of the exported table, in order: run_id, for runs seed and the swept keys, and the table's own.
std::vector<ColumnInfo> exported_columns(const Table& table, const std::vector<SweptColumn>& swept);
// The swept key as a column of runs or of the summary; `whose` value it is: "run", "point".
ColumnInfo swept_column(const SweptColumn& column, const std::string& whose);

// SELECT of these columns over the runs of the header's sweep, in canonical order: by position, then by the
// table's keys. `with_point`: of runs alone, with the point of each as one more column, the last.
std::string ordered_select(const Table& table, const std::vector<SweptColumn>& swept,
                           bool with_point = false);
// SELECT of all that is stored in a table of one run, but for its number, in the order of the rows; the
// number is the parameter. `schema`: "main" or kAttached.
std::string select_stored(const Table& table, const std::string& schema);
// INSERT into main of all rows that the attached store has of a run: parameters are its number there, and
// its number here.
std::string copy_attached(const Table& table);

// All of these run inside the caller's transaction.
void create_schema(SQLite::Database& db, const Tables& tables = result_tables());
// Whether the database is empty (true) or a store of these tables (false); UserError(kInputOutput) otherwise.
bool is_new_store(SQLite::Database& db, const std::filesystem::path& file,
                  const Tables& tables = result_tables());
// Forgets all places and makes table and views for these swept columns.
void replace_places(SQLite::Database& db, const std::vector<SweptColumn>& swept,
                    const Tables& tables = result_tables());
// All of these run inside the caller's transaction.
void write_header(SQLite::Database& db, const StoreHeader& header);
StoreHeader read_header(SQLite::Database& db);  // UserError(kInputOutput) where it is damaged
// Throws UserError(kInputOutput) where the stored results are of another engine epoch than `epoch`.
void check_epoch(const StoreHeader& stored, int epoch, const std::filesystem::path& file);
// Whether every recorded run of the sweep is placed; false from a change of the header until the next flush.
void write_places_complete(SQLite::Database& db, bool complete);
bool read_places_complete(SQLite::Database& db);
void write_input_file(SQLite::Database& db, const InputFile& file);
std::vector<InputFile> read_input_files(SQLite::Database& db);  // by name

}  // namespace deadrelu
