#include <nlohmann/json.hpp>

#include "probe/columns.h"
#include "store/export.h"
#include "store/summary.h"

namespace deadrelu {
namespace {

using Json = nlohmann::ordered_json;

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

Json entry(const std::string& name, const char* type, const std::string& unit, const std::string& meaning,
           const std::string& definition) {
  return {{"name", name}, {"type", type}, {"unit", unit}, {"meaning", meaning}, {"definition", definition}};
}

Json entry(const ColumnInfo& info, ColumnType type) {
  return entry(info.name, type_name(type), info.unit, info.meaning, info.definition);
}

template <class Row>
void append(Json& table, std::span<const Column<Row>> columns) {
  for (const Column<Row>& column : columns) table.push_back(entry(column.info, column.type()));
}

template <class Row>
Json row_table(std::span<const Column<Row>> columns) {
  Json table = Json::array({entry(key_columns()[0], ColumnType::kText)});
  append(table, columns);
  return table;
}

Json runs_table(const std::vector<SweptColumn>& swept) {
  Json table = Json::array(
      {entry(key_columns()[0], ColumnType::kText), entry(key_columns()[1], ColumnType::kInteger)});
  for (const SweptColumn& column : swept)
    table.push_back(entry(column.path, type_name(column.type), column.type == ColumnType::kText ? "" : "1",
                          "Swept config key.", "Its value in the run's resolved config."));
  table.push_back(entry(key_columns()[2], ColumnType::kText));
  append(table, run_columns());
  return table;
}

Json summary_table(const std::vector<SweptColumn>& swept) {
  Json table = Json::array();
  for (const ColumnDoc& column : summary_columns(swept))
    table.push_back(
        entry(column.name, type_name(column.type), column.unit, column.meaning, column.definition));
  return table;
}

Json parameters_table() {
  Json table = Json::array({entry(key_columns()[0], ColumnType::kText)});
  table.push_back(entry("step", "integer", "steps", "The recorded step.", "0 is the initialization."));
  table.push_back(
      entry("layers", "list of objects", "", "The parameters of every layer, the output layer last.",
            "weights [out][in]; bias [out] where the layer has one; slope for prelu. Shortest decimals "
            "that read back to the same bits of the run's precision. A line is a valid init.file."));
  return table;
}

}  // namespace

std::string columns_json(const std::vector<SweptColumn>& swept) {
  Json tables;
  tables["runs"] = runs_table(swept);
  tables["metrics"] = row_table(metrics_columns());
  tables["layers"] = row_table(layer_columns());
  tables["units"] = row_table(unit_columns());
  tables["stream"] = row_table(stream_columns());
  tables["summary"] = summary_table(swept);
  tables["parameters"] = parameters_table();
  return Json{{"tables", tables}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace deadrelu
