#include "config/key.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "config/words.h"

namespace deadrelu {
namespace {

constexpr std::size_t kLongestName = 100, kLongestText = 4096;

bool usable_folder(const std::string& name) {
  const auto forbidden = [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  return name.size() <= kLongestName && name != "." && name != ".." && std::ranges::none_of(name, forbidden);
}

std::string or_else(const Key& key) {
  return (key.word != nullptr ? " or " + json_quoted(key.word) : "") + (key.nullable ? " or null" : "");
}

struct Words {
  std::string type, allowed;
};

Words words(const Key& key) {
  const std::string choices = fmt::format("{}", fmt::join(key.choices, ", "));
  const std::string range = range_text(key).empty() ? "" : " in " + range_text(key);
  const std::string most = fmt::format("a list of at most {}", key.most_items);
  switch (key.type) {
    case KeyType::kReal: return {"real", "a number" + range};
    case KeyType::kInteger: return {"integer", "a whole number" + range};
    case KeyType::kBool: return {"true or false", "true or false"};
    case KeyType::kChoice: return {"one of " + choices, choices};
    case KeyType::kText: return {"text", "a text of 1 to 4096 characters"};
    case KeyType::kFolderName: return {"folder name", "a folder name: 1 to 100 bytes, no slash, not . or .."};
    case KeyType::kIntegerList: return {"list of integers", most + " whole numbers" + range};
    case KeyType::kRealPair: return {"[from, to]", "a list of two numbers [from, to]" + range};
    case KeyType::kRealMatrix:
      return {"list of rows of numbers", "a list of rows, each a list of equally many numbers"};
    case KeyType::kTextList: return {"list of names", "a list of names"};
    case KeyType::kColumnList:
      return {"list of columns", "a list of columns, each a name, or a number (1 is the first, -1 the last)"};
    case KeyType::kChoiceSet: return {"list of any of " + choices, "a list of any of " + choices};
    case KeyType::kFormula: return {"formula", "a formula in a text, as \"x*sigmoid(x)\""};
    case KeyType::kFormulaList:
      return {"formula, or list of formulas",
              fmt::format("a formula in a text, as \"x*sin(5*x)\", or a list of at most {} of them",
                          key.most_items)};
    case KeyType::kRecordList:
      return {"list of {" + choices + "}", "a list of objects with the numbers " + choices + range};
    case KeyType::kBoolEach:
      return {"true or false, or a list of them", "true or false, or a list of these, one a hidden layer"};
    case KeyType::kRealEach:
      return {"real, or a list of them", "a number" + range + ", or a list of these, one an input"};
    case KeyType::kGroupsEach: {
      const std::string group = key.path.substr(0, key.path.rfind('.'));
      return {"list of values of " + group, "a list of what " + group + " takes, one a hidden layer"};
    }
  }
  return {};
}

// Checks one value of a key.
class Checker {
 public:
  Checker(const Key& key, Problems& problems) : key_(key), problems_(problems) {}

  bool check(const Json& value, const std::string& pointer) {
    if (key_.nullable && value.is_null()) return true;
    if (key_.word != nullptr && value == key_.word) return true;
    switch (key_.type) {
      case KeyType::kIntegerList:
      case KeyType::kRealPair:
      case KeyType::kTextList:
      case KeyType::kColumnList:
      case KeyType::kChoiceSet:
        check_list(value, pointer);
        if (good_ && key_.type == KeyType::kRealPair && value.size() != 2) fail(value, pointer);
        if (good_ && key_.type == KeyType::kColumnList && key_.required && value.empty())
          fail(value, pointer, "; it is empty");
        break;
      case KeyType::kRealMatrix: check_matrix(value, pointer); break;
      case KeyType::kFormula: check_formula(value, pointer); break;
      case KeyType::kFormulaList:
        if (!value.is_array() || value.empty() || value.size() > key_.most_items)
          return check_formula(value, pointer), good_;
        for (std::size_t i = 0; i < value.size(); ++i) check_formula(value[i], child_pointer(pointer, i));
        break;
      case KeyType::kRecordList:
        if (!value.is_array() || value.empty() || value.size() > key_.most_items) fail(value, pointer);
        for (std::size_t i = 0; good_ && i < value.size(); ++i)
          if (!fits_record(value[i])) fail(value[i], child_pointer(pointer, i));
        break;
      case KeyType::kGroupsEach:  // its entries are read like the group itself
        if (!value.is_array() || value.size() > key_.most_items) fail(value, pointer);
        break;
      case KeyType::kBoolEach:
      case KeyType::kRealEach:
        if (value.is_array() && !value.empty())
          check_list(value, pointer);
        else if (!fits(value))
          fail(value, pointer);
        break;
      default:
        if (!fits(value)) fail_item(value, pointer);
    }
    return good_;
  }

 private:
  void fail(const Json& value, const std::string& pointer, const std::string& extra = "") {
    good_ = false;
    problems_.add(pointer, "found " + describe(value) + "; allowed: " + allowed_text(key_) + extra);
  }
  void fail_item(const Json& value, const std::string& pointer) {
    const bool name = value.is_string() && !key_.choices.empty();
    fail(value, pointer, name ? choice_question(key_, value) : "");
  }

  bool in_range(const Json& number) const {
    const Range& r = key_.range;
    const auto value = number.get<double>();
    return (r.low_open ? value > r.low : value >= r.low) && (r.high_open ? value < r.high : value <= r.high);
  }

  // A single value, or an item of a list.
  bool fits(const Json& value) const {
    switch (key_.type) {
      case KeyType::kInteger:
      case KeyType::kIntegerList: return is_whole(value) && in_range(value);
      case KeyType::kBool:
      case KeyType::kBoolEach: return value.is_boolean();
      case KeyType::kChoice:
      case KeyType::kChoiceSet:
        return value.is_string() &&
               std::ranges::find(key_.choices, value.get_ref<const std::string&>()) != key_.choices.end();
      case KeyType::kText:
      case KeyType::kFolderName:
      case KeyType::kTextList: return value.is_string() && fits_text(value.get_ref<const std::string&>());
      case KeyType::kColumnList:
        if (value.is_string()) return fits_text(value.get_ref<const std::string&>());
        return is_whole(value) && value != 0 && std::abs(value.get<double>()) <= 1e6;
      case KeyType::kReal:
      case KeyType::kRealPair:
      case KeyType::kRealMatrix:
      case KeyType::kRealEach:
      case KeyType::kFormula:
      case KeyType::kFormulaList:
      case KeyType::kRecordList:
      case KeyType::kGroupsEach: break;
    }
    return value.is_number() && in_range(value);
  }
  bool fits_record(const Json& value) const {
    return value.is_object() && value.size() == key_.choices.size() &&
           std::ranges::all_of(key_.choices,
                               [&](const char* name) { return value.contains(name) && fits(value[name]); });
  }
  bool fits_text(const std::string& text) const {
    return !text.empty() && text.size() <= kLongestText && text.find('\0') == std::string::npos &&
           (key_.type != KeyType::kFolderName || usable_folder(text));
  }

  void check_list(const Json& list, const std::string& pointer) {
    if (!list.is_array() || list.size() > key_.most_items) return fail(list, pointer);
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!fits(list[i])) fail_item(list[i], child_pointer(pointer, i));
  }

  void check_matrix(const Json& rows, const std::string& pointer) {
    if (!rows.is_array() || rows.size() > key_.most_items) return fail(rows, pointer);
    if (rows.empty()) return fail(rows, pointer, "; it is empty");
    if (std::ranges::all_of(rows, [](const Json& row) { return row.is_number(); }))
      return fail_flat(rows, pointer);
    const auto well_formed = [&](const Json& row) {
      return row.is_array() && std::ranges::all_of(row, [&](const Json& x) { return fits(x); });
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!well_formed(rows[i])) check_list(rows[i], child_pointer(pointer, i));
      if (rows[i].empty() || rows[i].size() != rows[0].size())
        fail(rows[i], child_pointer(pointer, i),
             fmt::format("; this row has {} numbers, the first has {}", rows[i].size(), rows[0].size()));
    }
  }

  void check_formula(const Json& value, const std::string& pointer) {
    if (!value.is_string()) return fail(value, pointer);
    const auto& text = value.get_ref<const std::string&>();
    FormulaError error;
    const std::optional<Formula> formula = Formula::parse(text, error);
    const std::size_t most = key_.most_inputs;
    if (formula && formula->inputs() > most)
      error = {formula->highest_input_column(),
               "there are no such inputs here; allowed: x" +
                   (most > 1 ? fmt::format(", or x1 to x{}", most) : std::string())};
    if (formula && formula->inputs() <= most) return;
    good_ = false;
    const std::string shown = text.size() > 200 ? "the formula" : json_quoted(text);
    problems_.add(pointer, fmt::format("column {} of {}: {}", error.column, shown, error.sentence));
  }

  void fail_flat(const Json& numbers, const std::string& pointer) {
    constexpr std::size_t kShown = 4;
    std::string found, right;
    for (std::size_t i = 0; i < std::min(kShown, numbers.size()); ++i) {
      const std::string text = canonical_json(numbers[i]), separator = i > 0 ? ", " : "";
      found += separator + text;
      right += separator + '[' + text + ']';
    }
    const char* const rest = numbers.size() > kShown ? ", …" : "";
    good_ = false;
    problems_.add(pointer,
                  fmt::format("found [{}{}], a list of numbers; every example is a row of its own: [{}{}]",
                              found, rest, right, rest));
  }

  const Key& key_;
  Problems& problems_;
  bool good_ = true;
};

}  // namespace

void add_numbers(std::vector<NamedNumber>& to, const Json& object) {
  for (const auto& [name, value] : object.items()) {
    const auto place = std::ranges::lower_bound(to, name, {}, &NamedNumber::name);
    const double number = value.get<double>() + 0.0;  // −0 is 0
    if (place != to.end() && place->name == name)
      place->value = number;
    else
      to.insert(place, {name, number});
  }
}

Key groups_each(const std::string& group, Field field, void (*take)(RunSpec&, const RunSpec&)) {
  Key key{
      group + ".layers", KeyType::kGroupsEach, field,
      fmt::format(
          "Instead: one entry a hidden layer, each as {} itself; a bare list in place of {} means this. It is another config than the bare value, with run ids of its own, also where all entries are alike.",
          group, group)};
  key.most_items = kMostLayers;
  key.take = take;
  return std::move(key).without_default();
}

bool check_value(const Key& key, const Json& value, const std::string& pointer, Problems& problems) {
  return Checker(key, problems).check(value, pointer);
}

int choice_index(const Key& key, const Json& name) {
  const auto found = std::ranges::find(key.choices, name.get_ref<const std::string&>());
  return static_cast<int>(found - key.choices.begin());
}

int choice_mask(const Key& key, const Json& names) {
  int mask = 0;
  for (const Json& name : names) mask |= 1 << choice_index(key, name);
  return mask;
}

Json value_of(const Key& key, const RunSpec& spec) {
  Json value = key.field.get(spec);
  if (key.type == KeyType::kChoice) return key.choices[static_cast<std::size_t>(value.get<int>())];
  if (key.type == KeyType::kChoiceSet) {
    Json names = Json::array();
    for (std::size_t i = 0; i < key.choices.size(); ++i)
      if ((value.get<int>() >> i & 1) != 0) names.push_back(key.choices[i]);
    return names;
  }
  if (key.type == KeyType::kRecordList) {
    Json records = Json::array();
    for (const Json& numbers : value)
      for (Json& record = records.emplace_back(Json::object()); record.size() < key.choices.size();)
        record[key.choices[record.size()]] = numbers[record.size()];
    return records;
  }
  const bool outside = key.type == KeyType::kInteger && value == 0 && key.range.low > 0;
  if (key.word != nullptr && (outside || value.is_null())) return key.word;
  const bool empty = is_empty_text(value) || (value.is_array() && value.empty());
  if (key.nullable && (outside || empty)) return nullptr;
  return value;
}

Json uniform_value(const Key& key, const Json& given) {
  if (key.field.get == nullptr) return is_whole(given) ? Json(to_whole(given)) : given;
  RunSpec spec;
  key.field.set(spec, given, key);
  return value_of(key, spec);
}

Json default_of(const Key& key) {
  if (key.required || key.optional) return nullptr;
  return key.fallback.is_null() ? value_of(key, RunSpec{}) : key.fallback;
}

bool is_number(const Key& key) { return key.type == KeyType::kReal || key.type == KeyType::kInteger; }

std::int64_t highest_integer(const Range& range) {
  constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();
  return range.high >= static_cast<double>(kHighest) ? kHighest : static_cast<std::int64_t>(range.high);
}

std::string range_text(const Key& key) {
  const Range& r = key.range;
  const bool whole = key.type == KeyType::kInteger || key.type == KeyType::kIntegerList;
  if (!whole && r.low == -kInfinity && r.high == kInfinity) return "";
  std::string text = !whole && r.low_open ? "(" : "[";
  text.append(r.low == -kInfinity ? "-∞" : number_text(r.low)).append(", ");
  if (whole) return text.append(std::to_string(highest_integer(r))).append("]");
  text.append(r.high == kInfinity ? "∞" : number_text(r.high));
  return text.append(r.high_open || r.high == kInfinity ? ")" : "]");
}

std::string allowed_text(const Key& key) { return words(key).allowed + or_else(key); }
std::string type_text(const Key& key) { return words(key).type + or_else(key); }

}  // namespace deadrelu
