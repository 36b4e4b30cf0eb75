// One config key: everything that is known about it stands in one row of a table, and validation, defaults, run id,
// JSON Schema and `explain` all read that row.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/enum_names.h"
#include "config/json.h"
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
  kColumnList,
  kChoiceSet,
  kBoolEach,  // one for all hidden layers, or a list with one each
  kRealEach,  // one for all inputs, or a list with one each
  kFormula,
  kFormulaList,  // or a single one
  kGroupsEach,   // a list with a value of the row's group for each hidden layer
  kRecordList,
};

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Of a number, or of each number of a list. Both ends belong to it unless they are open.
struct Range {
  double low = -kInfinity, high = kInfinity;
  bool low_open = false, high_open = false;
};
inline constexpr Range kAny{-1e100, 1e100};
inline constexpr Range kNotNegative{0, 1e100};
inline constexpr Range kPositive{0, 1e100, true};
inline constexpr Range kShare{0, 1};
inline constexpr Range kSteps{1, 1e12};
inline constexpr Range kWidths{1, 65536};
inline constexpr std::size_t kMostLayers = 1024;

using Names = std::span<const char* const>;

struct Key;

// Where a key's value lives in the run spec. `get` gives it as it lies there: a choice as its number, a set of choices
// as a mask. `set` takes a value of the config that has been checked against the key.
struct Field {
  Json (*get)(const RunSpec&) = nullptr;                               // null: it has no place of its own
  void (*set)(RunSpec&, const Json& value, const Key& key) = nullptr;  // null: it changes no run
  bool (*same)(const RunSpec&, const RunSpec&) = nullptr;
  Names names = {};  // of an enum's values
};

// A key may have several rows, one for each set of variants in which it means something else.
struct Key {
  std::string path;  // dotted
  KeyType type = KeyType::kReal;
  Field field;
  std::string meaning;  // definition and source included
  Range range = {};
  Names choices = {};                             // lists of objects: their members, all of them numbers
  std::size_t most_items = std::size_t{1} << 24;  // lists
  std::size_t most_inputs = 0;                    // formulas

  std::string variants = {};  // those it belongs to: names of the nearest "kind", "name" or "change"; "": all
  const char* word = nullptr;     // a word that stands for 0: "full", "all"
  bool nullable = false;          // null stands for nothing: an empty text, a 0 outside of the range
  bool required = false;          // it must be given, or one of `excludes`
  bool optional = false;          // it has no default
  Json fallback = nullptr;        // the default; null: what a RunSpec starts with
  Json other_fallback = nullptr;  // a second default, where `other` says so of the spec as filled so far
  bool (*other)(const RunSpec&) = nullptr;
  const char* other_when = "";                  // says in words where
  std::string depends = {};                     // the keys that `other` looks at
  bool (*unsettled)(const RunSpec&) = nullptr;  // where the data decides the default: it is not written out
  std::string inherits = {};  // the key whose value is the default where that key applies; else `fallback`
  std::string excludes = {};  // keys that may not be given together with this one
  std::string needs = {};     // a key that must be given together with this one
  // Its path ends in ".*": every name in its place that is no other key of the group is a number of its own. `set`
  // takes {name: number}, `get` gives all of them.
  bool open = false;
  bool number_shorthand = false;  // a bare number in place of the group means this key
  void (*take)(RunSpec& run, const RunSpec& entry) = nullptr;  // kGroupsEach: adds what an entry has become
  bool in_id = true;

  // A row reads as its type, path, variants, field, range and meaning, and then what is special about it.
  // With every choice but the first, "none".
  Key with_any(std::span<const char* const> names) && {
    for (const char* name : names.subspan(1)) variants += std::string(variants.empty() ? "" : " ") + name;
    return std::move(*this);
  }
  Key or_word(const char* text) && { return word = text, std::move(*this); }
  Key or_null() && { return nullable = true, std::move(*this); }
  Key must_be_given() && { return required = true, std::move(*this); }
  Key without_default() && { return optional = true, std::move(*this); }
  Key by_default(Json value) && { return fallback = std::move(value), std::move(*this); }
  Key by_default_where(Json value, bool (*where)(const RunSpec&), const char* words, std::string keys) && {
    return other_fallback = std::move(value), other = where, other_when = words, depends = std::move(keys),
           std::move(*this);
  }
  Key left_out_where(bool (*where)(const RunSpec&)) && { return unsettled = where, std::move(*this); }
  Key not_beside(std::string keys) && { return excludes = std::move(keys), std::move(*this); }
  Key beside(std::string key) && { return needs = std::move(key), std::move(*this); }
  Key as_bare_number() && { return number_shorthand = true, std::move(*this); }
  Key with_free_names() && { return open = true, std::move(*this); }
  Key outside_id() && { return in_id = false, std::move(*this); }
};

// The rows, by section; together, in this order, the table.
using KeySection = std::vector<Key>();
KeySection top_keys, data_keys, model_keys, init_keys, train_keys, reset_keys, remedy_keys, record_keys,
    seed_keys;

// "data.noise of circles moons": the key's path, and the variants to which the row belongs.
inline Key make_key(std::string name, KeyType type, Field field, std::string meaning, Range range = {},
                    Names choices = {}, std::size_t most_items = std::size_t{1} << 24) {
  const std::size_t of = std::min(name.find(" of "), name.size());
  std::string variants = of < name.size() ? name.substr(of + 4) : std::string();
  name.resize(of);
  Key key{std::move(name), type, field, std::move(meaning), range, choices, most_items};
  key.variants = std::move(variants);
  return key;
}
inline Key real(std::string path, Field field, Range range, std::string meaning) {
  return make_key(std::move(path), KeyType::kReal, field, std::move(meaning), range);
}
inline Key integer(std::string path, Field field, Range range, std::string meaning) {
  return make_key(std::move(path), KeyType::kInteger, field, std::move(meaning), range);
}
inline Key integers(std::string path, Field field, Range range, std::size_t most, std::string meaning) {
  return make_key(std::move(path), KeyType::kIntegerList, field, std::move(meaning), range, {}, most);
}
inline Key choice(std::string path, Field field, std::string meaning) {
  return make_key(std::move(path), KeyType::kChoice, field, std::move(meaning), {}, field.names);
}
inline Key choices(std::string path, Field field, Names names, std::string meaning) {
  return make_key(std::move(path), KeyType::kChoiceSet, field, std::move(meaning), {}, names, 100);
}
inline Key boolean(std::string path, Field field, std::string meaning) {
  return make_key(std::move(path), KeyType::kBool, field, std::move(meaning));
}
inline Key text(std::string path, Field field, std::string meaning) {
  return make_key(std::move(path), KeyType::kText, field, std::move(meaning));
}
inline Key texts(std::string path, Field field, std::size_t most, std::string meaning) {
  return make_key(std::move(path), KeyType::kTextList, field, std::move(meaning), {}, {}, most);
}
inline Key columns(std::string path, Field field, std::string meaning) {
  return make_key(std::move(path), KeyType::kColumnList, field, std::move(meaning), {}, {}, 65536);
}
// A bare list in place of the group means this key. The keys of the group exclude it.
Key groups_each(const std::string& group, Field field, void (*take)(RunSpec&, const RunSpec&));

// Formulas of `inputs` inputs at most.
inline Key formula(std::string path, Field field, std::size_t inputs, std::string meaning) {
  Key key = make_key(std::move(path), KeyType::kFormula, field, std::move(meaning));
  key.most_inputs = inputs;
  return key;
}
inline Key formulas(std::string path, Field field, std::size_t inputs, std::size_t most,
                    std::string meaning) {
  Key key = formula(std::move(path), field, inputs, std::move(meaning));
  key.type = KeyType::kFormulaList;
  key.most_items = most;
  return key;
}
inline Key pair(std::string path, Field field, Range range, std::string meaning) {
  return make_key(std::move(path), KeyType::kRealPair, field, std::move(meaning), range);
}
inline Key real_each(std::string path, Field field, Range range, std::string meaning) {
  return make_key(std::move(path), KeyType::kRealEach, field, std::move(meaning), range, {}, 65536);
}
inline Key matrix(std::string path, Field field, std::string meaning) {
  return make_key(std::move(path), KeyType::kRealMatrix, field, std::move(meaning));
}

inline Key records(std::string path, Field field, Names members, Range range, std::string meaning) {
  return make_key(std::move(path), KeyType::kRecordList, field, std::move(meaning), range, members, 1000);
}

// The number of the choice that the text names; a mask of those that the list names. REQUIRES: it has been checked.
int choice_index(const Key& key, const Json& name);
int choice_mask(const Key& key, const Json& names);

// Checks a JSON value against a row. Every mistake is added with its own pointer; returns whether there was none.
bool check_value(const Key& key, const Json& value, const std::string& pointer, Problems& problems);

// The value of the row's field as a config would give it, names for choices. REQUIRES: the key has a field to get.
Json value_of(const Key& key, const RunSpec& spec);

// The same of a value that was given, numbers, order and spelling made uniform. REQUIRES: it has been checked.
Json uniform_value(const Key& key, const Json& given);

// The default; null: there is none.
Json default_of(const Key& key);

bool is_number(const Key& key);  // real or integer

// "a whole number from 1 to 100 or "full"": what the row allows, in words.
std::string allowed_text(const Key& key);
std::string range_text(const Key& key);  // "[0, 1)"; "" where there is no range
std::string type_text(const Key& key);   // "real", "one of …": for `explain`

// The largest whole number a key allows, exactly.
std::int64_t highest_integer(const Range& range);

// --- fields ------------------------------------------------------------------------------------------------------

// Lists that are written without brackets where they have one item.
template <class T>
inline constexpr bool kMayBeSingle =
    std::is_same_v<T, std::vector<double>> || std::is_same_v<T, std::vector<std::string>>;

template <class T>
Json raw_value(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return static_cast<int>(value);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_same_v<T, Shared<PointList>> ||
                       std::is_same_v<T, Shared<std::vector<std::string>>>) {
    return *value;
  } else if constexpr (std::is_same_v<T, std::vector<NamedNumber>>) {
    Json object = Json::object();
    for (const NamedNumber& number : value) object[number.name] = number.value;
    return object;
  } else if constexpr (std::is_same_v<T, std::optional<std::uint64_t>>) {
    return value ? Json(static_cast<std::int64_t>(*value)) : Json();
  } else if constexpr (std::is_same_v<T, std::optional<bool>>) {
    return value ? Json(*value) : Json();
  } else if constexpr (std::is_same_v<T, std::vector<ColumnRef>>) {
    Json list = Json::array();
    for (const ColumnRef& column : value) std::visit([&](const auto& item) { list.push_back(item); }, column);
    return list;
  } else if constexpr (kMayBeSingle<T>) {
    return value.size() == 1 ? Json(value[0]) : Json(value);
  } else {
    return value;
  }
}

// Puts the numbers among those that are there, by name.
void add_numbers(std::vector<NamedNumber>& to, const Json& object);

template <class T>
void assign(T& to, const Json& value, const Key& key) {
  const auto count = [](const Json& number) {  // words and null stand for 0
    return number.is_number() ? static_cast<std::uint64_t>(to_whole(number)) : 0;
  };
  if constexpr (std::is_same_v<T, bool>) {
    to = value.get<bool>();
  } else if constexpr (std::is_enum_v<T>) {
    to = static_cast<T>(choice_index(key, value));
  } else if constexpr (std::is_integral_v<T>) {
    to = static_cast<T>(count(value));
  } else if constexpr (std::is_same_v<T, double>) {
    to = value.get<double>() + 0.0;  // −0 is 0
  } else if constexpr (std::is_same_v<T, std::string>) {
    to = value.is_null() ? T() : value.get<T>();
  } else if constexpr (std::is_same_v<T, std::optional<std::uint64_t>>) {
    to = value.is_null() ? T() : count(value);
  } else if constexpr (std::is_same_v<T, std::optional<bool>>) {
    to = value.is_boolean() ? T(value.get<bool>()) : T();
  } else if constexpr (std::is_same_v<T, std::vector<ColumnRef>>) {
    to.clear();
    for (const Json& item : value)
      to.push_back(item.is_string() ? ColumnRef(item.get<std::string>()) : ColumnRef(to_whole(item)));
  } else if constexpr (std::is_same_v<T, std::vector<NamedNumber>>) {
    add_numbers(to, value);
  } else if constexpr (std::is_same_v<T, std::vector<std::uint64_t>>) {
    to.clear();
    for (const Json& item : value) to.push_back(count(item));
  } else if constexpr (kMayBeSingle<T>) {
    to = value.is_array() ? value.get<T>() : T{value.get<typename T::value_type>()};
  } else if constexpr (std::is_same_v<T, Shared<PointList>>) {
    to = value.get<PointList>();
  } else if constexpr (std::is_same_v<T, Shared<std::vector<std::string>>>) {
    to = value.get<std::vector<std::string>>();
  } else if constexpr (std::is_same_v<T, std::vector<std::array<double, 2>>>) {
    to.clear();
    for (const Json& record : value)
      to.push_back({record[key.choices[0]].get<double>(), record[key.choices[1]].get<double>()});
  } else {
    to = value.get<T>();
  }
}

template <auto Member, auto... Rest, class T>
auto& member_of(T& object) {
  if constexpr (sizeof...(Rest) == 0) {
    return object.*Member;
  } else {
    return member_of<Rest...>(object.*Member);
  }
}

template <class T>
constexpr Names names_of_type() {
  if constexpr (std::is_enum_v<T>) {
    return names_of<T>();
  } else {
    return {};
  }
}

// field<&RunSpec::train, &TrainSpec::clip_norm>: run.train.clip_norm.
template <auto... Path>
inline constexpr Field field{
    [](const RunSpec& run) { return raw_value(member_of<Path...>(run)); },
    [](RunSpec& run, const Json& value, const Key& key) { assign(member_of<Path...>(run), value, key); },
    [](const RunSpec& a, const RunSpec& b) { return member_of<Path...>(a) == member_of<Path...>(b); },
    names_of_type<std::remove_reference_t<decltype(member_of<Path...>(std::declval<RunSpec&>()))>>()};

// As the field, and Also, a function, changes something besides. (Clang 14 takes two lambdas in this place for one.)
template <const Field& Of, void (&Also)(RunSpec&)>
inline constexpr Field extended{Of.get,
                                [](RunSpec& run, const Json& value, const Key& key) {
                                  Of.set(run, value, key);
                                  Also(run);
                                },
                                Of.same, Of.names};

// A set of choices, one flag of run.*Section a choice.
template <auto Section, auto... Flags>
inline constexpr Field flags{
    [](const RunSpec& run) {
      int mask = 0, bit = 0;
      ((mask |= static_cast<int>((run.*Section).*Flags) << bit++), ...);
      return Json(mask);
    },
    [](RunSpec& run, const Json& value, const Key& key) {
      int mask = choice_mask(key, value);
      (((run.*Section).*Flags = (mask & 1) != 0, mask >>= 1), ...);
    },
    [](const RunSpec& a, const RunSpec& b) { return (((a.*Section).*Flags == (b.*Section).*Flags) && ...); }};

}  // namespace deadrelu
