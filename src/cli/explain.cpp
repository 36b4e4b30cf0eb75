#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "cli/command.h"
#include "cli/glossary.h"
#include "cli/output.h"
#include "store/export.h"

namespace deadrelu {
namespace {

constexpr const char* kExplainExamples =
    "Without a name: every key and column in short. A last part is enough: what it fits is explained.\n"
    "\n"
    "Examples:\n"
    "  deadrelu explain learning_rate\n"
    "  deadrelu explain train.optimizer            every key below it\n"
    "  deadrelu explain layers.dormant_fraction\n"
    "  deadrelu explain layers --json              every column of the table";

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
  std::string text = topic.name + (topic.is_key ? "  (config key)\n" : "  (column)\n");
  std::string facts = topic.type;
  if (!topic.range.empty()) facts += ", " + topic.range;
  if (!topic.unit.empty()) facts += ", unit: " + topic.unit;
  if (topic.is_key)
    facts += topic.default_text == "required" ? "; required" : "; default: " + topic.default_text;
  text += wrapped(facts, 2) + wrapped(topic.meaning, 2);
  if (!topic.definition.empty()) text += wrapped("Definition: " + topic.definition, 2);
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
  std::string meaning = first_sentence(topic.meaning);
  if (topic.is_key)
    meaning += topic.default_text == "required" ? " (required)" : " [" + topic.default_text + "]";
  return topic.name + '\n' + wrapped(meaning, 4);
}

std::string as_json(const Topic& topic) {
  std::string text = topic.is_key ? "{\"kind\": \"key\"" : "{\"kind\": \"column\"";
  const auto add = [&](const char* name, const std::string& value) {
    append_json_cell(text += fmt::format(", \"{}\": ", name), Cell(value));
  };
  add("name", topic.name);
  add("type", topic.type);
  if (topic.is_key) {
    add("range", topic.range);
    add("default", topic.default_text);
    add("meaning", topic.meaning);
  } else {
    add("unit", topic.unit);
    add("meaning", topic.meaning);
    add("definition", topic.definition);
  }
  return text + "}";
}

std::vector<Topic> topics_of(const std::string& name) {
  const std::vector<Topic> all = glossary();
  if (name.empty()) return all;
  std::vector<Topic> found = find_topics(all, name);
  if (!found.empty()) return found;
  const std::string nearest = nearest_name(name, topic_names(all));
  throw UserError(ExitCode::kUsage, fmt::format("there is no key or column '{}'{}", name,
                                                nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

int explain(const std::string& name, bool json) {
  const std::vector<Topic> topics = topics_of(name);
  StandardOutput out;
  const char* separator = "";
  if (json) out.write("[\n");
  for (const Topic& topic : topics) {
    out.write(separator);
    out.write(json ? as_json(topic) : name.empty() ? short_text(topic) : full_text(topic));
    separator = json ? ",\n" : name.empty() ? "" : "\n";
  }
  if (json) out.write("\n]\n");
  out.flush();
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("explain", "meaning, unit, range, default, definition of a key or column");
  const auto name = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  command->add_option("NAME", *name, "config key or column; a part of its dotted name is enough")
      ->type_name("KEY|COLUMN");
  command->add_flag("--json", *json, "a JSON array of objects");
  command->footer(kExplainExamples);
  command->callback([name, json, &action] { action = [name, json] { return explain(*name, *json); }; });
}

}  // namespace deadrelu
