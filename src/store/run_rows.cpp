#include "store/run_rows.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include <sqlite3.h>

#include "base/number.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

std::string insert_into(const std::string& table, std::size_t columns) {
  std::string text = "INSERT INTO " + table + " VALUES (?";
  for (std::size_t i = 1; i < columns; ++i) text += ", ?";
  return text + ")";
}

void bind(SQLite::Statement& statement, int index, double value) {
  if (std::isfinite(value)) {
    statement.bind(index, value);
  } else {
    statement.bind(index);
  }
}
void bind(SQLite::Statement& statement, int index, std::int64_t value) { statement.bind(index, value); }
void bind(SQLite::Statement& statement, int index, std::monostate) { statement.bind(index); }
// The text has to stay until the statement has run.
void bind(SQLite::Statement& statement, int index, const std::string& text) {
  statement.bindNoCopy(index, text);
}
void bind(SQLite::Statement& statement, int index, const Cell& cell) {
  std::visit([&](const auto& value) { bind(statement, index, value); }, cell);
}

void execute(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

void bind_swept(SQLite::Statement& statement, int index, const Cell& value, ColumnType type) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (integer != nullptr && type == ColumnType::kReal)
    return bind(statement, index, static_cast<double>(*integer));
  bind(statement, index, value);
}

constexpr std::size_t kMostShownBytes = 40;

bool same_bits(const SQLite::Column& a, const SQLite::Column& b) {
  if (a.getType() != b.getType()) return false;
  switch (a.getType()) {
    case SQLITE_INTEGER: return a.getInt64() == b.getInt64();
    case SQLITE_FLOAT:
      return std::bit_cast<std::uint64_t>(a.getDouble()) == std::bit_cast<std::uint64_t>(b.getDouble());
    case SQLITE_NULL: return true;
    default: {
      // A pointer is valid until the column's next conversion, a length right after it.
      const auto* first = static_cast<const char*>(a.getBlob());
      const auto* second = static_cast<const char*>(b.getBlob());
      return std::string_view(first, static_cast<std::size_t>(a.getBytes())) ==
             std::string_view(second, static_cast<std::size_t>(b.getBytes()));
    }
  }
}

std::string value_text(const SQLite::Column& column) {
  if (column.isNull()) return "missing";
  std::string text;
  if (column.isFloat()) {
    append_real(text, column.getDouble());
    return text;
  }
  text = column.getString();
  return text.size() <= kMostShownBytes ? text : text.substr(0, kMostShownBytes) + "…";
}

}  // namespace

RowWriter::RowWriter(SQLite::Database& db, const std::vector<SweptColumn>& swept, const Tables& tables)
    : swept_(swept), place_(db, insert_into("places", 3 + swept.size()) + " ON CONFLICT DO NOTHING") {
  for (const Table& table : tables) {
    const std::size_t before = table.has_one_row() ? 3 : 1;  // number, id and seed; or run
    inserts_.push_back({table, {db, insert_into(table.stored_name, before + table.columns.size())}});
  }
}

void RowWriter::insert_record(std::uint64_t number, const PlannedRun& run, const RunRecord& record) {
  for (auto& [table, statement] : inserts_) {
    const Rows rows = table.rows(record);
    for (std::size_t i = 0; i < rows.count; ++i) {
      int index = 1;
      bind(statement, index++, static_cast<std::int64_t>(number));
      if (table.has_one_row()) {
        bind(statement, index++, static_cast<std::int64_t>(run.id));
        bind(statement, index++, static_cast<std::int64_t>(run.spec.seed));
      }
      cells_.clear();
      for (const Column& column : table.columns) cells_.push_back(column.read(rows[i]));
      for (const Cell& cell : cells_) bind(statement, index++, cell);
      execute(statement);
    }
  }
}

void RowWriter::insert_place(std::uint64_t number, const PlannedRun& run) {
  place_.bind(1, static_cast<std::int64_t>(run.position));
  place_.bind(2, static_cast<std::int64_t>(number));
  place_.bind(3, static_cast<std::int64_t>(run.point));
  for (std::size_t i = 0; i < swept_.size(); ++i)
    bind_swept(place_, static_cast<int>(4 + i), run.values.at(i), swept_[i].type);
  execute(place_);
}

RowCopier::RowCopier(SQLite::Database& db, const Tables& tables) {
  for (const Table& table : tables) statements_.emplace_back(db, copy_attached(table));
}

void RowCopier::copy(std::int64_t from, std::int64_t to) {
  for (SQLite::Statement& statement : statements_) {
    statement.bind(1, from);
    statement.bind(2, to);
    execute(statement);
  }
}

RowComparer::RowComparer(SQLite::Database& db, const Tables& tables) {
  for (const Table& table : tables)
    pairs_.push_back({table, {db, select_stored(table, "main")}, {db, select_stored(table, kAttached)}});
}

std::optional<std::string> RowComparer::difference(std::int64_t number, std::int64_t attached_number) {
  for (Pair& pair : pairs_) {
    pair.main.bind(1, number);
    pair.attached.bind(1, attached_number);
    auto found = difference(pair);
    // A statement that is not reset keeps its store from being detached.
    pair.main.reset();
    pair.attached.reset();
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<std::string> RowComparer::difference(Pair& pair) {
  while (true) {
    const bool in_main = pair.main.executeStep(), in_attached = pair.attached.executeStep();
    if (in_main != in_attached) return pair.table.name + ": one has more rows than the other";
    if (!in_main) return std::nullopt;
    for (int i = 0; i < pair.main.getColumnCount(); ++i) {
      const SQLite::Column a = pair.main.getColumn(i), b = pair.attached.getColumn(i);
      if (same_bits(a, b)) continue;
      std::string where = pair.table.name;
      for (std::size_t key = 0; key < pair.table.keys; ++key)
        where += fmt::format(", {} {}", pair.table.columns[key].info.name,
                             value_text(pair.main.getColumn(static_cast<int>(key))));
      return where + ": " + a.getName() + " is " + value_text(a) + " and " + value_text(b);
    }
  }
}

}  // namespace deadrelu
