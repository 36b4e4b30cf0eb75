// JSON Schema (draft-07) from the key table.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "config/experiment_config.h"
#include "config/key_table.h"
#include "config/sweep_config.h"

namespace deadrelu {
namespace {

using Json = nlohmann::ordered_json;
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

Json choices_schema(const Key& key) {
  Json names = Json::array();
  for (const char* choice : key.choices) names.push_back(choice);
  return {{"enum", names}};
}

Json number_schema(const Key& key, const char* type) {
  Json schema = {{"type", type}};
  add_range(schema, key);
  return schema;
}

Json list_schema(const Key& key, const Json& items) {
  return {{"type", "array"}, {"items", items}, {"maxItems", key.most_items}};
}

Json type_schema(const Key& key) {
  const Json text = {{"type", "string"}, {"minLength", 1}, {"maxLength", 4096}};
  switch (key.type) {
    case KeyType::kReal:
      return number_schema(key, "number");
    case KeyType::kInteger:
      return number_schema(key, "integer");
    case KeyType::kBool:
      return {{"type", "boolean"}};
    case KeyType::kChoice:
      return choices_schema(key);
    case KeyType::kText:
      return text;
    case KeyType::kFolderName:
      return {{"type", "string"}, {"pattern", "^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f]{1,100}$"}};
    case KeyType::kIntegerList:
      return list_schema(key, number_schema(key, "integer"));
    case KeyType::kRealPair: {
      Json schema = list_schema(key, number_schema(key, "number"));
      schema["minItems"] = schema["maxItems"] = 2;
      return schema;
    }
    case KeyType::kRealMatrix: {
      Json row = list_schema(key, number_schema(key, "number")), rows = list_schema(key, {});
      row["minItems"] = rows["minItems"] = 1;
      rows["items"] = row;
      return rows;
    }
    case KeyType::kTextList: {
      Json schema = list_schema(key, text);
      schema["minItems"] = 1;
      return schema;
    }
    case KeyType::kChoiceSet:
      return list_schema(key, choices_schema(key));
  }
  return {};
}

Json row_schema(const Row& row) {
  const Key& key = *row.key;
  Json schema = type_schema(key);
  Json alternatives = Json::array();
  if (key.word != nullptr) alternatives.push_back({{"const", key.word}});
  if (key.nullable) alternatives.push_back({{"type", "null"}});
  if (!alternatives.empty()) {
    alternatives.insert(alternatives.begin(), schema);
    schema = {{"anyOf", alternatives}};
  }
  schema["description"] = key.meaning;
  const bool always = key.other_fallback == nullptr && *key.inherits == '\0';
  if (row.fallback && always) schema["default"] = Json::parse(row.fallback->text);
  return schema;
}

// Objects of one group: one schema for each set of variants that share their keys.
class SchemaBuilder {
 public:
  Json whole() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "deadrelu config"},
                   {"type", "object"}};
    Json& properties = schema["properties"] = Json::object();
    for (const std::string& child : table_.find_group("")->children) properties[child] = reference(child);
    properties["sweep"] = {{"$ref", "#/definitions/sweep"}};
    schema["additionalProperties"] = false;
    schema["if"] = {{"not", {{"required", {"sweep"}}}}};
    schema["then"] = {
        {"required", {"data", "model"}},
        {"properties",
         {{"data", {{"required", {"kind"}}}},
          {"model", {{"anyOf", {{{"required", {"hidden"}}}, {{"required", {"width", "depth"}}}}}}}}}};
    Json& definitions = schema["definitions"] = Json::object();
    for (const std::string& name : table_.all_names()) definitions[name] = named_schema(name);
    definitions["range"] = range_schema();
    definitions["sweep"] = sweep_schema();
    return schema;
  }

 private:
  static Json reference(const std::string& name) { return {{"$ref", "#/definitions/" + name}}; }

  Json named_schema(const std::string& name) const {
    if (const std::size_t path = table_.find_path(name); path != kNone) {
      const auto& rows = table_.paths()[path].rows;
      if (rows.size() == 1) return row_schema(table_.rows()[rows.front()]);
      Json alternatives = Json::array();
      for (const std::size_t row : rows) alternatives.push_back(row_schema(table_.rows()[row]));
      return {{"anyOf", alternatives}};
    }
    const KeyTable::Group& group = *table_.find_group(name);
    if (group.selector == kNone) return object_schema(name, group, ~std::uint64_t{0}, {});
    Json alternatives = Json::array();
    if (name != "data") alternatives.push_back(choices_schema(*table_.rows()[group.selector].key));
    if (group.number != kNone) alternatives.push_back(type_schema(*table_.rows()[group.number].key));
    for (const auto& [rows, variants] : variant_classes(name, group))
      alternatives.push_back(object_schema(name, group, variants, table_.rows()[group.selector]));
    return {{"anyOf", alternatives}};
  }

  // The rows that belong to some variants only: which variants have the same of them.
  std::map<std::vector<std::size_t>, std::uint64_t> variant_classes(const std::string& name,
                                                                    const KeyTable::Group& group) const {
    std::map<std::vector<std::size_t>, std::uint64_t> classes;
    const Row& selector = table_.rows()[group.selector];
    for (std::size_t variant = 0; variant < selector.key->choices.size(); ++variant) {
      std::vector<std::size_t> own;
      for (const std::size_t row : rows_in(name, group))
        if (table_.rows()[row].variants >> variant & 1) own.push_back(row);
      classes[own] |= std::uint64_t{1} << variant;
    }
    return classes;
  }

  std::vector<std::size_t> rows_in(const std::string& name, const KeyTable::Group& group) const {
    std::vector<std::size_t> rows;
    for (std::size_t path = group.first; path <= group.last; ++path)
      if (parent_of(table_.paths()[path].name) == name)
        rows.insert(rows.end(), table_.paths()[path].rows.begin(), table_.paths()[path].rows.end());
    return rows;
  }

  Json object_schema(const std::string& name, const KeyTable::Group& group, std::uint64_t variants,
                     const Row& selector) const {
    Json schema = {{"type", "object"}};
    Json& properties = schema["properties"] = Json::object();
    Json required = Json::array(), apart = Json::array();
    for (const std::size_t index : rows_in(name, group)) {
      const Row& row = table_.rows()[index];
      const std::string key = table_.paths()[row.path].name.substr(name.size() + 1);
      if (index == group.selector) {
        properties[key] = selector_schema(selector, variants);
        if (!absent_selector_fits(selector, variants)) required.push_back(key);
      } else if (row.variants == 0 || (row.variants & variants) != 0) {
        properties[key] = row_schema(row);
        if (row.key->required && row.excludes.empty()) required.push_back(key);
      }
      for (const std::size_t other : row.excludes)
        apart.push_back({{"not", {{"required", {key, table_.paths()[other].name.substr(name.size() + 1)}}}}});
    }
    for (const std::string& child : group.children)
      if (table_.find_group(name + '.' + child) != nullptr) properties[child] = reference(name + '.' + child);
    schema["additionalProperties"] = false;
    if (!required.empty()) schema["required"] = required;
    if (!apart.empty()) schema["allOf"] = apart;
    return schema;
  }

  static Json selector_schema(const Row& selector, std::uint64_t variants) {
    Json names = Json::array();
    for (std::size_t i = 0; i < selector.key->choices.size(); ++i)
      if (variants >> i & 1) names.push_back(selector.key->choices[i]);
    return {{"enum", names}, {"description", selector.key->meaning}};
  }

  // Without its name an object is of the default variant, or of whatever the hidden layers have, or what a
  // sweep says.
  static bool absent_selector_fits(const Row& selector, std::uint64_t variants) {
    if (selector.inherits != kNone) return true;
    return selector.fallback && (variants >> selector.fallback->integer() & 1) != 0;
  }

  static Json range_schema() {
    const auto triple = [](const char* name, bool positive) -> Json {
      Json end = {{"type", "number"}, {"maximum", 1e100}};
      end[positive ? "exclusiveMinimum" : "minimum"] = positive ? 0.0 : -1e100;
      const Json count = {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostRangeValues}};
      return {{"type", "object"},
              {"properties",
               {{name,
                 {{"type", "array"},
                  {"items", Json::array({end, end, count})},
                  {"minItems", 3},
                  {"maxItems", 3}}}}},
              {"required", Json::array({name})},
              {"additionalProperties", false}};
    };
    return {{"anyOf", Json::array({triple("lin", false), triple("log", true)})}};
  }

  // Objects {path: …} over everything that can be swept.
  template <class Make>
  Json by_path(Make make) const {
    Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    schema["minProperties"] = 1;
    for (const std::string& name : table_.all_names())
      if (name != "name" && name != "$schema" && name != "seed") schema["properties"][name] = make(name);
    return schema;
  }

  Json sweep_schema() const {
    const auto list_of = [](const Json& items) -> Json {
      return {{"type", "array"}, {"items", items}, {"minItems", 1}};
    };
    const Json axes = by_path([&](const std::string& name) -> Json {
      const Json values = list_of(reference(name));
      return is_number(name) ? Json{{"anyOf", Json::array({values, reference("range")})}} : values;
    });
    const Json entry = by_path([](const std::string& name) { return reference(name); });
    const Json excluded = by_path([&](const std::string& name) -> Json {
      return {{"anyOf", Json::array({reference(name), list_of(reference(name))})}};
    });
    const Json seed = {{"type", "integer"}, {"minimum", 0}, {"maximum", highest_integer({0, 0x1p63})}};
    const Json count = {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostRuns}};
    const Json from_count = {{"type", "object"},
                             {"properties", {{"from", seed}, {"count", count}}},
                             {"required", {"from", "count"}},
                             {"additionalProperties", false}};
    Json list_entry = entry;
    list_entry.erase("minProperties");
    return {{"type", "object"},
            {"properties",
             {{"grid", axes},
              {"zip", {{"anyOf", Json::array({axes, list_of(axes)})}}},
              {"list", list_of(list_entry)},
              {"exclude", list_of(excluded)},
              {"seeds", {{"anyOf", Json::array({count, list_of(seed), from_count})}}}}},
            {"additionalProperties", false}};
  }

  bool is_number(const std::string& name) const {
    const std::size_t path = table_.find_path(name);
    if (path == kNone) return table_.find_group(name)->number != kNone;
    const auto& rows = table_.paths()[path].rows;
    return std::any_of(rows.begin(), rows.end(), [&](std::size_t row) {
      const KeyType type = table_.rows()[row].key->type;
      return type == KeyType::kReal || type == KeyType::kInteger;
    });
  }

  const KeyTable& table_ = KeyTable::get();
};

}  // namespace

std::string config_schema() { return SchemaBuilder().whole().dump(2) + '\n'; }

}  // namespace deadrelu
