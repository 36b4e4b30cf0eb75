#include "config/sweep_config.h"

#include <algorithm>

namespace deadrelu {
namespace {

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names = {"grid", "zip", "list", "exclude", "seeds"};
  return names;
}

class SweepReader {
 public:
  SweepReader(std::uint64_t seed, Problems& problems) : problems_(problems) { sweep_.seeds.from = seed; }

  SweepConfig read(const Node& node) {
    if (!node.is_object()) {
      fail(node, "/sweep",
           "found " + describe(node) + "; allowed: an object with grid, zip, list, exclude, seeds");
      return std::move(sweep_);
    }
    for (const auto& [key, value] : node.members()) read_section(key, value);
    check_overlaps();
    if (const Node* exclude = node.find("exclude")) read_excludes(*exclude);
    return std::move(sweep_);
  }

 private:
  void fail(const Node& node, const std::string& pointer, const std::string& message) {
    problems_.add(place_of(node, pointer), message);
  }

  void read_section(const std::string& key, const Node& value) {
    const std::string pointer = child_pointer("/sweep", key);
    if (key == "grid") {
      read_grid(value, pointer);
    } else if (key == "zip") {
      read_zips(value, pointer);
    } else if (key == "list") {
      read_list(value, pointer);
    } else if (key == "seeds") {
      sweep_.seeds = read_seeds(value, sweep_.seeds.from, problems_);
    } else if (key != "exclude") {
      fail(value, pointer,
           "unknown key " + json_quoted(key) + "; allowed: grid, zip, list, exclude, seeds" +
               did_you_mean(key, section_names()));
    }
  }

  // Whether the path may be swept; else a problem.
  bool check_path(const Node& node, const std::string& path, const std::string& pointer) {
    if (path == "seed") {
      fail(node, pointer,
           "seed is swept by sweep.seeds: \"seeds\": 20, or a list, or {\"from\": 0, \"count\": 20}");
      return false;
    }
    if (path == "name" || path == "$schema" || paths_overlap(path, "sweep")) {
      fail(node, pointer, path + " cannot be swept: it belongs to the sweep as a whole");
      return false;
    }
    if (KeyTable::get().range(path)) return true;
    fail(node, pointer,
         "unknown path " + json_quoted(path) + did_you_mean(path, KeyTable::get().all_names()));
    return false;
  }

  void read_grid(const Node& node, const std::string& pointer) {
    if (!check_shape(node, NodeKind::kObject, pointer, "an object {path: values, …}")) return;
    for (const auto& [path, values] : node.members()) {
      const std::string child = child_pointer(pointer, path);
      if (!check_path(values, path, child)) continue;
      Axis axis{place_of(values, child), {path}, {}, std::nullopt};
      if (looks_like_range(values)) {
        axis.range = read_range(values, path, child, problems_);
        if (!axis.range || !check_ends(values, *axis.range, path, child)) continue;
      } else {
        for (Assignment& value : read_values(values, path, child)) axis.entries.push_back({std::move(value)});
      }
      sweep_.axes.push_back(std::move(axis));
    }
  }

  bool check_shape(const Node& node, NodeKind kind, const std::string& pointer, const std::string& allowed) {
    const bool fits =
        node.kind == kind && (kind == NodeKind::kList ? !node.items().empty() : !node.members().empty());
    if (!fits) fail(node, pointer, "found " + describe(node) + "; allowed: " + allowed + ", not empty");
    return fits;
  }

  std::vector<Assignment> read_values(const Node& node, const std::string& path, const std::string& pointer) {
    std::vector<Assignment> values;
    if (!check_shape(node, NodeKind::kList, pointer,
                     "a list of values, {\"lin\": [from, to, count]} or {\"log\": [from, to, count]}"))
      return values;
    for (std::size_t i = 0; i < node.items().size(); ++i)
      values.push_back(make_assignment(node.items()[i], path, child_pointer(pointer, i), problems_));
    return values;
  }

  // A range lies between its ends, so they alone tell whether all of its values are allowed.
  bool check_ends(const Node& node, const NumberRange& range, const std::string& path,
                  const std::string& pointer) {
    bool good = true;
    for (const double end : {range.at(0), range.at(range.size() - 1)}) {
      const Assignment value =
          make_assignment(make_number(end, range.whole(), node), path, pointer, problems_);
      const Given& given = *value.leaves.back().second;
      if (fits(given)) continue;
      problems_.add(given.readings.front().problems);
      good = false;
    }
    return good;
  }

  void read_zips(const Node& node, const std::string& pointer) {
    if (node.is_object()) {
      read_zip(node, pointer);
    } else if (check_shape(node, NodeKind::kList, pointer, "an object {path: values, …} or a list of such")) {
      for (std::size_t i = 0; i < node.items().size(); ++i)
        read_zip(node.items()[i], child_pointer(pointer, i));
    }
  }

  void read_zip(const Node& node, const std::string& pointer) {
    if (!check_shape(node, NodeKind::kObject, pointer, "an object {path: values, …}")) return;
    Axis axis{place_of(node, pointer), {}, {}, std::nullopt};
    for (const auto& [path, values] : node.members()) {
      const std::string child = child_pointer(pointer, path);
      if (!check_path(values, path, child)) continue;
      std::vector<Assignment> column =
          looks_like_range(values) ? listed_range(values, path, child) : read_values(values, path, child);
      if (column.empty()) continue;
      if (axis.paths.empty()) axis.entries.resize(column.size());
      if (column.size() != axis.entries.size())
        fail(values, child,
             "found " + std::to_string(column.size()) + " values; " + axis.paths.front() + " has " +
                 std::to_string(axis.entries.size()) + ", and a zip needs equally many");
      axis.paths.push_back(path);
      for (std::size_t i = 0; i < std::min(column.size(), axis.entries.size()); ++i)
        axis.entries[i].push_back(std::move(column[i]));
    }
    if (!axis.paths.empty()) sweep_.axes.push_back(std::move(axis));
  }

  std::vector<Assignment> listed_range(const Node& node, const std::string& path,
                                       const std::string& pointer) {
    constexpr std::uint64_t kMostZipped = 100'000;
    std::vector<Assignment> values;
    const auto range = read_range(node, path, pointer, problems_);
    if (!range || !check_ends(node, *range, path, pointer)) return values;
    if (range->size() > kMostZipped) {
      fail(node, pointer,
           "found " + std::to_string(range->size()) + " values; a range in a zip has at most 100000");
      return values;
    }
    for (std::uint64_t i = 0; i < range->size(); ++i)
      values.push_back(
          make_assignment(make_number(range->at(i), range->whole(), node), path, pointer, problems_));
    return values;
  }

  void read_list(const Node& node, const std::string& pointer) {
    if (!check_shape(node, NodeKind::kList, pointer, "a list of objects {path: value, …}")) return;
    Axis axis{place_of(node, pointer), {}, {}, std::nullopt};
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      const std::string child = child_pointer(pointer, i);
      AxisEntry& entry = axis.entries.emplace_back();
      if (!node.items()[i].is_object()) {
        fail(node.items()[i], child,
             "found " + describe(node.items()[i]) + "; allowed: an object {path: value, …}");
        continue;
      }
      read_list_entry(node.items()[i], child, axis, entry);
    }
    sweep_.axes.push_back(std::move(axis));
  }

  void read_list_entry(const Node& node, const std::string& pointer, Axis& axis, AxisEntry& entry) {
    for (const auto& [path, value] : node.members()) {
      const std::string child = child_pointer(pointer, path);
      if (!check_path(value, path, child)) continue;
      for (const Assignment& before : entry)
        if (paths_overlap(before.name, path)) fail(value, child, path + " overlaps with " + before.name);
      entry.push_back(make_assignment(value, path, child, problems_));
      if (std::find(axis.paths.begin(), axis.paths.end(), path) == axis.paths.end())
        axis.paths.push_back(path);
    }
  }

  void check_overlaps() {
    const auto& axes = sweep_.axes;
    for (std::size_t b = 0; b < axes.size(); ++b) {
      for (std::size_t j = 0; j < axes[b].paths.size(); ++j) {
        check_against_own(axes[b], j);
        for (std::size_t a = 0; a < b; ++a)
          for (const std::string& path : axes[a].paths)
            check_pair(path, axes[a].place, axes[b].paths[j], axes[b].place);
      }
    }
  }

  void check_against_own(const Axis& axis, std::size_t j) {
    const bool zipped = axis.place.pointer.starts_with("/sweep/zip");
    for (std::size_t i = 0; zipped && i < j; ++i)
      check_pair(axis.paths[i], axis.place, axis.paths[j], axis.place);
  }

  void check_pair(const std::string& a, const Place& a_place, const std::string& b, const Place& b_place) {
    if (a == b) {
      problems_.add(b_place, b + " is swept already by " + a_place.pointer);
    } else if (paths_overlap(a, b) || exclusive(a, b) || exclusive(b, a)) {
      problems_.add(b_place, b + " overlaps with " + a + ", which is swept by " + a_place.pointer);
    }
  }

  static bool exclusive(const std::string& a, const std::string& b) {
    const KeyTable& table = KeyTable::get();
    const std::size_t path = table.find_path(a), other = table.find_path(b);
    if (path == kNone || other == kNone) return false;
    const auto& excludes = table.rows()[table.paths()[path].rows.front()].excludes;
    return std::find(excludes.begin(), excludes.end(), other) != excludes.end();
  }

  void read_excludes(const Node& node) {
    const std::string pointer = "/sweep/exclude";
    if (!check_shape(node, NodeKind::kList, pointer, "a list of objects {path: value or list of values, …}"))
      return;
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      const std::string child = child_pointer(pointer, i);
      const Node& item = node.items()[i];
      if (!check_shape(item, NodeKind::kObject, child, "an object {path: value or list of values, …}"))
        continue;
      auto& exclude = sweep_.excludes.emplace_back();
      for (const auto& [path, value] : item.members())
        exclude.push_back(read_excluded(value, path, child_pointer(child, path)));
    }
  }

  std::vector<ExcludedValue> read_excluded(const Node& node, const std::string& path,
                                           const std::string& pointer) {
    const std::size_t axis = axis_of(path);
    if (axis == kNone) {
      std::vector<std::string> swept;
      for (const Axis& known : sweep_.axes) swept.insert(swept.end(), known.paths.begin(), known.paths.end());
      fail(node, pointer,
           path + " is not swept; only swept paths can be excluded" + did_you_mean(path, swept));
      return {};
    }
    Problems tried;
    std::vector<ExcludedValue> values;
    Assignment whole = make_assignment(node, path, pointer, tried);
    if (tried.empty() && fits(whole)) {
      values.push_back({axis, std::move(whole), place_of(node, pointer)});
    } else if (node.is_list()) {
      for (std::size_t i = 0; i < node.items().size(); ++i)
        add_excluded(node.items()[i], path, child_pointer(pointer, i), axis, values);
    } else {
      add_excluded(node, path, pointer, axis, values);
    }
    return values;
  }

  void add_excluded(const Node& node, const std::string& path, const std::string& pointer, std::size_t axis,
                    std::vector<ExcludedValue>& values) {
    Assignment value = make_assignment(node, path, pointer, problems_);
    for (const auto& [leaf, given] : value.leaves)
      if (!fits(*given)) problems_.add(given->readings.front().problems);
    values.push_back({axis, std::move(value), place_of(node, pointer)});
  }

  // Whether the value, or every leaf of it, fits some row of its path.
  static bool fits(const Given& given) {
    return std::any_of(given.readings.begin(), given.readings.end(),
                       [](const auto& r) { return r.problems.empty(); });
  }
  static bool fits(const Assignment& value) {
    return std::all_of(value.leaves.begin(), value.leaves.end(),
                       [](const auto& leaf) { return fits(*leaf.second); });
  }

  std::size_t axis_of(const std::string& path) const {
    for (std::size_t axis = 0; axis < sweep_.axes.size(); ++axis) {
      const auto& paths = sweep_.axes[axis].paths;
      if (std::find(paths.begin(), paths.end(), path) != paths.end()) return axis;
    }
    return kNone;
  }

  Problems& problems_;
  SweepConfig sweep_;
};

}  // namespace

SweepConfig read_sweep(const Node* node, std::uint64_t seed, Problems& problems) {
  SweepReader reader(seed, problems);
  if (node == nullptr) {
    SweepConfig none;
    none.seeds.from = seed;
    return none;
  }
  return reader.read(*node);
}

}  // namespace deadrelu
