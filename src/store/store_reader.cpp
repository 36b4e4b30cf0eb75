#include "store/store_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "base/error.h"
#include "store/connection.h"
#include "store/metadata.h"
#include "store/query.h"
#include "store/schema.h"
#include "store/store_error.h"

namespace deadrelu {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& sentence) {
  throw UserError(ExitCode::kInputOutput, path.string() + ": " + sentence);
}

std::filesystem::path find_store(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) refuse(directory, "no such directory");
  const std::filesystem::path file = directory / kStoreFile;
  if (std::filesystem::is_regular_file(file, error)) return file;
  if (std::filesystem::is_directory(directory / "shards", error))
    refuse(directory, "holds shards that are not merged yet (see deadrelu merge)");
  refuse(directory, std::string("holds no results (no ") + kStoreFile + ")");
}

std::vector<std::uint64_t> read_ids(SQLite::Database& db) {
  std::vector<std::uint64_t> ids;
  SQLite::Statement statement(db, "SELECT r.id FROM places p CROSS JOIN run_results r ON r.number = p.run");
  while (statement.executeStep())
    ids.push_back(static_cast<std::uint64_t>(statement.getColumn(0).getInt64()));
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

bool has_store(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / kStoreFile, ignored);
}

struct StoreReader::State {
  std::filesystem::path file;
  ReadView view;
  SQLite::Database db;
  StoreHeader header;
  bool places_complete = false;
  std::optional<std::vector<std::uint64_t>> ids;  // sorted; read when first asked for

  State(const std::filesystem::path& path, const Tables& tables)
      : file(path), view(path), db(view.uri(), SQLite::OPEN_READONLY | SQLite::OPEN_URI, kBusyMilliseconds) {
    use_cache(db);
    db.exec("BEGIN");  // one view of the store for as long as the reader lives
    if (is_new_store(db, file, tables)) refuse(file, "the store is empty");
    header = read_header(db);
    places_complete = read_places_complete(db);
  }

  std::uint64_t count(const char* sql) {
    const auto number = with_sqlite_errors(file, [&] { return db.execAndGet(sql).getInt64(); });
    view.check_unchanged();
    return static_cast<std::uint64_t>(number);
  }
};

StoreReader::StoreReader(const std::filesystem::path& directory, const Tables& tables) {
  const std::filesystem::path file = find_store(directory);
  state_ = with_sqlite_errors(file, [&] { return std::make_unique<State>(file, tables); });
}

StoreReader::~StoreReader() = default;

const StoreHeader& StoreReader::header() const { return state_->header; }

bool StoreReader::places_complete() const { return state_->places_complete; }

bool StoreReader::recorded(std::uint64_t run_id) const {
  if (!state_->ids) {
    state_->ids = with_sqlite_errors(state_->file, [&] { return read_ids(state_->db); });
    state_->view.check_unchanged();
  }
  return std::binary_search(state_->ids->begin(), state_->ids->end(), run_id);
}

std::uint64_t StoreReader::recorded_count() const { return state_->count("SELECT count(*) FROM places"); }

std::uint64_t StoreReader::diverged_count() const {
  return state_->count(
      "SELECT count(*) FROM places p CROSS JOIN run_results r ON r.number = p.run WHERE r.status = "
      "'diverged'");
}

std::vector<InputFile> StoreReader::input_files() const {
  auto files = with_sqlite_errors(state_->file, [&] { return read_input_files(state_->db); });
  state_->view.check_unchanged();
  return files;
}

void StoreReader::query(const std::string& sql,
                        const std::function<void(std::span<const std::string>)>& columns,
                        const std::function<void(std::span<const Cell>)>& row) const {
  run_query(state_->db, state_->file, sql, columns, row);
  state_->view.check_unchanged();
}

}  // namespace deadrelu
