#include "cli/explain.h"

#include <algorithm>

#include "base/enum_names.h"
#include "cli/options.h"
#include "cli/print.h"

namespace deadrelu {
namespace {

template <class Match>
std::vector<Topic> filter(const std::vector<Topic>& topics, const Match& match) {
  std::vector<Topic> found;
  std::copy_if(topics.begin(), topics.end(), std::back_inserter(found), match);
  return found;
}

constexpr std::size_t kLineWidth = 100;

// `text` in lines of at most kLineWidth columns (a longer word stands alone), each indented.
std::string wrapped(std::string_view text, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string result, line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kLineWidth) {
      result += margin + line + '\n';
      line.clear();
    }
    if (!word.empty()) line.append(line.empty() ? "" : " ").append(word);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return line.empty() ? result : result + margin + line + '\n';
}

std::string full_text(const Topic& topic) {
  std::string text = topic.doc.name + (topic.is_key ? "  (config key)\n" : "  (column)\n");
  std::string facts = topic.doc.type;
  if (!topic.doc.range.empty()) facts += ", " + topic.doc.range;
  if (!topic.doc.unit.empty()) facts += ", unit: " + topic.doc.unit;
  if (topic.is_key)
    facts += topic.doc.default_text == "required" ? "; required" : "; default: " + topic.doc.default_text;
  text += wrapped(facts, 2) + wrapped(topic.doc.meaning, 2);
  if (!topic.doc.definition.empty()) text += wrapped("Definition: " + topic.doc.definition, 2);
  return text;
}

// Up to the first full stop that a capital follows.
std::string first_sentence(const std::string& text) {
  for (std::size_t stop = text.find(". "); stop != std::string::npos; stop = text.find(". ", stop + 1)) {
    const char next = stop + 2 < text.size() ? text[stop + 2] : 'A';
    if (next >= 'A' && next <= 'Z') return text.substr(0, stop + 1);
  }
  return text;
}

std::string short_text(const Topic& topic) {
  std::string meaning = first_sentence(topic.doc.meaning);
  if (topic.is_key)
    meaning += topic.doc.default_text == "required" ? " (required)" : " [" + topic.doc.default_text + "]";
  return topic.doc.name + '\n' + wrapped(meaning, 4);
}

Json topic_json(const Topic& topic) {
  const Doc& doc = topic.doc;
  if (topic.is_key)
    return {{"kind", "key"},
            {"name", doc.name},
            {"type", doc.type},
            {"range", doc.range},
            {"default", doc.default_text},
            {"meaning", doc.meaning}};
  return {{"kind", "column"}, {"name", doc.name},       {"type", doc.type},
          {"unit", doc.unit}, {"meaning", doc.meaning}, {"definition", doc.definition}};
}

std::vector<Topic> topics_of(const std::string& name) {
  const std::vector<Topic> all = glossary();
  if (name.empty()) return all;
  std::vector<Topic> found = find_topics(all, name);
  if (!found.empty()) return found;
  throw usage_error("there is no key or column '{}'{}", name, suggestion(name, topic_names(all)));
}

struct ExplainOptions {
  std::string name;
  bool json = false;
};

int explain(const ExplainOptions& options) {
  const std::vector<Topic> topics = topics_of(options.name);
  if (options.json) {
    RowPrinter rows(true);
    for (const Topic& topic : topics) rows.object(topic_json(topic));
    rows.finish();
    return 0;
  }
  const bool all = options.name.empty();
  std::string text;
  for (const Topic& topic : topics)
    text += all ? short_text(topic) : (text.empty() ? "" : "\n") + full_text(topic);
  print_text(text);
  return 0;
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
    names.push_back(topic.doc.name.substr(topic.doc.name.rfind('.') + 1));
  }
  return names;
}

void add_explain(CommandLine& line) {
  Command command(
      line, "explain", "meaning, unit, range, default, definition of a key or column",
      R"(Without a name: every key and column in short. A last part is enough: what it fits is explained.

Examples:
  deadrelu explain learning_rate
  deadrelu explain train.optimizer            every key below it
  deadrelu explain layers.dormant_fraction
  deadrelu explain layers --json              every column of the table)");
  ExplainOptions& options = command.calls(explain);
  command.argument("KEY|COLUMN", options.name, "config key or column; a part of its dotted name is enough",
                   false);
  command.flag("--json", options.json, "a JSON array of objects");
}

}  // namespace deadrelu
