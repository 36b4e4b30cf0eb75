#include "store/schema.h"

#include <SQLiteCpp/Statement.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "store/output_file.h"

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
  for (std::size_t i = 0; i < swept.size(); ++i) values += fmt::format(", v{}", i);
  return fmt::format(
      "CREATE TABLE places (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, point INTEGER NOT NULL{})",
      values);
}

std::string create_table(const Table& table) {
  const std::string start = "CREATE TABLE " + table.stored_name;
  if (table.has_one_row())
    return fmt::format("{} (number INTEGER PRIMARY KEY, id INTEGER NOT NULL, seed INTEGER NOT NULL{})", start,
                       names(table));
  // Rows as long as JSON may be would fill the pages of an index.
  return fmt::format("{} (run INTEGER NOT NULL{}, PRIMARY KEY (run{})){}", start, names(table),
                     names(table, table.keys), table.has_json() ? "" : " WITHOUT ROWID");
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

constexpr std::uint64_t kMostRuns = static_cast<std::uint64_t>(-1) / 2;

void put(SQLite::Database& db, const std::string& name, const auto& value) {
  SQLite::Statement statement(db, "INSERT OR REPLACE INTO metadata VALUES (?, ?)");
  statement.bind(1, name);
  statement.bind(2, value);
  statement.exec();
}

// Throws SQLite::Exception where there is no such entry.
SQLite::Column get(SQLite::Statement& statement, const std::string& name) {
  statement.reset();
  statement.bind(1, name);
  statement.executeStep();
  return statement.getColumn(0);
}

ColumnType type_from_name(const std::string& name) {
  for (const ColumnType type : {ColumnType::kInteger, ColumnType::kReal})
    if (name == column_type_name(type)) return type;
  return ColumnType::kText;
}

StoreHeader header_from(SQLite::Database& db) {
  SQLite::Statement statement(db, "SELECT value FROM metadata WHERE name = ?");
  StoreHeader header;
  header.name = get(statement, "name").getString();
  header.config = get(statement, "config").getString();
  header.engine_epoch = get(statement, "engine_epoch").getInt();
  header.run_count = static_cast<std::uint64_t>(get(statement, "run_count").getInt64());
  for (const auto& column : nlohmann::json::parse(get(statement, "swept").getString()))
    header.swept.push_back(
        {column.at("path").get<std::string>(), type_from_name(column.at("type").get<std::string>())});
  header.directory = get(statement, "directory").getString();
  header.shard.index = static_cast<std::uint64_t>(get(statement, "shard_index").getInt64());
  header.shard.count = static_cast<std::uint64_t>(get(statement, "shard_count").getInt64());
  if (header.shard.index >= header.shard.count || header.run_count > kMostRuns)
    throw UserError(ExitCode::kInputOutput, "the store is damaged (its header contradicts itself)");
  return header;
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
    return fmt::format("{}{}{} CROSS JOIN {} x ON x.run = r.number ORDER BY p.position{}", kRunId,
                       names(table, "x."), kPlacedRuns, table.stored_name, names(table, table.keys, "x."));
  std::string text = std::string(kRunId) + ", r.seed";
  for (std::size_t i = 0; i < swept.size(); ++i)
    text += fmt::format(", p.v{} AS {}", i, quoted(swept[i].path));
  return text + names(table, "r.") + (with_point ? ", p.point" : "") + kPlacedRuns + " ORDER BY p.position";
}

std::string select_stored(const Table& table, const std::string& schema) {
  const std::string from = " FROM " + schema + "." + table.stored_name + " WHERE ";
  if (table.has_one_row()) return "SELECT seed" + names(table) + from + "number = ?";
  return "SELECT " + names(table).substr(2) + from + "run = ? ORDER BY run" + names(table, table.keys);
}

std::string copy_attached(const Table& table) {
  const bool runs = table.has_one_row();
  return fmt::format("INSERT INTO main.{} SELECT ?2{}{} FROM {}.{} WHERE {} = ?1", table.stored_name,
                     runs ? ", id, seed" : "", names(table), kAttached, table.stored_name,
                     runs ? "number" : "run");
}

void create_schema(SQLite::Database& db, const Tables& tables) {
  db.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  db.exec(fmt::format("PRAGMA user_version = {}", format_number(tables)));
  db.exec(kMetadata);
  db.exec(kInputFiles);
  for (const Table& table : tables) db.exec(create_table(table));
}

bool is_new_store(SQLite::Database& db, const std::filesystem::path& file, const Tables& tables) {
  const int application = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (empty && application == 0) return true;
  if (empty || application != kApplicationId) fail_input(file, "this SQLite database is no deadrelu store");
  if (const int format = format_number(tables); version != format)
    fail_input(file,
               "the store has format {}, of another version of deadrelu; this one reads and writes format {}",
               version, format);
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

void write_header(SQLite::Database& db, const StoreHeader& header) {
  nlohmann::json swept = nlohmann::json::array();
  for (const SweptColumn& column : header.swept)
    swept.push_back({{"path", column.path}, {"type", std::string(column_type_name(column.type))}});
  put(db, "name", header.name);
  put(db, "config", header.config);
  put(db, "engine_epoch", header.engine_epoch);
  put(db, "swept", swept.dump());
  put(db, "run_count", static_cast<std::int64_t>(header.run_count));
  put(db, "directory", header.directory);
  put(db, "shard_index", static_cast<std::int64_t>(header.shard.index));
  put(db, "shard_count", static_cast<std::int64_t>(header.shard.count));
}

StoreHeader read_header(SQLite::Database& db) {
  try {
    return header_from(db);
  } catch (const nlohmann::json::exception&) {
    throw UserError(ExitCode::kInputOutput, "the store is damaged (its header cannot be read)");
  }
}

void check_epoch(const StoreHeader& stored, int epoch, const std::filesystem::path& file) {
  if (stored.engine_epoch == epoch) return;
  fail_input(
      file,
      "the store holds results of engine epoch {}, this deadrelu computes epoch {}; the two do not mix: choose another directory",
      stored.engine_epoch, epoch);
}

void write_places_complete(SQLite::Database& db, bool complete) {
  put(db, "places_complete", complete ? 1 : 0);
}

bool read_places_complete(SQLite::Database& db) {
  SQLite::Statement statement(db, "SELECT value FROM metadata WHERE name = ?");
  return get(statement, "places_complete").getInt() != 0;
}

void write_input_file(SQLite::Database& db, const InputFile& file) {
  SQLite::Statement statement(db, "INSERT OR REPLACE INTO input_files VALUES (?, ?)");
  statement.bind(1, file.name);
  statement.bind(2, file.sha256);
  statement.exec();
}

std::vector<InputFile> read_input_files(SQLite::Database& db) {
  std::vector<InputFile> files;
  SQLite::Statement statement(db, "SELECT name, sha256 FROM input_files ORDER BY name");
  while (statement.executeStep())
    files.push_back({statement.getColumn(0).getString(), statement.getColumn(1).getString()});
  return files;
}

}  // namespace deadrelu
