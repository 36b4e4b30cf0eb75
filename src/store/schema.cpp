#include "store/schema.h"

#include "base/error.h"
#include "store/digest.h"

namespace deadrelu {
namespace {

constexpr int kApplicationId = 0x64726c75;  // "drlu"

constexpr const char* kMetadata = "CREATE TABLE metadata (name TEXT PRIMARY KEY, value) WITHOUT ROWID";
constexpr const char* kInputFiles =
    "CREATE TABLE input_files (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID";

constexpr const char* kRunId = "SELECT printf('%016x', r.id) AS run_id";
// CROSS JOIN keeps SQLite from another order of the loops: places come in the order of the sweep.
constexpr const char* kPlacedRuns = " FROM places p CROSS JOIN run_results r ON r.number = p.run";

// ", a, b, c" of the table's first `count` columns, each with a prefix.
std::string names(const Table& table, std::size_t count, const std::string& prefix = "") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += ", " + (prefix + quoted(table.columns[i].info.name));  // stream has a "from"
  return text;
}

std::string names(const Table& table, const std::string& prefix = "") {
  return names(table, table.columns.size(), prefix);
}

std::string create_places(const std::vector<SweptColumn>& swept) {
  std::string values;
  for (std::size_t i = 0; i < swept.size(); ++i) values += ", v" + std::to_string(i);
  return "CREATE TABLE places (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, point INTEGER NOT NULL" +
         values + ")";
}

std::string create_table(const Table& table) {
  const std::string start = "CREATE TABLE " + table.stored_name;
  if (table.has_one_row())
    return start + " (number INTEGER PRIMARY KEY, id INTEGER NOT NULL, seed INTEGER NOT NULL" + names(table) +
           ")";
  // Rows as long as JSON may be would fill the pages of an index.
  return start + " (run INTEGER NOT NULL" + names(table) + ", PRIMARY KEY (run" + names(table, table.keys) +
         "))" + (table.has_json() ? "" : " WITHOUT ROWID");
}

// The format: whatever changes a table, a column or its type changes this number.
int format_number(const Tables& tables) {
  Sha256 hash;
  for (const std::string& fixed : {std::string(kMetadata), std::string(kInputFiles), create_places({})})
    hash.update(fixed);
  for (const Table& table : tables) {
    hash.update(table.name + create_table(table));
    for (const Column& column : table.columns) hash.update(column_type_name(column.info.type));
  }
  return std::stoi(hash.hex().substr(0, 7), nullptr, 16);
}

}  // namespace

std::vector<ColumnInfo> exported_columns(const Table& table, const std::vector<SweptColumn>& swept) {
  std::vector<ColumnInfo> columns{key_columns()[0]};
  if (table.has_one_row()) {
    columns.push_back(key_columns()[1]);
    for (const SweptColumn& column : swept) columns.push_back(swept_column(column, "run"));
  }
  for (const Column& column : table.columns) columns.push_back(column.info);
  return columns;
}

ColumnInfo swept_column(const SweptColumn& column, const std::string& whose) {
  return {column.path,          column.type == ColumnType::kText ? "" : "1",
          "Swept config key.",  "Its value in the " + whose + "'s resolved config.",
          SummaryUse::kOmitted, column.type};
}

std::string ordered_select(const Table& table, const std::vector<SweptColumn>& swept, bool with_point) {
  if (!table.has_one_row())
    return kRunId + names(table, "x.") + kPlacedRuns + " CROSS JOIN " + table.stored_name +
           " x ON x.run = r.number ORDER BY p.position" + names(table, table.keys, "x.");
  std::string text = std::string(kRunId) + ", r.seed";
  for (std::size_t i = 0; i < swept.size(); ++i)
    text += ", p.v" + std::to_string(i) + " AS " + quoted(swept[i].path);
  return text + names(table, "r.") + (with_point ? ", p.point" : "") + kPlacedRuns + " ORDER BY p.position";
}

std::string select_stored(const Table& table, const std::string& schema) {
  const std::string from = " FROM " + schema + "." + table.stored_name + " WHERE ";
  if (table.has_one_row()) return "SELECT seed" + names(table) + from + "number = ?";
  return "SELECT " + names(table).substr(2) + from + "run = ? ORDER BY run" + names(table, table.keys);
}

std::string copy_attached(const Table& table) {
  const bool runs = table.has_one_row();
  return "INSERT INTO main." + table.stored_name + " SELECT ?2" + (runs ? ", id, seed" : "") + names(table) +
         " FROM " + kAttached + "." + table.stored_name + " WHERE " + (runs ? "number" : "run") + " = ?1";
}

void create_schema(SQLite::Database& db, const Tables& tables) {
  db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  db.exec("PRAGMA user_version = " + std::to_string(format_number(tables)));
  db.exec(kMetadata);
  db.exec(kInputFiles);
  for (const Table& table : tables) db.exec(create_table(table));
}

bool is_new_store(SQLite::Database& db, const std::filesystem::path& file, const Tables& tables) {
  const int application = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (empty && application == 0) return true;
  if (empty || application != kApplicationId)
    throw UserError(ExitCode::kInputOutput, file.string() + ": this SQLite database is no deadrelu store");
  if (const int format = format_number(tables); version != format)
    throw UserError(ExitCode::kInputOutput,
                    file.string() + ": the store has format " + std::to_string(version) +
                        ", of another version of deadrelu; this one reads and writes format " +
                        std::to_string(format));
  return false;
}

void replace_places(SQLite::Database& db, const std::vector<SweptColumn>& swept, const Tables& tables) {
  for (const Table& table : tables) db.exec("DROP VIEW IF EXISTS " + table.name);
  db.exec("DROP TABLE IF EXISTS places");
  db.exec(create_places(swept));
  // The limit keeps SQLite from pasting a view into a join, where run_id would be computed anew for every
  // pair of rows; as a table of its own it gets an index.
  for (const Table& table : tables)
    db.exec("CREATE VIEW " + table.name + " AS " + ordered_select(table, swept) + " LIMIT -1");
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
