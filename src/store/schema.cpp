#include "store/schema.h"

#include <SQLiteCpp/Statement.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probe/columns.h"

namespace deadrelu {
namespace {

constexpr int kApplicationId = 0x64726c75;  // "drlu"
constexpr int kFormatVersion = 1;

// ", a, b, c" of the columns' names, each with a prefix.
template <class Row>
std::string column_list(std::span<const Column<Row>> columns, const char* prefix) {
  std::string text;
  for (const Column<Row>& column : columns) text += std::string(", ") + prefix + column.info.name;
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
    case Table::kRuns:
      return "";
    default:
      return ", x.step";
  }
}

void put(SQLite::Database& db, const std::string& name, const auto& value) {
  SQLite::Statement statement(db, "INSERT OR REPLACE INTO metadata VALUES (?, ?)");
  statement.bind(1, name);
  statement.bind(2, value);
  statement.exec();
}

SQLite::Column get(SQLite::Statement& statement, const std::string& name) {
  statement.reset();
  statement.bind(1, name);
  statement.executeStep();
  return statement.getColumn(0);
}

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kInteger:
      return "integer";
    case ColumnType::kReal:
      return "real";
    case ColumnType::kText:
      break;
  }
  return "text";
}

ColumnType type_from_name(const std::string& name) {
  if (name == "integer") return ColumnType::kInteger;
  return name == "real" ? ColumnType::kReal : ColumnType::kText;
}

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

void create_schema(SQLite::Database& db) {
  db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  db.exec("PRAGMA user_version = " + std::to_string(kFormatVersion));
  db.exec("CREATE TABLE metadata (name TEXT PRIMARY KEY, value) WITHOUT ROWID");
  db.exec(
      "CREATE TABLE run_results (number INTEGER PRIMARY KEY, id INTEGER NOT NULL, seed INTEGER NOT NULL, "
      "status" +
      row_columns(Table::kRuns, "") + ")");
  for (const Table table : {Table::kMetrics, Table::kLayers, Table::kUnits})
    db.exec(std::string("CREATE TABLE ") + row_table(table).name + " (run INTEGER NOT NULL" +
            row_columns(table, "") + ", PRIMARY KEY (run, " + row_table(table).key + ")) WITHOUT ROWID");
  db.exec(
      "CREATE TABLE parameter_rows (run INTEGER NOT NULL, step INTEGER NOT NULL, layers TEXT NOT NULL, "
      "UNIQUE (run, step))");
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

void write_header(SQLite::Database& db, const StoreHeader& header) {
  nlohmann::json swept = nlohmann::json::array();
  for (const SweptColumn& column : header.swept)
    swept.push_back({{"path", column.path}, {"type", type_name(column.type)}});
  put(db, "name", header.name);
  put(db, "config", header.config);
  put(db, "engine_epoch", header.engine_epoch);
  put(db, "swept", swept.dump());
  put(db, "run_count", static_cast<std::int64_t>(header.run_count));
}

StoreHeader read_header(SQLite::Database& db) {
  SQLite::Statement statement(db, "SELECT value FROM metadata WHERE name = ?");
  StoreHeader header;
  header.name = get(statement, "name").getString();
  header.config = get(statement, "config").getString();
  header.engine_epoch = get(statement, "engine_epoch").getInt();
  header.run_count = static_cast<std::uint64_t>(get(statement, "run_count").getInt64());
  for (const auto& column : nlohmann::json::parse(get(statement, "swept").getString()))
    header.swept.push_back(
        {column.at("path").get<std::string>(), type_from_name(column.at("type").get<std::string>())});
  return header;
}

void replace_places(SQLite::Database& db, const std::vector<SweptColumn>& swept) {
  for (const char* view : {"runs", "metrics", "layers", "units"})
    db.exec(std::string("DROP VIEW IF EXISTS ") + view);
  db.exec("DROP TABLE IF EXISTS places");
  std::string values;
  for (std::size_t i = 0; i < swept.size(); ++i) values += ", v" + std::to_string(i);
  db.exec("CREATE TABLE places (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, point INTEGER NOT NULL" +
          values + ")");
  // The limit keeps SQLite from pasting a view into a join, where run_id would be computed anew for every
  // pair of rows; as a table of its own it gets an index.
  for (const Table table : {Table::kRuns, Table::kMetrics, Table::kLayers, Table::kUnits})
    db.exec(std::string("CREATE VIEW ") + table_name(table) + " AS " + ordered_select(table, swept) +
            " LIMIT -1");
}

void write_places_complete(SQLite::Database& db, bool complete) {
  put(db, "places_complete", complete ? 1 : 0);
}

bool read_places_complete(SQLite::Database& db) {
  SQLite::Statement statement(db, "SELECT value FROM metadata WHERE name = ?");
  return get(statement, "places_complete").getInt() != 0;
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
