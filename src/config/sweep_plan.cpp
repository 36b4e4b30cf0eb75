#include "config/sweep_plan.h"

#include <algorithm>
#include <unordered_set>

#include "base/number.h"
#include "config/run_id.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kUnset = static_cast<std::uint64_t>(-1);

std::string cell_text(const SweptValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return number_text(std::get<double>(value));
}

// What a point says of a swept path, whether or not the variant that it belongs to is chosen at this point.
SweptValue cell_of(const Settings& settings, const Resolution& resolution, const std::string& name) {
  const KeyTable& table = KeyTable::get();
  const std::size_t path = table.find_path(name);
  if (path == kNone || settings[path] == nullptr) return swept_value(resolution, name);
  for (const auto& reading : settings[path]->readings) {
    if (!reading.problems.empty()) continue;
    const Value& value = reading.value;
    if (!value.is_word && std::holds_alternative<std::int64_t>(value.data)) return value.integer();
    if (std::holds_alternative<double>(value.data)) return value.real();
    return value.text;
  }
  return std::string();
}

class Planner {
 public:
  Planner(SweepPlan& plan, const ResolveContext& context, Problems& problems)
      : plan_(plan), context_(context), problems_(problems) {
    context_.only_values = true;
    covering_.assign(KeyTable::get().paths().size(), kNone);
    for (std::size_t axis = 0; axis < plan.axes.size(); ++axis)
      for (const std::string& name : plan.axes[axis].paths) cover(name, axis);
  }

  // One axis after the other: collapse equal values, and see what kind of column each path makes.
  void plan_axes() {
    for (std::size_t axis = 0; axis < plan_.axes.size(); ++axis) {
      std::vector<std::vector<SweptValue>> cells = collapse(axis);
      const auto& paths = plan_.axes[axis].paths;
      for (std::size_t p = 0; p < paths.size(); ++p)
        plan_.columns.push_back({paths[p], cells[p].empty() ? ColumnType::kText : column_type(cells[p])});
      cells_.push_back(std::move(cells));
      plan_.shape.axis_sizes.push_back(plan_.axes[axis].size());
    }
  }

  void plan_excludes(const SweepConfig& sweep) {
    for (const auto& paths : sweep.excludes) {
      SweepShape::Exclusion exclusion(plan_.axes.size());
      bool matches_some = true;
      for (const auto& alternatives : paths) {
        if (alternatives.empty()) return;  // reported already
        std::vector<std::uint64_t> matching;
        for (const ExcludedValue& value : alternatives) find_matching(value, matching);
        auto& of_axis = exclusion[alternatives.front().axis];
        std::sort(matching.begin(), matching.end());
        matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
        of_axis = of_axis.empty() ? matching : intersection(of_axis, matching);
        matches_some = matches_some && !of_axis.empty();
      }
      if (matches_some) plan_.shape.exclusions.push_back(std::move(exclusion));
    }
  }

 private:
  void cover(const std::string& name, std::size_t axis) {
    const auto range = *KeyTable::get().range(name);
    for (std::size_t path = range.first; path <= range.second; ++path) covering_[path] = axis;
  }

  static std::vector<std::uint64_t> intersection(const std::vector<std::uint64_t>& a,
                                                 const std::vector<std::uint64_t>& b) {
    std::vector<std::uint64_t> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
  }

  // The settings of the first point with this entry on the axis.
  const Settings& first_with(std::size_t axis, const AxisEntry& entry) {
    settings_ = plan_.base;
    for (std::size_t other = 0; other < plan_.axes.size(); ++other)
      if (other != axis && plan_.axes[other].size() > 0)
        for (const Assignment& value : plan_.axes[other].entry(0)) put_into(value, settings_);
    for (const Assignment& value : entry) put_into(value, settings_);
    return settings_;
  }

  // Drops the entries that give the same runs as an earlier one; returns the cells [path][entry] of the rest.
  // A default that hangs on what another axis sweeps differs from a value that is given.
  std::vector<std::vector<SweptValue>> collapse(std::size_t index) {
    Axis& axis = plan_.axes[index];
    std::vector<std::vector<SweptValue>> cells(axis.paths.size());
    const auto hide = [&](std::size_t path) { return covering_[path] != kNone && covering_[path] != index; };
    std::unordered_set<std::string> seen;
    std::vector<AxisEntry> kept;
    const std::uint64_t sampled = axis.range ? 1 : axis.entries.size();
    for (std::uint64_t i = 0; i < sampled; ++i) {
      AxisEntry entry = axis.entry(i);
      Problems wrong;
      const Settings& settings = first_with(index, entry);
      resolve(settings, context_, resolution_, wrong);
      if (wrong.empty() && !seen.insert(canonical_text(resolution_, hide)).second) continue;
      for (std::size_t p = 0; p < axis.paths.size(); ++p)
        cells[p].push_back(cell_of(settings, resolution_, axis.paths[p]));
      if (!axis.range) kept.push_back(std::move(entry));
    }
    axis.entries = std::move(kept);
    return cells;
  }

  static ColumnType column_type(const std::vector<SweptValue>& cells) {
    const auto all = [&](const auto& kind) {
      return std::all_of(cells.begin(), cells.end(),
                         [&](const SweptValue& cell) { return cell.index() == kind.index(); });
    };
    if (all(SweptValue(std::int64_t{0}))) return ColumnType::kInteger;
    return all(SweptValue(0.0)) ? ColumnType::kReal : ColumnType::kText;
  }

  void find_matching(const ExcludedValue& value, std::vector<std::uint64_t>& matching) {
    const Axis& axis = plan_.axes[value.axis];
    if (axis.size() == 0) return;
    const std::size_t before = matching.size();
    Settings settings = first_with(value.axis, axis.entry(0));
    put_into(value.value, settings);
    Problems none;
    resolve(settings, context_, resolution_, none);
    const SweptValue cell = cell_of(settings, resolution_, value.value.name);
    const std::string text = cell_text(cell);
    const auto p = std::find(axis.paths.begin(), axis.paths.end(), value.value.name) - axis.paths.begin();
    const auto& cells = cells_[value.axis][static_cast<std::size_t>(p)];
    for (std::uint64_t i = 0; i < axis.size(); ++i)
      if (axis.range ? number_text(axis.range->at(i)) == text : cell_text(cells[i]) == text)
        matching.push_back(i);
    if (matching.size() == before)
      problems_.add(value.place,
                    text + " is no value of " + value.value.name + " in this sweep, so it excludes nothing");
  }

  SweepPlan& plan_;
  ResolveContext context_;
  Problems& problems_;
  std::vector<std::size_t> covering_;                        // [path]: the axis that sweeps it
  std::vector<std::vector<std::vector<SweptValue>>> cells_;  // [axis][path][entry]; of a range the first only
  Settings settings_;
  Resolution resolution_;
};

void check_size(const SweepPlan& plan, const Node* sweep, Problems& problems) {
  SweepShape whole = plan.shape;
  whole.exclusions.clear();
  const std::uint64_t runs = sweep_size(whole);
  const Place place = sweep == nullptr ? Place{} : place_of(*sweep, "/sweep");
  if (runs > kMostRuns) {
    std::string text = "is a sweep of " + std::to_string(runs) + " runs; allowed: at most ";
    text += std::to_string(kMostRuns);  // not `+`, which GCC 12 warns of when it builds for ARM
    problems.add(place, text);
  } else if (SweepCursor cursor(plan.shape); problems.empty() && !cursor.next()) {
    problems.add(place, "excludes every point; nothing is left to run");
  }
}

void check_all(SweepPlan& plan, const SweepShape& points, const ResolveContext& context, Problems& problems) {
  PointWalker walker(plan);
  Resolution resolution;
  PointHash hash;
  std::unordered_set<std::uint64_t> ids;
  for (SweepCursor cursor(points); !problems.full() && cursor.next();) {
    resolve(walker.at(cursor.indices()), context, resolution, problems);
    if (!problems.empty()) continue;
    hash.start(canonical_text(resolution));
    if (!ids.insert(hash.id(0)).second) plan.shape.repeated.push_back(linear_index(points, cursor.indices()));
  }
}

// Every value of every axis (of a range the ends) on top of the first point.
void check_each_value(const SweepPlan& plan, const SweepShape& points, const ResolveContext& context,
                      Problems& problems) {
  PointWalker walker(plan);
  Resolution resolution;
  SweepCursor cursor(points);
  if (!cursor.next()) return;
  std::vector<std::uint64_t> indices = cursor.indices();
  for (std::size_t axis = 0; axis < plan.axes.size(); ++axis) {
    const std::uint64_t first = indices[axis], size = plan.axes[axis].size();
    const std::uint64_t stride = plan.axes[axis].range && size > 1 ? size - 1 : 1;
    for (std::uint64_t i = 0; i < size && !problems.full(); i += stride) {
      indices[axis] = i;
      if (!is_excluded(points, indices)) resolve(walker.at(indices), context, resolution, problems);
    }
    indices[axis] = first;
  }
}

}  // namespace

SweepPlan make_plan(Settings base, SweepConfig sweep, const ResolveContext& context, Problems& problems) {
  SweepPlan plan{std::move(base), std::move(sweep.axes), {}, {}};
  plan.shape.seeds = sweep.seeds;
  Planner planner(plan, context, problems);
  planner.plan_axes();
  planner.plan_excludes(sweep);
  check_size(plan, context.root->find("sweep"), problems);
  return plan;
}

void check_points(SweepPlan& plan, const ResolveContext& context, Problems& problems) {
  SweepShape points = plan.shape;
  points.seeds = {};
  if (sweep_size(points) <= kCheckedPoints) {
    check_all(plan, points, context, problems);
  } else {
    check_each_value(plan, points, context, problems);
  }
}

PointWalker::PointWalker(const SweepPlan& plan)
    : plan_(plan),
      settings_(plan.base),
      current_(plan.axes.size(), kUnset),
      range_entries_(plan.axes.size()) {}

const Settings& PointWalker::at(const std::vector<std::uint64_t>& indices) {
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    if (indices[axis] == current_[axis]) continue;
    const Axis& values = plan_.axes[axis];
    AxisEntry& made = range_entries_[axis];
    if (current_[axis] != kUnset) {
      for (const Assignment& old : values.range ? made : values.entries[current_[axis]])
        for (std::size_t path = old.first; path <= old.last; ++path) settings_[path] = plan_.base[path];
    }
    current_[axis] = indices[axis];
    if (values.range) made = values.entry(indices[axis]);
    for (const Assignment& value : values.range ? made : values.entries[indices[axis]])
      put_into(value, settings_);
  }
  return settings_;
}

SweptValue as_column(const SweptValue& value, ColumnType type) {
  return type == ColumnType::kText ? SweptValue(cell_text(value)) : value;
}

}  // namespace deadrelu
