// What `schema` and `explain` say of the keys: JSON Schema (draft-07) and documentation, from the key table.
#include <algorithm>

#include "config/experiment_config.h"
#include "config/key_table.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {
namespace {

using Row = KeyTable::Row;

void add_range(Json& schema, const Key& key) {
  const bool whole = key.type == KeyType::kInteger || key.type == KeyType::kIntegerList;
  if (key.range.low != -kInfinity)
    schema[key.range.low_open ? "exclusiveMinimum" : "minimum"] = key.range.low;
  if (key.range.high == kInfinity) return;
  if (whole) {
    schema["minimum"] = static_cast<std::int64_t>(key.range.low);
    schema["maximum"] = highest_integer(key.range);
  } else {
    schema[key.range.high_open ? "exclusiveMaximum" : "maximum"] = key.range.high;
  }
}

Json number_schema(const Key& key, const char* type) {
  Json schema = {{"type", type}};
  add_range(schema, key);
  return schema;
}

Json list_of(const Json& items, std::size_t least, std::size_t most) {
  return {{"type", "array"}, {"items", items}, {"minItems", least}, {"maxItems", most}};
}

Json type_schema(const Key& key) {
  const Json text = {{"type", "string"}, {"minLength", 1}, {"maxLength", 4096}};
  const Json formula = {{"type", "string"}, {"minLength", 1}, {"maxLength", kLongestFormula}};
  const Json names = {{"enum", std::vector<std::string>(key.choices.begin(), key.choices.end())}};
  switch (key.type) {
    case KeyType::kReal: return number_schema(key, "number");
    case KeyType::kInteger: return number_schema(key, "integer");
    case KeyType::kBool: return {{"type", "boolean"}};
    case KeyType::kChoice: return names;
    case KeyType::kText: return text;
    case KeyType::kFolderName:
      return {{"type", "string"}, {"pattern", "^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f]{1,100}$"}};
    case KeyType::kIntegerList: return list_of(number_schema(key, "integer"), 0, key.most_items);
    case KeyType::kRealPair: return list_of(number_schema(key, "number"), 2, 2);
    case KeyType::kRealMatrix:
      return list_of(list_of(number_schema(key, "number"), 1, key.most_items), 1, key.most_items);
    case KeyType::kTextList: return list_of(text, key.required ? 1 : 0, key.most_items);
    case KeyType::kColumnList: {
      const Json number = {
          {"type", "integer"}, {"minimum", -1000000}, {"maximum", 1000000}, {"not", {{"const", 0}}}};
      return list_of({{"anyOf", {text, number}}}, key.required ? 1 : 0, key.most_items);
    }
    case KeyType::kChoiceSet: return list_of(names, 0, key.most_items);
    case KeyType::kFormula: return formula;
    case KeyType::kFormulaList: return {{"anyOf", {formula, list_of(formula, 1, key.most_items)}}};
    case KeyType::kRecordList: {
      Json record = {{"type", "object"}, {"required", names["enum"]}, {"additionalProperties", false}};
      for (const char* name : key.choices) record["properties"][name] = number_schema(key, "number");
      return list_of(record, 1, key.most_items);
    }
    case KeyType::kBoolEach:
      return {{"anyOf", {{{"type", "boolean"}}, list_of({{"type", "boolean"}}, 0, key.most_items)}}};
    case KeyType::kRealEach: {
      const Json number = number_schema(key, "number");
      return {{"anyOf", {number, list_of(number, 1, key.most_items)}}};
    }
    case KeyType::kGroupsEach:
      return list_of({{"$ref", "#/definitions/" + parent_of(key.path)}}, 0, key.most_items);
  }
  return {};
}

Json any_of(Json alternatives) {
  return alternatives.size() == 1 ? std::move(alternatives[0]) : Json{{"anyOf", std::move(alternatives)}};
}

// What the row says of its place among other keys, for people.
std::string about(const Row& row) {
  const KeyTable& table = KeyTable::get();
  std::string text = row.key.meaning;
  if (row.key.number_shorthand)
    text += " A bare number in place of " + parent_of(row.key.path) + " means this.";
  if (row.selector != kNone) text += " Only with " + table.variants_text(row) + ".";
  for (const std::size_t other : row.excludes)
    text += " Not together with " + table.paths()[other].name + ".";
  return text;
}

Json row_schema(const Row& row) {
  Json alternatives = Json::array({type_schema(row.key)});
  if (row.key.word != nullptr) alternatives.push_back({{"const", row.key.word}});
  if (row.key.nullable) alternatives.push_back({{"type", "null"}});
  Json schema = any_of(std::move(alternatives));
  schema["description"] = about(row);
  const bool always =
      row.key.other == nullptr && row.inherits == kNone && !row.key.required && !row.key.optional;
  if (always) schema["default"] = Json::parse(canonical_json(default_of(row.key)));
  return schema;
}

// Objects of one group allow the keys of all its variants; the descriptions say to which they belong.
class SchemaBuilder {
 public:
  Json whole() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "deadrelu config"}};
    schema.update(object_schema("", *table_.find_group("")));
    schema["properties"]["sweep"] = reference("sweep");
    schema["if"] = {{"not", {{"required", {"sweep"}}}}};
    schema["then"] = {
        {"required", {"data", "model"}},
        {"properties",
         {{"data", {{"required", {"kind"}}}},
          {"model", {{"anyOf", {{{"required", {"hidden"}}}, {{"required", {"width", "depth"}}}}}}}}}};
    Json& definitions = schema["definitions"] = Json::object();
    for (const std::string& name : table_.all_names()) definitions[name] = named_schema(name);
    definitions["range"] = {{"anyOf", Json::array({range_schema("lin", "minimum", -1e100),
                                                   range_schema("log", "exclusiveMinimum", 0)})}};
    definitions["sweep"] = sweep_schema();
    return schema;
  }

 private:
  static Json reference(const std::string& name) { return {{"$ref", "#/definitions/" + name}}; }

  Json named_schema(const std::string& name) const {
    Json alternatives = Json::array();
    if (const std::size_t path = table_.find_path(name); path != kNone) {
      for (const std::size_t row : table_.paths()[path].rows)
        alternatives.push_back(row_schema(table_.rows()[row]));
      return any_of(std::move(alternatives));
    }
    const KeyTable::Group& group = *table_.find_group(name);
    if (group.selector != kNone && !table_.rows()[group.selector].key.required)
      alternatives.push_back(type_schema(table_.rows()[group.selector].key));
    if (group.number != kNone) alternatives.push_back(type_schema(table_.rows()[group.number].key));
    if (group.each != kNone) alternatives.push_back(reference(table_.paths()[group.each].name));
    if (group.has_parts) alternatives.push_back(parts_schema(name));
    alternatives.push_back(object_schema(name, group));
    return any_of(std::move(alternatives));
  }

  Json object_schema(const std::string& name, const KeyTable::Group& group) const {
    Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    if (group.open != kNone)
      schema["additionalProperties"] = row_schema(table_.rows()[table_.paths()[group.open].rows.front()]);
    Json apart = Json::array();
    for (const std::string& child : group.children) {
      const std::string path = name.empty() ? child : name + '.' + child;
      schema["properties"][child] = reference(path);
      if (table_.find_path(path) == kNone) continue;
      for (const std::size_t other :
           table_.rows()[table_.paths()[table_.find_path(path)].rows.front()].excludes)
        if (parent_of(table_.paths()[other].name) == name)  // what stands elsewhere, no object can exclude
          apart.push_back({{"not", {{"required", {child, last_of(table_.paths()[other].name)}}}}});
    }
    if (!apart.empty()) schema["allOf"] = apart;
    return schema;
  }

  // Names of parts, joined by "+".
  Json parts_schema(const std::string& group) const {
    std::string names;
    for (const auto& [name, row] : table_.part_names(group)) names += (names.empty() ? "" : "|") + name;
    return {{"type", "string"}, {"pattern", "^(" + names + ")(\\+(" + names + "))*$"}};
  }

  static std::string free_name_pattern(const std::string& group) {
    std::string pattern = "^";
    for (const char c : group) pattern += c == '.' ? "\\." : std::string(1, c);
    return pattern + "\\.[A-Za-z_][A-Za-z0-9_]*$";
  }

  static Json range_schema(const char* name, const char* minimum, double low) {
    const Json end = {{"type", "number"}, {"maximum", 1e100}, {minimum, low}};
    const Json count = {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostRangeValues}};
    return {{"type", "object"},
            {"properties", {{name, list_of(Json::array({end, end, count}), 3, 3)}}},
            {"required", Json::array({name})},
            {"additionalProperties", false}};
  }

  // Objects {path: …} over everything that can be swept.
  template <class Make>
  Json by_path(std::size_t least, Make make) const {
    Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    schema["minProperties"] = least;
    for (const std::string& name : table_.all_names())
      if (name != "name" && name != "$schema" && name != "seed") schema["properties"][name] = make(name);
    for (const KeyTable::Path& path : table_.paths()) {
      const std::string group = parent_of(path.name);
      if (table_.rows()[path.rows.front()].key.open)
        schema["patternProperties"][free_name_pattern(group)] = make(group + ".a");
    }
    return schema;
  }

  Json sweep_schema() const {
    const auto some = [](const Json& items) -> Json {
      return {{"type", "array"}, {"items", items}, {"minItems", 1}};
    };
    const Json axes = by_path(1, [&](const std::string& name) {
      Json values = Json::array({some(reference(name))});
      if (table_.numeric_key(name) != nullptr) values.push_back(reference("range"));
      return any_of(std::move(values));
    });
    const Json excluded = by_path(1, [&](const std::string& name) {
      return any_of(Json::array({reference(name), some(reference(name))}));
    });
    const Json seed = {{"type", "integer"}, {"minimum", 0}, {"maximum", highest_integer({0, 0x1p63})}};
    const Json count = {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostSweepRuns}};
    const Json from_count = {{"type", "object"},
                             {"properties", {{"from", seed}, {"count", count}}},
                             {"required", {"from", "count"}},
                             {"additionalProperties", false}};
    const Json seeds = any_of(Json::array({count, some(seed), from_count}));
    Json entry = by_path(0, reference);
    entry["properties"]["seeds"] = seeds;
    return {{"type", "object"},
            {"properties",
             {{"grid", axes},
              {"zip", any_of(Json::array({axes, some(axes)}))},
              {"list", some(entry)},
              {"exclude", some(excluded)},
              {"seeds", seeds}}},
            {"additionalProperties", false}};
  }

  const KeyTable& table_ = KeyTable::get();
};

std::string default_text(const Row& row) {
  const Key& key = row.key;
  if (row.inherits != kNone)
    return "that of " + key.inherits + "; where that does not apply, " + canonical_json(default_of(key));
  if (key.required) return "required";
  if (key.optional) return "not given";
  const std::string text = canonical_json(default_of(key));
  return key.other == nullptr
             ? text
             : text + " (" + canonical_json(key.other_fallback) + " with " + key.other_when + ")";
}

// The sweep section has a form of its own; its reader is sweep_config.cpp.
const std::vector<Doc>& sweep_docs() {
  static const std::vector<Doc> docs = {
      {"sweep.grid", "object {path: values}", "", "not given",
       "Every path, a dotted key or group, is an axis; the points are the product of all axes, the last one fastest. "
       "values: a list, {\"lin\": [from, to, count]} (evenly spaced, rounded to 15 digits of the larger end) or "
       "{\"log\": [from, to, count]} (evenly spaced logarithms, rounded to 12 significant digits; whole-number keys: "
       "to whole numbers). Equal values count once."},
      {"sweep.zip", "object {path: values}, or a list of them", "", "not given",
       "Each object is one axis whose paths change together; all of its paths have equally many values."},
      {"sweep.list", "list of objects {path: value}", "", "not given",
       "One axis of explicit overrides; what an entry does not name keeps the config's value. \"seeds\" in an entry are "
       "its own, in the place of sweep.seeds."},
      {"sweep.exclude", "list of objects {path: value or list of values}", "", "not given",
       "Leaves out the points that match one of the objects on all of its paths. Only swept paths and values can be "
       "excluded."},
      {"sweep.seeds", "count, list, or {\"from\": first, \"count\": n}", "[1, 1000000000] seeds", "1",
       "The seeds of every point, innermost; a count n means seed, seed+1, …, seed+n−1 from the top-level seed. A "
       "sweep has at most 10⁹ runs."},
  };
  return docs;
}

}  // namespace

std::string config_schema() { return SchemaBuilder().whole().dump(2) + '\n'; }

std::vector<Doc> config_keys() {
  std::vector<Doc> docs;
  for (const Row& row : KeyTable::get().rows())
    docs.push_back({row.key.path,
                    type_text(row.key),
                    range_text(row.key),
                    default_text(row),
                    about(row),
                    "",
                    "",
                    {row.key.choices.begin(), row.key.choices.end()}});
  docs.insert(docs.end(), sweep_docs().begin(), sweep_docs().end());
  return docs;
}

}  // namespace deadrelu
