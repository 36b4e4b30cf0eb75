// One config key: everything that is known about it stands in one row of a table, and validation, defaults,
// run id, JSON Schema and `explain` all read that row.
#pragma once

#include <limits>
#include <span>
#include <string>

#include "config/json_node.h"
#include "config/problems.h"
#include "config/value.h"
#include "train/run_spec.h"

namespace deadrelu {

enum class KeyType {
  kReal,
  kInteger,
  kBool,
  kChoice,
  kText,
  kFolderName,
  kIntegerList,
  kRealPair,
  kRealMatrix,
  kTextList,
  kChoiceSet,
};

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Of a number, or of each number of a list. Both ends belong to it unless they are open.
struct Range {
  double low = -kInfinity, high = kInfinity;
  bool low_open = false, high_open = false;
};

// A key may have several rows, one for each set of variants in which it means something else.
struct Key {
  const char* path = "";  // dotted
  KeyType type = KeyType::kReal;
  // The variants it belongs to, space-separated: names of the nearest "kind" or "name" beside it; "": all.
  const char* when = "";
  Range range = {};
  std::span<const char* const> choices = {};
  const char* word = nullptr;  // a word that stands for 0: "full", "all"
  bool nullable = false;
  std::size_t most_items = std::size_t{1} << 24;  // lists

  // Default as JSON; null: the key may be absent. `required`: it must be given, or one of `excludes`.
  const char* fallback = nullptr;
  // A second default, where `other` says so of the spec as filled so far; `other_when` says so in words.
  const char* other_fallback = nullptr;
  bool (*other)(const RunSpec&) = nullptr;
  const char* other_when = "";
  const char* depends = "";   // the keys that `other` looks at, space-separated
  const char* inherits = "";  // the key whose value is the default where it applies; else `fallback`
  bool required = false;
  const char* excludes = "";      // keys, later in the table, that may not be given together with this one
  const char* needs = "";         // a key that must be given together with this one
  bool number_shorthand = false;  // a bare number in place of the group means this key
  bool in_id = true;

  const char* meaning = "";                         // definition and source included
  void (*store)(RunSpec&, const Value&) = nullptr;  // null: changes no run
};

// The rows, by section; together, in this order, the table.
std::span<const Key> top_keys();
std::span<const Key> data_keys();
std::span<const Key> model_keys();
std::span<const Key> init_keys();
std::span<const Key> train_keys();
std::span<const Key> record_keys();
std::span<const Key> seed_keys();

// Checks a JSON value against a row. Every mistake is added with its own pointer; value holds only without
// one.
void parse_value(const Key& key, const Node& node, const std::string& pointer, Value& value,
                 std::vector<Problem>& problems);

// "a whole number from 1 to 100 or "full"": what the row allows, in words.
std::string allowed_text(const Key& key);
std::string range_text(const Key& key);  // "[0, 1)"; "" where there is no range

// The largest whole number a key allows, exactly.
std::int64_t highest_integer(const Range& range);

}  // namespace deadrelu
