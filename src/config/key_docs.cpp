// What `explain` prints of every key.
#include "config/experiment_config.h"
#include "config/key_table.h"

namespace deadrelu {
namespace {

std::string type_text(const Key& key) {
  switch (key.type) {
    case KeyType::kReal:
      return "real";
    case KeyType::kInteger:
      return "integer";
    case KeyType::kBool:
      return "true or false";
    case KeyType::kText:
      return "text";
    case KeyType::kFolderName:
      return "folder name";
    case KeyType::kIntegerList:
      return "list of integers";
    case KeyType::kRealPair:
      return "[from, to]";
    case KeyType::kRealMatrix:
      return "list of rows of numbers";
    case KeyType::kTextList:
      return "list of names";
    case KeyType::kChoice:
    case KeyType::kChoiceSet:
      break;
  }
  std::string text = key.type == KeyType::kChoice ? "one of " : "list of any of ";
  for (const char* choice : key.choices) text += (choice == key.choices[0] ? "" : ", ") + std::string(choice);
  return text;
}

std::string default_text(const KeyTable::Row& row) {
  const Key& key = *row.key;
  if (*key.inherits != '\0') return "that of " + std::string(key.inherits);
  std::string text = row.fallback ? row.fallback->text : key.required ? "required" : "not given";
  if (row.other_fallback) text += " (" + row.other_fallback->text + " with " + key.other_when + ")";
  return text;
}

KeyDoc document(const KeyTable& table, const KeyTable::Row& row) {
  const Key& key = *row.key;
  KeyDoc doc{key.path, type_text(key), range_text(key), default_text(row), key.meaning};
  if (key.word != nullptr) doc.type += " or \"" + std::string(key.word) + '"';
  if (key.nullable) doc.type += " or null";
  if (key.number_shorthand)
    doc.meaning += " A bare number in place of " + parent_of(key.path) + " means this.";
  if (row.selector != kNone) doc.meaning += " Only with " + table.variants_text(row) + ".";
  for (const std::size_t other : row.excludes)
    doc.meaning += " Not together with " + table.paths()[other].name + ".";
  return doc;
}

// The sweep section has a form of its own; its reader is sweep_config.cpp.
const std::vector<KeyDoc>& sweep_docs() {
  static const std::vector<KeyDoc> docs = {
      {"sweep.grid", "object {path: values}", "", "not given",
       "Every path, a dotted key or group, is an axis; the points are the product of all axes, the last one "
       "fastest. "
       "values: a list, {\"lin\": [from, to, count]} (evenly spaced, rounded to 15 digits of the larger end) "
       "or "
       "{\"log\": [from, to, count]} (evenly spaced logarithms, rounded to 12 significant digits; "
       "whole-number keys: "
       "to whole numbers). Equal values count once."},
      {"sweep.zip", "object {path: values}, or a list of them", "", "not given",
       "Each object is one axis whose paths change together; all of its paths have equally many values."},
      {"sweep.list", "list of objects {path: value}", "", "not given",
       "One axis of explicit overrides; what an entry does not name keeps the config's value."},
      {"sweep.exclude", "list of objects {path: value or list of values}", "", "not given",
       "Leaves out the points that match one of the objects on all of its paths. Only swept paths and values "
       "can be "
       "excluded."},
      {"sweep.seeds", "count, list, or {\"from\": first, \"count\": n}", "[1, 1000000000000] seeds", "1",
       "The seeds of every point, innermost; a count n means seed, seed+1, …, seed+n−1 from the top-level "
       "seed. A "
       "sweep has at most 10¹² runs."},
  };
  return docs;
}

}  // namespace

std::vector<KeyDoc> config_keys() {
  const KeyTable& table = KeyTable::get();
  std::vector<KeyDoc> docs;
  for (const auto& row : table.rows()) docs.push_back(document(table, row));
  docs.insert(docs.end(), sweep_docs().begin(), sweep_docs().end());
  return docs;
}

}  // namespace deadrelu
