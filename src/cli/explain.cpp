#include "cli/explain.h"

#include <algorithm>

#include "base/enum_names.h"
#include "cli/options.h"
#include "cli/print.h"
#include "config/words.h"

namespace deadrelu {
namespace {

template <class Match>
std::vector<Topic> filter(const std::vector<Topic>& topics, const Match& match) {
  std::vector<Topic> found;
  std::ranges::copy_if(topics, std::back_inserter(found), match);
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
  const Doc& doc = topic.doc;
  const bool key = topic.kind == TopicKind::kKey;
  std::string facts = doc.type;
  if (!doc.range.empty()) facts += ", " + doc.range;
  if (!doc.unit.empty()) facts += ", unit: " + doc.unit;
  if (key) facts += doc.default_text == "required" ? "; required" : "; default: " + doc.default_text;
  std::string text = fmt::format("{}  ({}{})\n", doc.name, key ? "config " : "", name_of(topic.kind));
  text += wrapped(facts, 2) + wrapped(doc.meaning, 2);
  if (!doc.definition.empty()) text += wrapped("Definition: " + doc.definition, 2);
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
  if (topic.kind == TopicKind::kKey)
    meaning += topic.doc.default_text == "required" ? " (required)" : " [" + topic.doc.default_text + "]";
  return topic.doc.name + '\n' + wrapped(meaning, 4);
}

Json topic_json(const Topic& topic) {
  const Doc& doc = topic.doc;
  Json json = {{"kind", name_of(topic.kind)}, {"name", doc.name}, {"type", doc.type}};
  if (topic.kind == TopicKind::kKey) json.update({{"range", doc.range}, {"default", doc.default_text}});
  if (topic.kind == TopicKind::kColumn) json["unit"] = doc.unit;
  json["meaning"] = doc.meaning;
  if (topic.kind == TopicKind::kColumn) json["definition"] = doc.definition;
  return json;
}

struct ExplainOptions {
  std::string name;
  bool json = false;
  const CommandLine* line = nullptr;
};

std::vector<Topic> topics_of(const ExplainOptions& options) {
  std::vector<Topic> all = glossary();
  if (options.name.empty())
    return filter(all, [](const Topic& topic) { return topic.kind <= TopicKind::kColumn; });
  for (const auto& [name, meaning] : options.line->commands())
    all.push_back({TopicKind::kCommand,
                   {name, fmt::format("deadrelu {} --help tells more", name), "", "", meaning + '.'}});
  std::vector<Topic> found = find_topics(all, options.name);
  if (!found.empty()) return found;
  const std::string here = name_here(options.name);
  throw usage_error(
      "there is no key or column '{}'{}", options.name,
      here.empty() ? suggestion(options.name, topic_names(all)) : "; here it is called " + here);
}

int explain(const ExplainOptions& options) {
  const std::vector<Topic> topics = topics_of(options);
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
  std::vector<Topic> topics, others;
  for (const Doc& key : config_keys()) {
    topics.push_back({TopicKind::kKey, key});
    for (const std::string& value : key.values)
      others.push_back(
          {TopicKind::kValue, {value, "value of " + key.name, "", "", key.name + ": " + key.meaning}});
  }
  for (const ExportedTable& table : exported_tables({}, tables)) {
    std::string names;
    for (const ColumnInfo& column : table.columns) {
      topics.push_back(
          {TopicKind::kColumn,
           {fmt::format("{}.{}", table.name, column.name), std::string(column_type_name(column.type)), "", "",
            column.meaning, column.unit, column.definition}});
      names += (names.empty() ? "" : ", ") + column.name;
    }
    others.push_back({TopicKind::kTable, {table.name, "of results", "", "", "Columns: " + names + '.'}});
  }
  topics.insert(topics.end(), others.begin(), others.end());
  return topics;
}

std::vector<Topic> find_topics(const std::vector<Topic>& topics, std::string_view name) {
  const std::string ending = fmt::format(".{}", name), beginning = fmt::format("{}.", name);
  auto found = filter(topics, [&](const Topic& topic) {
    return topic.doc.name == name || topic.doc.name.ends_with(ending) ||
           topic.doc.name.starts_with(beginning);
  });
  std::stable_partition(found.begin(), found.end(),
                        [&](const Topic& topic) { return topic.doc.name == name; });
  return found;
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
      R"(Without a name: every key and column in short. A last part is enough: everything that has the name is
explained, keys and columns, tables, commands, and the values of keys.

Examples:
  deadrelu explain learning_rate
  deadrelu explain train.optimizer            every key below it
  deadrelu explain layers.dormant_fraction
  deadrelu explain silu                       of which keys it is a value
  deadrelu explain layers --json              every column of the table)");
  ExplainOptions& options = command.calls(explain);
  options.line = &line;
  command.argument("KEY|COLUMN", options.name, "any name; of a dotted one the last part is enough", false);
  command.flag("--json", options.json, "a JSON array of objects");
}

}  // namespace deadrelu
