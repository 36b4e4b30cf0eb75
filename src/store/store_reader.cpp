#include "store/store_reader.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include "store/connection.h"
#include "store/directory_lock.h"
#include "store/schema.h"
#include "store/statistics.h"

namespace deadrelu {
namespace {

std::filesystem::path find_store(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) fail_input(directory, "no such directory");
  const std::filesystem::path file = directory / kStoreFile;
  if (std::filesystem::is_regular_file(file, error)) return file;
  if (std::filesystem::is_directory(directory / "shards", error))
    fail_input(directory, "holds shards that are not merged yet (see deadrelu merge)");
  fail_input(directory, std::string("holds no results (no ") + kStoreFile + ")");
}

std::vector<std::uint64_t> read_ids(SQLite::Database& db) {
  std::vector<std::uint64_t> ids;
  SQLite::Statement statement(db, "SELECT r.id FROM places p CROSS JOIN run_results r ON r.number = p.run");
  while (statement.executeStep())
    ids.push_back(static_cast<std::uint64_t>(statement.getColumn(0).getInt64()));
  std::ranges::sort(ids);
  return ids;
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPointer = std::unique_ptr<sqlite3_stmt, Finalize>;

// Allows reading and nothing else: no ATTACH, no temporary tables, no PRAGMA but those that describe tables.
int authorize_reading(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION:
      return second != nullptr && std::strcmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      for (const char* allowed : {"table_info", "table_xinfo", "table_list"})
        if (sqlite3_stricmp(first, allowed) == 0) return SQLITE_OK;
      return SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

// In force while it lives.
struct ReadingOnly {
  sqlite3* db;
  explicit ReadingOnly(sqlite3* handle) : db(handle) {
    sqlite3_set_authorizer(db, authorize_reading, nullptr);
  }
  ~ReadingOnly() { sqlite3_set_authorizer(db, nullptr, nullptr); }
};

[[noreturn]] void fail(sqlite3* db, const std::filesystem::path& file) {
  const int code = sqlite3_extended_errcode(db);
  const std::string message = sqlite3_errmsg(db);
  switch (code & 0xff) {
    case SQLITE_AUTH: throw UserError(ExitCode::kUsage, "the query would do more than read: " + message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: throw_sqlite_error(file, code, message, errno);
    default: throw UserError(ExitCode::kUsage, "the query is wrong: " + message);
  }
}

StatementPointer prepare(sqlite3* db, const std::filesystem::path& file, const char* sql, const char** rest) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, rest) != SQLITE_OK) fail(db, file);
  return StatementPointer(statement);
}

StatementPointer prepare_one(sqlite3* db, const std::filesystem::path& file, const std::string& sql) {
  if (sql.find('\0') != std::string::npos) throw UserError(ExitCode::kUsage, "the query holds a zero byte");
  const ReadingOnly reading(db);
  const char* rest = nullptr;
  StatementPointer statement = prepare(db, file, sql.c_str(), &rest);
  if (!statement) throw UserError(ExitCode::kUsage, "the query is empty");
  // What follows may be comments and semicolons, which prepare to nothing.
  while (*rest != '\0')
    if (prepare(db, file, rest, &rest))
      throw UserError(ExitCode::kUsage, "the query is more than one statement");
  if (!sqlite3_stmt_readonly(statement.get()))
    throw UserError(ExitCode::kUsage, "the query would do more than read");
  return statement;
}

void read_cell(sqlite3_stmt* statement, int column, Cell& cell) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: cell = static_cast<std::int64_t>(sqlite3_column_int64(statement, column)); break;
    case SQLITE_FLOAT: cell = sqlite3_column_double(statement, column); break;
    case SQLITE_NULL: cell = std::monostate(); break;
    default: {
      // Bytes first: the pointer is valid until the next conversion. An assignment keeps the cell's memory.
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const std::string_view text(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
      if (auto* held = std::get_if<std::string>(&cell)) {
        *held = text;
      } else {
        cell.emplace<std::string>(text);
      }
    }
  }
}

// The SQL aggregate median(x): of the numbers among the values, NULL without one.
void add_to_median(sqlite3_context* context, int, sqlite3_value** values) {
  auto** numbers =
      static_cast<std::vector<double>**>(sqlite3_aggregate_context(context, sizeof(std::vector<double>*)));
  const int type = sqlite3_value_type(values[0]);
  if (numbers == nullptr || (type != SQLITE_INTEGER && type != SQLITE_FLOAT)) return;
  try {
    if (*numbers == nullptr) *numbers = new std::vector<double>;
    (*numbers)->push_back(sqlite3_value_double(values[0]));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void finish_median(sqlite3_context* context) {
  auto** held = static_cast<std::vector<double>**>(sqlite3_aggregate_context(context, 0));
  if (held == nullptr || *held == nullptr) return sqlite3_result_null(context);
  const std::unique_ptr<std::vector<double>> numbers(*held);
  if (numbers->empty()) return sqlite3_result_null(context);
  std::ranges::sort(*numbers);
  sqlite3_result_double(context, sorted_quantile(*numbers, 0.5));
}

// Hands out the names of the columns, then the rows. Throws UserError(kUsage) for a wrong statement, for more
// than one, and for one that would do anything but read; UserError(kInputOutput) where the store cannot be
// read.
void run_query(SQLite::Database& db, const std::filesystem::path& file, const std::string& sql,
               const OnColumns& columns, const OnRow& row) {
  sqlite3* const handle = db.getHandle();
  sqlite3_create_function_v2(handle, "median", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, nullptr,
                             add_to_median, finish_median, nullptr);
  const StatementPointer statement = prepare_one(handle, file, sql);
  const int count = sqlite3_column_count(statement.get());
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.emplace_back(sqlite3_column_name(statement.get(), i));
  columns(names);

  std::vector<Cell> cells(static_cast<std::size_t>(count));
  int code;
  while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    for (int i = 0; i < count; ++i) read_cell(statement.get(), i, cells[static_cast<std::size_t>(i)]);
    row(cells);
  }
  if (code != SQLITE_DONE) fail(handle, file);
}

}  // namespace

bool has_store(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / kStoreFile, ignored);
}

void roll_back(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kStoreFile;
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file.string() + "-journal", error);
  if (error || bytes == 0 || DirectoryLock::is_held(directory)) return;
  with_sqlite_errors(file, [&] {
    SQLite::Database db(file, SQLite::OPEN_READWRITE, kBusyMilliseconds);
    db.execAndGet("SELECT count(*) FROM sqlite_master");
  });
}

bool is_empty_store(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kStoreFile;
  return with_sqlite_errors(file, [&] {
    const ReadView view(file);
    SQLite::Database db(view.uri(), SQLite::OPEN_READONLY | SQLite::OPEN_URI, kBusyMilliseconds);
    return is_new_store(db, file, result_tables());
  });
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
    if (is_new_store(db, file, tables)) fail_input(file, "the store is empty");
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
  return std::ranges::binary_search(*state_->ids, run_id);
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

void StoreReader::query(const std::string& sql, const OnColumns& columns, const OnRow& row) const {
  run_query(state_->db, state_->file, sql, columns, row);
  state_->view.check_unchanged();
}

}  // namespace deadrelu
