// The values of an axis that is a range, and the seeds of a sweep.
#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "config/sweep_config.h"

namespace deadrelu {
namespace {

constexpr const char* kRangeForm =
    "{\"lin\": [from, to, count]} or {\"log\": [from, to, count]} with ends between -1e100 and 1e100 (log: "
    "above 0) "
    "and a count from 1 to 10000000";
constexpr const char* kSeedForm =
    "a count from 1 to 1000000000000, a list of seeds, or {\"from\": first seed, \"count\": how many}; "
    "seeds lie in [0, 9223372036854775807]";

// The numeric row that a range over this path takes its values for; null where it takes none.
const Key* numeric_key(const std::string& path) {
  const KeyTable& table = KeyTable::get();
  if (const std::size_t index = table.find_path(path); index != kNone) {
    for (const std::size_t row : table.paths()[index].rows) {
      const KeyType type = table.rows()[row].key->type;
      if (type == KeyType::kReal || type == KeyType::kInteger) return table.rows()[row].key;
    }
    return nullptr;
  }
  const KeyTable::Group* group = table.find_group(path);
  return group != nullptr && group->number != kNone ? table.rows()[group->number].key : nullptr;
}

bool whole_number(const Node& node, std::int64_t low, std::int64_t high) {
  static const Key kWhole{.type = KeyType::kInteger};
  Value value;
  std::vector<Problem> wrong;
  parse_value(kWhole, node, "", value, wrong);
  return wrong.empty() && value.integer() >= low && value.integer() <= high;
}

std::uint64_t to_count(const Node& node) {
  return static_cast<std::uint64_t>(node.kind == NodeKind::kInteger ? node.integer
                                                                    : static_cast<std::int64_t>(node.real));
}

constexpr std::int64_t kMostSeed = std::numeric_limits<std::int64_t>::max();

std::vector<std::uint64_t> distinct(const std::vector<Node>& items) {
  std::vector<std::uint64_t> seeds;
  std::unordered_set<std::uint64_t> seen;
  for (const Node& item : items)
    if (seen.insert(to_count(item)).second) seeds.push_back(to_count(item));
  return seeds;
}

// from and count of {"from": …, "count": …}; nulls where the object is anything else.
std::pair<const Node*, const Node*> from_and_count(const Node& node) {
  if (!node.is_object() || node.members().size() != 2) return {};
  return {node.find("from"), node.find("count")};
}

}  // namespace

AxisEntry Axis::entry(std::uint64_t i) const {
  if (!range) return entries[i];
  Node where;
  where.set = place.set;
  where.line = place.line;
  Problems none;
  AxisEntry made;
  made.push_back(
      make_assignment(make_number(range->at(i), range->whole(), where), paths[0], place.pointer, none));
  return made;
}

bool looks_like_range(const Node& node) {
  return node.is_object() && (node.find("lin") != nullptr || node.find("log") != nullptr);
}

std::optional<NumberRange> read_range(const Node& node, const std::string& path, const std::string& pointer,
                                      Problems& problems) {
  constexpr double kMost = 1e100;
  const Key* key = numeric_key(path);
  if (key == nullptr) {
    problems.add(place_of(node, pointer),
                 "a range is for numbers, which " + path + " is not; give a list of values");
    return std::nullopt;
  }
  const Node& ends = node.members().front().second;
  const bool logarithmic = node.members().front().first == "log";
  const auto end_fits = [&](const Node& end) {
    return end.is_number() && std::abs(end.real) <= kMost && (!logarithmic || end.real > 0);
  };
  if (node.members().size() != 1 || !ends.is_list() || ends.items().size() != 3 ||
      !end_fits(ends.items()[0]) || !end_fits(ends.items()[1]) ||
      !whole_number(ends.items()[2], 1, kMostRangeValues)) {
    problems.add(place_of(node, pointer), std::string("is no range; allowed: ") + kRangeForm);
    return std::nullopt;
  }
  return NumberRange(ends.items()[0].real, ends.items()[1].real, to_count(ends.items()[2]), logarithmic,
                     key->type == KeyType::kInteger);
}

SeedList read_seeds(const Node& node, std::uint64_t seed, Problems& problems) {
  const auto most = static_cast<std::int64_t>(kMostRuns);
  SeedList seeds{{}, seed, 1};
  bool good = true;
  if (whole_number(node, 1, most)) {
    seeds.count = to_count(node);
  } else if (node.is_list() && !node.items().empty()) {
    good = std::all_of(node.items().begin(), node.items().end(),
                       [](const Node& item) { return whole_number(item, 0, kMostSeed); });
    if (good) seeds.listed = distinct(node.items());
  } else {
    const auto [from, count] = from_and_count(node);
    good = from != nullptr && count != nullptr && whole_number(*from, 0, kMostSeed) &&
           whole_number(*count, 1, most);
    if (good) seeds = {{}, to_count(*from), to_count(*count)};
  }
  if (!good) {
    problems.add(place_of(node, "/sweep/seeds"), "found " + describe(node) + "; allowed: " + kSeedForm);
  } else if (seeds.listed.empty() && seeds.count - 1 > static_cast<std::uint64_t>(kMostSeed) - seeds.from) {
    problems.add(place_of(node, "/sweep/seeds"), "the last seed would lie beyond 9223372036854775807");
  }
  return seeds;
}

}  // namespace deadrelu
