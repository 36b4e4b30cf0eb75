#include "cli/glossary.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/experiment_config.h"
#include "store/export.h"

namespace deadrelu {
namespace {

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

template <class Match>
std::vector<Topic> filter(const std::vector<Topic>& topics, const Match& match) {
  std::vector<Topic> found;
  std::copy_if(topics.begin(), topics.end(), std::back_inserter(found), match);
  return found;
}

}  // namespace

std::vector<Topic> glossary(const Tables& tables) {
  std::vector<Topic> topics;
  for (const Doc& key : config_keys()) topics.push_back({true, key});
  for (const ExportedTable& table : exported_tables({}, tables)) {
    for (const ColumnInfo& column : table.columns)
      topics.push_back(
          {false,
           {fmt::format("{}.{}", table.name, column.name), std::string(column_type_name(column.type)), "", "",
            column.meaning, column.unit, column.definition}});
  }
  return topics;
}

std::vector<Topic> find_topics(const std::vector<Topic>& topics, std::string_view name) {
  auto found = filter(topics, [&](const Topic& topic) { return topic.doc.name == name; });
  if (!found.empty()) return found;
  const std::string ending = fmt::format(".{}", name), beginning = fmt::format("{}.", name);
  return filter(topics, [&](const Topic& topic) {
    return topic.doc.name.ends_with(ending) || topic.doc.name.starts_with(beginning);
  });
}

std::vector<std::string> topic_names(const std::vector<Topic>& topics) {
  std::vector<std::string> names;
  for (const Topic& topic : topics) {
    names.push_back(topic.doc.name);
    names.emplace_back(last_part(topic.doc.name));
  }
  return names;
}

}  // namespace deadrelu
