#include "cli/glossary.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/experiment_config.h"
#include "probe/columns.h"
#include "store/summary.h"

namespace deadrelu {
namespace {

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kInteger:
      return "integer";
    case ColumnType::kReal:
      return "real";
    default:
      return "text";
  }
}

Topic column_topic(const char* table, const ColumnInfo& info, const char* type) {
  Topic topic;
  topic.name = std::string(table) + "." + info.name;
  topic.type = type;
  topic.unit = info.unit;
  topic.meaning = info.meaning;
  topic.definition = info.definition;
  return topic;
}

// The key columns come first in every table; seed and status are columns of runs alone.
template <class Row>
void add_columns(std::vector<Topic>& topics, const char* table, std::span<const Column<Row>> columns) {
  for (const ColumnInfo& info : key_columns()) {
    const std::string_view name = info.name;
    const bool runs = std::string_view(table) == "runs";
    if (name == "run_id" || runs)
      topics.push_back(column_topic(table, info, name == "seed" ? "integer" : "text"));
  }
  for (const Column<Row>& column : columns)
    topics.push_back(column_topic(table, column.info, type_name(column.type())));
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

template <class Match>
std::vector<Topic> filter(const std::vector<Topic>& topics, const Match& match) {
  std::vector<Topic> found;
  std::copy_if(topics.begin(), topics.end(), std::back_inserter(found), match);
  return found;
}

}  // namespace

std::vector<Topic> glossary() {
  std::vector<Topic> topics;
  for (KeyDoc& key : config_keys()) {
    topics.push_back({true, key.path, key.type, "", key.range, key.default_text, key.meaning, ""});
  }
  add_columns(topics, "runs", run_columns());
  add_columns(topics, "metrics", metrics_columns());
  add_columns(topics, "layers", layer_columns());
  add_columns(topics, "units", unit_columns());
  add_columns(topics, "stream", stream_columns());
  for (const ColumnDoc& column : summary_columns({})) {
    topics.push_back({false, fmt::format("summary.{}", column.name), type_name(column.type), column.unit, "",
                      "", column.meaning, column.definition});
  }
  return topics;
}

std::vector<Topic> find_topics(const std::vector<Topic>& topics, std::string_view name) {
  auto found = filter(topics, [&](const Topic& topic) { return topic.name == name; });
  if (!found.empty()) return found;
  const std::string ending = fmt::format(".{}", name), beginning = fmt::format("{}.", name);
  return filter(topics, [&](const Topic& topic) {
    return topic.name.ends_with(ending) || topic.name.starts_with(beginning);
  });
}

std::vector<std::string> topic_names(const std::vector<Topic>& topics) {
  std::vector<std::string> names;
  for (const Topic& topic : topics) {
    names.push_back(topic.name);
    names.emplace_back(last_part(topic.name));
  }
  return names;
}

}  // namespace deadrelu
