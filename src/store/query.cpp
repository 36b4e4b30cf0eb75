#include "store/query.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <sqlite3.h>

#include "base/error.h"
#include "store/statistics.h"
#include "store/store_error.h"

namespace deadrelu {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPointer = std::unique_ptr<sqlite3_stmt, Finalize>;

// Allows reading and nothing else: no ATTACH, no temporary tables, no PRAGMA but those that describe tables.
int authorize_reading(void*, int action, const char* first, const char* second, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return second != nullptr && std::strcmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      for (const char* allowed : {"table_info", "table_xinfo", "table_list"})
        if (sqlite3_stricmp(first, allowed) == 0) return SQLITE_OK;
      return SQLITE_DENY;
    default:
      return SQLITE_DENY;
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
    case SQLITE_AUTH:
      throw UserError(ExitCode::kUsage, "the query would do more than read: " + message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      throw_sqlite_error(file, code, message, errno);
    default:
      throw UserError(ExitCode::kUsage, "the query is wrong: " + message);
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
    case SQLITE_INTEGER:
      cell = static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
      break;
    case SQLITE_FLOAT:
      cell = sqlite3_column_double(statement, column);
      break;
    case SQLITE_NULL:
      cell = std::monostate();
      break;
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
  std::sort(numbers->begin(), numbers->end());
  sqlite3_result_double(context, sorted_quantile(*numbers, 0.5));
}

}  // namespace

void run_query(SQLite::Database& db, const std::filesystem::path& file, const std::string& sql,
               const std::function<void(std::span<const std::string>)>& columns,
               const std::function<void(std::span<const Cell>)>& row) {
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

}  // namespace deadrelu
