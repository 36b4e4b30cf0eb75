#include "store/metadata.h"

#include <SQLiteCpp/Statement.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deadrelu {
namespace {

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
  throw UserError(ExitCode::kInputOutput, file.string() + ": the store holds results of engine epoch " +
                                              std::to_string(stored.engine_epoch) +
                                              ", this deadrelu computes epoch " + std::to_string(epoch) +
                                              "; the two do not mix: choose another directory");
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
