#include "store/row_writer.h"

#include <cmath>
#include <string>

#include "probe/columns.h"
#include "store/parameters.h"

namespace deadrelu {
namespace {

std::string insert_into(const std::string& table, std::size_t columns) {
  std::string text = "INSERT INTO " + table + " VALUES (?";
  for (std::size_t i = 1; i < columns; ++i) text += ", ?";
  return text + ")";
}

void bind_integer(SQLite::Statement& statement, int index, std::int64_t value) {
  if (value == kMissingInteger) {
    statement.bind(index);
  } else {
    statement.bind(index, value);
  }
}

void bind_real(SQLite::Statement& statement, int index, double value) {
  if (std::isfinite(value)) {
    statement.bind(index, value);
  } else {
    statement.bind(index);
  }
}

// Binds the row's fields from `index` on.
template <class Row>
void bind_fields(SQLite::Statement& statement, int index, const Row& row,
                 std::span<const Column<Row>> columns) {
  for (const Column<Row>& column : columns) {
    if (const auto* integer = std::get_if<0>(&column.field)) {
      bind_integer(statement, index++, row.**integer);
    } else {
      bind_real(statement, index++, row.*std::get<1>(column.field));
    }
  }
}

void execute(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

template <class Row>
void insert_rows(SQLite::Statement& statement, std::int64_t number, const std::vector<Row>& rows,
                 std::span<const Column<Row>> columns) {
  for (const Row& row : rows) {
    statement.bind(1, number);
    bind_fields(statement, 2, row, columns);
    execute(statement);
  }
}

void bind_swept(SQLite::Statement& statement, int index, const SweptValue& value, ColumnType type) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (type == ColumnType::kReal) return bind_real(statement, index, static_cast<double>(*integer));
    return statement.bind(index, *integer);
  }
  if (const auto* real = std::get_if<double>(&value)) return bind_real(statement, index, *real);
  statement.bindNoCopy(index, std::get<std::string>(value));
}

std::vector<ColumnType> types_of(const std::vector<SweptColumn>& swept) {
  std::vector<ColumnType> types;
  for (const SweptColumn& column : swept) types.push_back(column.type);
  return types;
}

}  // namespace

RowWriter::RowWriter(SQLite::Database& db, const std::vector<SweptColumn>& swept)
    : swept_types_(types_of(swept)),
      run_(db, insert_into("run_results", 4 + run_columns().size())),
      metrics_(db, insert_into("metric_rows", 1 + metrics_columns().size())),
      layer_(db, insert_into("layer_rows", 1 + layer_columns().size())),
      unit_(db, insert_into("unit_rows", 1 + unit_columns().size())),
      stream_(db, insert_into("stream_rows", 1 + stream_columns().size())),
      parameters_(db, insert_into("parameter_rows", 3)),
      place_(db, insert_into("places", 3 + swept.size()) + " ON CONFLICT DO NOTHING") {}

void RowWriter::insert_record(std::uint64_t number, const PlannedRun& run, const RunRecord& record) {
  const auto key = static_cast<std::int64_t>(number);
  run_.bind(1, key);
  run_.bind(2, static_cast<std::int64_t>(run.id));
  run_.bind(3, static_cast<std::int64_t>(run.spec.seed));
  const std::string status(name_of(record.outcome.status));
  run_.bindNoCopy(4, status);
  bind_fields(run_, 5, record.outcome, run_columns());
  execute(run_);
  insert_rows(metrics_, key, record.metrics, metrics_columns());
  insert_rows(layer_, key, record.layers, layer_columns());
  insert_rows(unit_, key, record.units, unit_columns());
  insert_rows(stream_, key, record.stream, stream_columns());
  for (const ParameterSnapshot& snapshot : record.parameters) insert_parameters(key, snapshot);
}

void RowWriter::insert_parameters(std::int64_t number, const ParameterSnapshot& snapshot) {
  const std::string layers = layers_json(snapshot);
  parameters_.bind(1, number);
  parameters_.bind(2, snapshot.step);
  parameters_.bindNoCopy(3, layers);
  execute(parameters_);
}

void RowWriter::insert_place(std::uint64_t number, const PlannedRun& run) {
  place_.bind(1, static_cast<std::int64_t>(run.position));
  place_.bind(2, static_cast<std::int64_t>(number));
  place_.bind(3, static_cast<std::int64_t>(run.point));
  for (std::size_t i = 0; i < swept_types_.size(); ++i)
    bind_swept(place_, static_cast<int>(4 + i), run.values.at(i), swept_types_[i]);
  execute(place_);
}

}  // namespace deadrelu
