#include "store/row_writer.h"

#include <cmath>
#include <string>

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

}  // namespace deadrelu
