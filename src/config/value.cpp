#include "config/value.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "config/key.h"

namespace deadrelu {
namespace {

std::string join_choices(std::span<const char* const> choices) {
  std::string text;
  for (const char* choice : choices) text += (text.empty() ? "" : ", ") + std::string(choice);
  return text;
}

// Parses one value of a key; keeps what all the parts need.
class ValueParser {
 public:
  ValueParser(const Key& key, std::vector<Problem>& problems) : key_(key), problems_(problems) {}

  void fail(const Node& node, const std::string& pointer, const std::string& extra = "") {
    problems_.push_back(
        {place_of(node, pointer), "found " + describe(node) + "; allowed: " + allowed_text(key_) + extra});
  }

  bool in_range(double value) const {
    const Range& r = key_.range;
    return (r.low_open ? value > r.low : value >= r.low) && (r.high_open ? value < r.high : value <= r.high);
  }

  double real(const Node& node, const std::string& pointer) {
    if (!node.is_number() || !in_range(node.real)) fail(node, pointer);
    return node.real + 0.0;  // −0 is 0
  }

  std::int64_t integer(const Node& node, const std::string& pointer) {
    constexpr double kExact =
        9007199254740992.0;  // 2^53: a number with a point or exponent is whole below it
    if (node.kind == NodeKind::kInteger && in_range(node.real)) return node.integer;
    if (node.kind == NodeKind::kReal && std::abs(node.real) <= kExact && node.real == std::floor(node.real) &&
        in_range(node.real))
      return static_cast<std::int64_t>(node.real);
    fail(node, pointer);
    return 0;
  }

  std::int64_t choice(const Node& node, const std::string& pointer) {
    const auto& choices = key_.choices;
    if (node.is_text()) {
      const auto found = std::find(choices.begin(), choices.end(), node.text());
      if (found != choices.end()) return found - choices.begin();
      fail(node, pointer, did_you_mean(node.text(), {choices.begin(), choices.end()}));
    } else {
      fail(node, pointer);
    }
    return 0;
  }

  std::string string(const Node& node, const std::string& pointer) {
    constexpr std::size_t kLongestName = 100, kLongestText = 4096;
    if (!node.is_text() || node.text().empty() || node.text().size() > kLongestText ||
        node.text().find('\0') != std::string::npos ||
        (key_.type == KeyType::kFolderName && !usable_folder(node.text(), kLongestName))) {
      fail(node, pointer);
      return {};
    }
    return node.text();
  }

  // The items of a list, each parsed by `item(node, pointer)`.
  template <class T, class Item>
  std::vector<T> list(const Node& node, const std::string& pointer, Item item) {
    std::vector<T> values;
    if (!node.is_list() || node.items().size() > key_.most_items) {
      fail(node, pointer);
      return values;
    }
    values.reserve(node.items().size());
    for (std::size_t i = 0; i < node.items().size(); ++i)
      values.push_back(item(node.items()[i], child_pointer(pointer, i)));
    return values;
  }

  std::vector<std::vector<double>> matrix(const Node& node, const std::string& pointer) {
    const auto row = [&](const Node& n, const std::string& p) {
      return list<double>(n, p, [&](const Node& x, const std::string& q) { return real(x, q); });
    };
    auto rows = list<std::vector<double>>(node, pointer, row);
    if (node.is_list() && rows.empty()) fail(node, pointer, "; it is empty");
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].empty() || rows[i].size() != rows[0].size())
        fail(node.items()[i], child_pointer(pointer, i),
             "; this row has " + std::to_string(rows[i].size()) + " numbers, the first has " +
                 std::to_string(rows[0].size()));
    return rows;
  }

  std::int64_t choice_set(const Node& node, const std::string& pointer) {
    std::int64_t mask = 0;
    const auto items =
        list<std::int64_t>(node, pointer, [&](const Node& n, const std::string& p) { return choice(n, p); });
    for (const std::int64_t item : items) mask |= std::int64_t{1} << item;
    return mask;
  }

 private:
  static bool usable_folder(const std::string& name, std::size_t longest) {
    const auto forbidden = [](char c) {
      return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
    };
    return name.size() <= longest && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), forbidden);
  }

  const Key& key_;
  std::vector<Problem>& problems_;
};

template <class T, class Text>
std::string list_text(const std::vector<T>& items, Text text) {
  std::string joined = "[";
  for (const T& item : items) {
    if (joined.size() > 1) joined += ',';
    joined += text(item);
  }
  return joined + "]";
}

std::string set_text(const Key& key, std::int64_t mask) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < key.choices.size(); ++i)
    if ((mask >> i & 1) != 0) names.emplace_back(key.choices[i]);
  return list_text(names, [](const std::string& name) { return json_quoted(name); });
}

std::string canonical_text(const Key& key, const Value& value) {
  const auto integer = [](std::int64_t x) { return std::to_string(x); };
  switch (key.type) {
    case KeyType::kReal:
      return number_text(value.real());
    case KeyType::kInteger:
      return integer(value.integer());
    case KeyType::kBool:
      return value.flag() ? "true" : "false";
    case KeyType::kChoice:
      return json_quoted(key.choices[static_cast<std::size_t>(value.integer())]);
    case KeyType::kText:
    case KeyType::kFolderName:
      return json_quoted(value.string());
    case KeyType::kIntegerList:
      return list_text(value.integers(), integer);
    case KeyType::kRealPair:
      return list_text(value.reals(), number_text);
    case KeyType::kRealMatrix:
      return list_text(value.matrix(), [](const auto& row) { return list_text(row, number_text); });
    case KeyType::kTextList:
      return list_text(value.strings(), [](const std::string& s) { return json_quoted(s); });
    case KeyType::kChoiceSet:
      return set_text(key, value.integer());
  }
  return {};
}

}  // namespace

void parse_value(const Key& key, const Node& node, const std::string& pointer, Value& value,
                 std::vector<Problem>& problems) {
  ValueParser parser(key, problems);
  const auto integer = [&](const Node& n, const std::string& p) { return parser.integer(n, p); };
  const auto real = [&](const Node& n, const std::string& p) { return parser.real(n, p); };
  const auto string = [&](const Node& n, const std::string& p) { return parser.string(n, p); };
  value = {};
  if (key.nullable && node.kind == NodeKind::kNull) {
    value.text = "null";
    return;
  }
  if (key.word != nullptr && node.is_text() && node.text() == key.word) {
    value = {std::int64_t{0}, json_quoted(key.word), true};
    return;
  }
  const std::size_t before = problems.size();
  switch (key.type) {
    case KeyType::kReal:
      value.data = parser.real(node, pointer);
      break;
    case KeyType::kInteger:
      value.data = parser.integer(node, pointer);
      break;
    case KeyType::kBool:
      if (node.kind != NodeKind::kBool) parser.fail(node, pointer);
      value.data = node.flag;
      break;
    case KeyType::kChoice:
      value.data = parser.choice(node, pointer);
      break;
    case KeyType::kText:
    case KeyType::kFolderName:
      value.data = parser.string(node, pointer);
      break;
    case KeyType::kIntegerList:
      value.data = parser.list<std::int64_t>(node, pointer, integer);
      break;
    case KeyType::kRealPair:
      value.data = parser.list<double>(node, pointer, real);
      if (problems.size() == before && value.reals().size() != 2) parser.fail(node, pointer);
      break;
    case KeyType::kRealMatrix:
      value.data = parser.matrix(node, pointer);
      break;
    case KeyType::kTextList:
      value.data = parser.list<std::string>(node, pointer, string);
      if (problems.size() == before && value.strings().empty()) parser.fail(node, pointer, "; it is empty");
      break;
    case KeyType::kChoiceSet:
      value.data = parser.choice_set(node, pointer);
      break;
  }
  value.is_word = key.type == KeyType::kChoice || key.type == KeyType::kChoiceSet;
  if (problems.size() == before) value.text = canonical_text(key, value);
}

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

std::string allowed_text(const Key& key) {
  const std::string range = range_text(key).empty() ? "" : " in " + range_text(key);
  std::string text;
  switch (key.type) {
    case KeyType::kReal:
      text = "a number" + range;
      break;
    case KeyType::kInteger:
      text = "a whole number" + range;
      break;
    case KeyType::kBool:
      text = "true or false";
      break;
    case KeyType::kChoice:
      text = join_choices(key.choices);
      break;
    case KeyType::kText:
      text = "a text of 1 to 4096 characters";
      break;
    case KeyType::kFolderName:
      text = "a folder name: 1 to 100 bytes, no slash, not . or ..";
      break;
    case KeyType::kIntegerList:
      text = "a list of at most " + std::to_string(key.most_items) + " whole numbers" + range;
      break;
    case KeyType::kRealPair:
      text = "a list of two numbers [from, to]" + range;
      break;
    case KeyType::kRealMatrix:
      text = "a list of rows, each a list of equally many numbers";
      break;
    case KeyType::kTextList:
      text = "a list of names";
      break;
    case KeyType::kChoiceSet:
      text = "a list of any of " + join_choices(key.choices);
      break;
  }
  if (key.word != nullptr) text += " or " + json_quoted(key.word);
  if (key.nullable) text += " or null";
  return text;
}

}  // namespace deadrelu
