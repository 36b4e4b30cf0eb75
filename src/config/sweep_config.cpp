#include "config/sweep_plan.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "config/key.h"
#include "config/words.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kMostZipped = 100'000;
constexpr std::int64_t kMostSeed = std::numeric_limits<std::int64_t>::max();
constexpr const char* kRangeForm =
    "{\"lin\": [from, to, count]} or {\"log\": [from, to, count]} with ends between -1e100 and 1e100 (log: above 0) "
    "and a count from 1 to 1000000";
constexpr const char* kSeedForm =
    "a count from 1 to 1000000000, a list of seeds, or {\"from\": first seed, \"count\": how many}; "
    "seeds lie in [0, 9223372036854775807]";

bool is_count(const Json& value, std::int64_t low, std::int64_t high) {
  return is_whole(value) && to_whole(value) >= low && to_whole(value) <= high;
}

bool looks_like_range(const Json& value) {
  return find_member(value, "lin") != nullptr || find_member(value, "log") != nullptr;
}

class SweepReader {
 public:
  SweepReader(const Document& base, std::uint64_t seed, Problems& problems)
      : base_(base), first_seed_(seed), problems_(problems) {
    sweep_.seeds.from = seed;
  }

  SweepConfig read(const Json& node) {
    if (!node.is_object()) {
      fail("/sweep", "found " + describe(node) + "; allowed: an object with grid, zip, list, exclude, seeds");
      return std::move(sweep_);
    }
    for (const auto& [key, value] : node.items()) read_section(key, value);
    check_overlaps();
    if (const Json* exclude = find_member(node, "exclude")) read_excludes(*exclude);
    return std::move(sweep_);
  }

 private:
  void fail(const std::string& pointer, const std::string& message) { problems_.add(pointer, message); }

  void read_section(const std::string& key, const Json& value) {
    const std::string pointer = child_pointer("/sweep", key);
    if (key == "grid") {
      read_grid(value, pointer);
    } else if (key == "zip") {
      read_zips(value, pointer);
    } else if (key == "list") {
      read_list(value, pointer);
    } else if (key == "seeds") {
      sweep_.seeds = read_seeds(value, pointer);
    } else if (key != "exclude") {
      fail(pointer, fmt::format("unknown key {}; allowed: grid, zip, list, exclude, seeds{}",
                                json_quoted(key), key_question(key, "sweep", sweep_sections())));
    }
  }

  // Whether the path may be swept; else a problem.
  bool check_path(const std::string& path, const std::string& pointer) {
    if (path == "seed") {
      fail(pointer,
           "seed is swept by sweep.seeds: \"seeds\": 20, or a list, or {\"from\": 0, \"count\": 20}");
      return false;
    }
    if (path == "name" || path == "$schema" || paths_overlap(path, "sweep")) {
      fail(pointer, path + " cannot be swept: it belongs to the sweep as a whole");
      return false;
    }
    if (table_.range(path)) return true;
    if (!problems_.full()) fail(pointer, "unknown path " + json_quoted(path) + path_question(path));
    return false;
  }

  bool check_shape(const Json& node, bool object, const std::string& pointer, const std::string& allowed) {
    const bool fits = (object ? node.is_object() : node.is_array()) && !node.empty();
    if (!fits) fail(pointer, "found " + describe(node) + "; allowed: " + allowed + ", not empty");
    return fits;
  }

  Assignment read_value(const Json& value, const std::string& path, const std::string& pointer) {
    Assignment assignment = read_assignment(value, path, pointer, problems_);
    check(assignment, problems_);
    return assignment;
  }

  void check(Assignment& assignment, Problems& problems) {
    Document document = base_;
    assignment.put_into(document);
    check_leaves(assignment, document, problems);
  }

  void read_grid(const Json& node, const std::string& pointer) {
    if (!check_shape(node, true, pointer, "an object {path: values, …}")) return;
    for (const auto& [path, values] : node.items()) {
      const std::string child = child_pointer(pointer, path);
      if (!check_path(path, child)) continue;
      Axis axis{child, {path}, {}};
      if (looks_like_range(values)) {
        if (!read_range(values, child, axis)) continue;
      } else {
        for (Assignment& value : read_values(values, path, child)) axis.entries.push_back({std::move(value)});
      }
      sweep_.axes.push_back(std::move(axis));
    }
  }

  std::vector<Assignment> read_values(const Json& node, const std::string& path, const std::string& pointer) {
    std::vector<Assignment> values;
    if (!check_shape(node, false, pointer,
                     "a list of values, {\"lin\": [from, to, count]} or {\"log\": [from, to, count]}"))
      return values;
    for (std::size_t i = 0; i < node.size(); ++i)
      values.push_back(read_value(node[i], path, child_pointer(pointer, i)));
    return values;
  }

  // {"lin": …} or {"log": …} over the axis' one path; false, with a problem, where it is wrong.
  bool read_range(const Json& node, const std::string& pointer, Axis& axis) {
    const std::string& path = axis.paths.front();
    const Key* key = table_.numeric_key(path);
    if (key == nullptr) {
      fail(pointer, "a range is for numbers, which " + path + " is not; give a list of values");
      return false;
    }
    const Json& ends = node.front();
    const bool logarithmic = node.begin().key() == "log";
    const auto end_fits = [&](const Json& end) {
      constexpr double kMost = 1e100;
      return end.is_number() && std::abs(end.get<double>()) <= kMost &&
             (!logarithmic || end.get<double>() > 0);
    };
    if (node.size() != 1 || !ends.is_array() || ends.size() != 3 || !end_fits(ends[0]) ||
        !end_fits(ends[1]) || !is_count(ends[2], 1, kMostRangeValues)) {
      fail(pointer, std::string("is no range; allowed: ") + kRangeForm);
      return false;
    }
    axis.whole = key->type == KeyType::kInteger;
    axis.range = range_values(ends[0].get<double>(), ends[1].get<double>(),
                              static_cast<std::uint64_t>(to_whole(ends[2])), logarithmic, axis.whole);
    // It lies between its ends, so they alone tell whether all of its values are allowed.
    const std::size_t before = problems_.size();
    for (const std::uint64_t end : {std::uint64_t{0}, axis.size() - 1})
      read_value(axis.range_value(end), path, pointer);
    return problems_.size() == before;
  }

  void read_zips(const Json& node, const std::string& pointer) {
    if (node.is_object()) {
      read_zip(node, pointer);
    } else if (check_shape(node, false, pointer, "an object {path: values, …} or a list of such")) {
      for (std::size_t i = 0; i < node.size(); ++i) read_zip(node[i], child_pointer(pointer, i));
    }
  }

  void read_zip(const Json& node, const std::string& pointer) {
    if (!check_shape(node, true, pointer, "an object {path: values, …}")) return;
    Axis axis{pointer, {}, {}};
    for (const auto& [path, values] : node.items()) {
      const std::string child = child_pointer(pointer, path);
      if (!check_path(path, child)) continue;
      std::vector<Assignment> column =
          looks_like_range(values) ? zipped_range(values, path, child) : read_values(values, path, child);
      if (column.empty()) continue;
      if (axis.paths.empty()) axis.entries.resize(column.size());
      if (column.size() != axis.entries.size())
        fail(child, fmt::format("found {} values; {} has {}, and a zip needs equally many", column.size(),
                                axis.paths.front(), axis.entries.size()));
      axis.paths.push_back(path);
      for (std::size_t i = 0; i < std::min(column.size(), axis.entries.size()); ++i)
        axis.entries[i].push_back(std::move(column[i]));
    }
    if (!axis.paths.empty()) sweep_.axes.push_back(std::move(axis));
  }

  std::vector<Assignment> zipped_range(const Json& node, const std::string& path,
                                       const std::string& pointer) {
    std::vector<Assignment> values;
    Axis axis{pointer, {path}, {}};
    if (!read_range(node, pointer, axis)) return values;
    if (axis.size() > kMostZipped) {
      fail(pointer, fmt::format("found {} values; a range in a zip has at most 100000", axis.size()));
      return values;
    }
    for (std::uint64_t i = 0; i < axis.size(); ++i)
      values.push_back(
          read_assignment(sweep_.zipped.emplace_back(axis.range_value(i)), path, pointer, problems_));
    return values;
  }

  void read_list(const Json& node, const std::string& pointer) {
    if (!check_shape(node, false, pointer, "a list of objects {path: value, …}")) return;
    Axis axis{pointer, {}, {}};
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string child = child_pointer(pointer, i);
      AxisEntry& entry = axis.entries.emplace_back();
      if (node[i].is_object()) {
        read_list_entry(node[i], child, axis, entry);
      } else {
        fail(child, "found " + describe(node[i]) + "; allowed: an object {path: value, …}");
      }
    }
    sweep_.axes.push_back(std::move(axis));
  }

  void read_list_entry(const Json& node, const std::string& pointer, Axis& axis, AxisEntry& entry) {
    for (const auto& [path, value] : node.items()) {
      const std::string child = child_pointer(pointer, path);
      if (path == "seeds") {
        entry.seeds = read_seeds(value, child);
        continue;
      }
      if (!check_path(path, child)) continue;
      for (const Assignment& before : entry)
        if (paths_overlap(before.name, path)) fail(child, path + " overlaps with " + before.name);
      entry.push_back(read_value(value, path, child));
      if (!contains(axis.paths, path)) axis.paths.push_back(path);
    }
  }

  void check_overlaps() {
    const auto& axes = sweep_.axes;
    for (std::size_t b = 0; b < axes.size(); ++b) {
      const bool zipped = axes[b].pointer.starts_with("/sweep/zip");
      for (std::size_t j = 0; j < axes[b].paths.size(); ++j) {
        for (std::size_t i = 0; zipped && i < j; ++i)
          check_pair(axes[b].paths[i], axes[b], axes[b].paths[j], axes[b]);
        for (std::size_t a = 0; a < b; ++a)
          for (const std::string& path : axes[a].paths) check_pair(path, axes[a], axes[b].paths[j], axes[b]);
      }
    }
  }

  void check_pair(const std::string& a, const Axis& a_axis, const std::string& b, const Axis& b_axis) {
    if (a == b) {
      fail(b_axis.pointer, b + " is swept already by " + a_axis.pointer);
    } else if (paths_overlap(a, b) || exclusive(a, b) || exclusive(b, a)) {
      fail(b_axis.pointer, b + " overlaps with " + a + ", which is swept by " + a_axis.pointer);
    }
  }

  bool exclusive(const std::string& a, const std::string& b) const {
    const std::size_t path = table_.find_path(a), other = table_.find_path(b);
    if (path == kNone || other == kNone) return false;
    const auto& excludes = table_.rows()[table_.paths()[path].rows.front()].excludes;
    return std::ranges::find(excludes, other) != excludes.end();
  }

  void read_excludes(const Json& node) {
    const std::string pointer = "/sweep/exclude", form = "an object {path: value or list of values, …}";
    if (!check_shape(node, false, pointer, "a list of objects {path: value or list of values, …}")) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const std::string child = child_pointer(pointer, i);
      if (!check_shape(node[i], true, child, form)) continue;
      auto& exclude = sweep_.excludes.emplace_back();
      for (const auto& [path, value] : node[i].items())
        exclude.push_back(read_excluded(value, path, child_pointer(child, path)));
    }
  }

  std::vector<ExcludedValue> read_excluded(const Json& node, const std::string& path,
                                           const std::string& pointer) {
    const auto axis =
        std::ranges::find_if(sweep_.axes, [&](const Axis& known) { return contains(known.paths, path); });
    if (axis == sweep_.axes.end()) {
      std::vector<std::string> swept;
      for (const Axis& known : sweep_.axes) swept.insert(swept.end(), known.paths.begin(), known.paths.end());
      fail(pointer, path + " is not swept; only swept paths can be excluded" + did_you_mean(path, swept));
      return {};
    }
    const auto index = static_cast<std::size_t>(axis - sweep_.axes.begin());
    Problems tried;
    Assignment whole = read_assignment(node, path, pointer, tried);
    check(whole, tried);
    std::vector<ExcludedValue> values;
    // ["relu", "tanh"] are two values, [["relu", "tanh"]] is a list with an entry a layer.
    const KeyTable::Group* group = table_.find_path(path) == kNone ? table_.find_group(path) : nullptr;
    const bool lists_values = group != nullptr && group->each != kNone;
    if (!node.is_array() || (tried.empty() && !lists_values)) {
      values.push_back({index, read_value(node, path, pointer), pointer});
    } else {
      for (std::size_t i = 0; i < node.size(); ++i)
        values.push_back(
            {index, read_value(node[i], path, child_pointer(pointer, i)), child_pointer(pointer, i)});
    }
    return values;
  }

  SeedList read_seeds(const Json& node, const std::string& pointer) {
    const auto most = static_cast<std::int64_t>(kMostSweepRuns);
    const auto is_seed = [](const Json& value) { return is_count(value, 0, kMostSeed); };
    const auto count = [](const Json& value) { return static_cast<std::uint64_t>(to_whole(value)); };
    SeedList seeds = sweep_.seeds;
    const Json *from = find_member(node, "from"), *number = find_member(node, "count");
    if (is_count(node, 1, most)) {
      seeds = {{}, first_seed_, count(node)};
    } else if (node.is_array() && !node.empty() && std::ranges::all_of(node, is_seed)) {
      seeds.listed.clear();
      std::unordered_set<std::uint64_t> seen;
      for (const Json& seed : node)
        if (seen.insert(count(seed)).second) seeds.listed.push_back(count(seed));
    } else if (node.size() == 2 && from != nullptr && number != nullptr && is_seed(*from) &&
               is_count(*number, 1, most)) {
      seeds = {{}, count(*from), count(*number)};
    } else {
      fail(pointer, "found " + describe(node) + "; allowed: " + kSeedForm);
    }
    if (seeds.listed.empty() && seeds.count - 1 > static_cast<std::uint64_t>(kMostSeed) - seeds.from)
      fail(pointer, "the last seed would lie beyond 9223372036854775807");
    return seeds;
  }

  const KeyTable& table_ = KeyTable::get();
  const Document& base_;
  const std::uint64_t first_seed_;
  Problems& problems_;
  SweepConfig sweep_;
};

}  // namespace

Json Axis::range_value(std::uint64_t i) const {
  return whole ? Json(static_cast<std::int64_t>(range[i])) : Json(range[i]);
}

const std::vector<std::string>& sweep_sections() {
  static const std::vector<std::string> names = {"grid", "zip", "list", "exclude", "seeds"};
  return names;
}

SweepConfig read_sweep(const Json* sweep, const Document& base, std::uint64_t seed, Problems& problems) {
  if (sweep != nullptr) return SweepReader(base, seed, problems).read(*sweep);
  SweepConfig none;
  none.seeds.from = seed;
  return none;
}

}  // namespace deadrelu
