#include "store/schema.h"

#include "base/error.h"
#include "probe/columns.h"

namespace deadrelu {
namespace {

constexpr int kApplicationId = 0x64726c75;  // "drlu"
constexpr int kFormatVersion = 2;

// ", a, b, c" of the columns' names, each with a prefix.
template <class Row>
std::string column_list(std::span<const Column<Row>> columns, const char* prefix) {
  std::string text;
  for (const Column<Row>& column : columns)
    text += ", " + (prefix + quoted(column.info.name));  // stream has a "from"
  return text;
}

template <class Row>
void append_names(std::vector<std::string>& names, std::span<const Column<Row>> columns) {
  for (const Column<Row>& column : columns) names.push_back(column.info.name);
}

// The table that holds the rows, and the columns of its key after `run`.
struct RowTable {
  const char* name;
  const char* key;
};

RowTable row_table(Table table) {
  switch (table) {
    case Table::kMetrics:
      return {"metric_rows", "step"};
    case Table::kLayers:
      return {"layer_rows", "step, layer"};
    case Table::kUnits:
      return {"unit_rows", "step, layer, unit"};
    case Table::kStream:
      return {"stream_rows", "bin"};
    case Table::kParameters:
      return {"parameter_rows", "step"};
    case Table::kRuns:
      break;
  }
  return {"run_results", ""};
}

// The columns of the row's own, ", x, y".
std::string row_columns(Table table, const char* prefix) {
  switch (table) {
    case Table::kRuns:
      return column_list(run_columns(), prefix);
    case Table::kMetrics:
      return column_list(metrics_columns(), prefix);
    case Table::kLayers:
      return column_list(layer_columns(), prefix);
    case Table::kUnits:
      return column_list(unit_columns(), prefix);
    case Table::kStream:
      return column_list(stream_columns(), prefix);
    case Table::kParameters:
      break;
  }
  return std::string(", ") + prefix + "step, " + prefix + "layers";
}

constexpr const char* kRunId = "SELECT printf('%016x', r.id) AS run_id";
// CROSS JOIN keeps SQLite from another order of the loops: places come in the order of the sweep.
constexpr const char* kPlacedRuns = " FROM places p CROSS JOIN run_results r ON r.number = p.run";

std::string select_runs(const std::vector<SweptColumn>& swept, const char* more = "") {
  std::string text = std::string(kRunId) + ", r.seed";
  for (std::size_t i = 0; i < swept.size(); ++i)
    text += ", p.v" + std::to_string(i) + " AS " + quoted(swept[i].path);
  return text + ", r.status" + row_columns(Table::kRuns, "r.") + more + kPlacedRuns;
}

std::string select_rows(Table table) {
  return kRunId + row_columns(table, "x.") + kPlacedRuns + " CROSS JOIN " + row_table(table).name +
         " x ON x.run = r.number";
}

std::string order_of(Table table) {
  switch (table) {
    case Table::kLayers:
      return ", x.step, x.layer";
    case Table::kUnits:
      return ", x.step, x.layer, x.unit";
    case Table::kStream:
      return ", x.bin";
    case Table::kRuns:
      return "";
    default:
      return ", x.step";
  }
}

// The columns that a table stores, but for the number of the run.
std::string stored_columns(Table table) {
  return (table == Table::kRuns ? "seed, status" : "") +
         row_columns(table, "").substr(table == Table::kRuns ? 0 : 2);
}

std::string number_column(Table table) { return table == Table::kRuns ? "number" : "run"; }

}  // namespace

const char* table_name(Table table) {
  switch (table) {
    case Table::kRuns:
      return "runs";
    case Table::kMetrics:
      return "metrics";
    case Table::kLayers:
      return "layers";
    case Table::kUnits:
      return "units";
    case Table::kStream:
      return "stream";
    case Table::kParameters:
      break;
  }
  return "parameters";
}

std::vector<std::string> table_columns(Table table, const std::vector<SweptColumn>& swept) {
  std::vector<std::string> names{"run_id"};
  switch (table) {
    case Table::kRuns:
      names.push_back("seed");
      for (const SweptColumn& column : swept) names.push_back(column.path);
      names.push_back("status");
      append_names(names, run_columns());
      break;
    case Table::kMetrics:
      append_names(names, metrics_columns());
      break;
    case Table::kLayers:
      append_names(names, layer_columns());
      break;
    case Table::kUnits:
      append_names(names, unit_columns());
      break;
    case Table::kStream:
      append_names(names, stream_columns());
      break;
    case Table::kParameters:
      names.insert(names.end(), {"step", "layers"});
      break;
  }
  return names;
}

std::string ordered_select(Table table, const std::vector<SweptColumn>& swept) {
  const std::string select = table == Table::kRuns ? select_runs(swept) : select_rows(table);
  return select + " ORDER BY p.position" + order_of(table);
}

std::string ordered_select_with_points(const std::vector<SweptColumn>& swept) {
  return select_runs(swept, ", p.point") + " ORDER BY p.position";
}

std::string select_stored(Table table, const std::string& schema) {
  const RowTable rows = row_table(table);
  std::string text = "SELECT " + stored_columns(table) + " FROM " + schema + "." + rows.name + " WHERE " +
                     number_column(table) + " = ?";
  return *rows.key == '\0' ? text : text + " ORDER BY " + rows.key;
}

std::string copy_attached(Table table) {
  const std::string id = table == Table::kRuns ? "id, " : "";
  return std::string("INSERT INTO main.") + row_table(table).name + " SELECT ?2, " + id +
         stored_columns(table) + " FROM " + kAttached + "." + row_table(table).name + " WHERE " +
         number_column(table) + " = ?1";
}

void create_schema(SQLite::Database& db) {
  db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  db.exec("PRAGMA user_version = " + std::to_string(kFormatVersion));
  db.exec("CREATE TABLE metadata (name TEXT PRIMARY KEY, value) WITHOUT ROWID");
  db.exec(
      "CREATE TABLE run_results (number INTEGER PRIMARY KEY, id INTEGER NOT NULL, seed INTEGER NOT NULL, "
      "status" +
      row_columns(Table::kRuns, "") + ")");
  for (const Table table : {Table::kMetrics, Table::kLayers, Table::kUnits, Table::kStream})
    db.exec(std::string("CREATE TABLE ") + row_table(table).name + " (run INTEGER NOT NULL" +
            row_columns(table, "") + ", PRIMARY KEY (run, " + row_table(table).key + ")) WITHOUT ROWID");
  db.exec(
      "CREATE TABLE parameter_rows (run INTEGER NOT NULL, step INTEGER NOT NULL, layers TEXT NOT NULL, "
      "UNIQUE (run, step))");
  add_missing_tables(db);
}

void add_missing_tables(SQLite::Database& db) {
  db.exec(
      "CREATE TABLE IF NOT EXISTS input_files (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID");
}

bool is_new_store(SQLite::Database& db, const std::filesystem::path& file) {
  const int application = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (empty && application == 0) return true;
  if (empty || application != kApplicationId)
    throw UserError(ExitCode::kInputOutput, file.string() + ": this SQLite database is no deadrelu store");
  if (version != kFormatVersion)
    throw UserError(ExitCode::kInputOutput,
                    file.string() + ": the store has format " + std::to_string(version) +
                        "; this deadrelu reads and writes format " + std::to_string(kFormatVersion));
  return false;
}

void replace_places(SQLite::Database& db, const std::vector<SweptColumn>& swept) {
  for (const char* view : {"runs", "metrics", "layers", "units", "stream"})
    db.exec(std::string("DROP VIEW IF EXISTS ") + view);
  db.exec("DROP TABLE IF EXISTS places");
  std::string values;
  for (std::size_t i = 0; i < swept.size(); ++i) values += ", v" + std::to_string(i);
  db.exec("CREATE TABLE places (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, point INTEGER NOT NULL" +
          values + ")");
  // The limit keeps SQLite from pasting a view into a join, where run_id would be computed anew for every
  // pair of rows; as a table of its own it gets an index.
  for (const Table table : {Table::kRuns, Table::kMetrics, Table::kLayers, Table::kUnits, Table::kStream})
    db.exec(std::string("CREATE VIEW ") + table_name(table) + " AS " + ordered_select(table, swept) +
            " LIMIT -1");
}

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

}  // namespace deadrelu
