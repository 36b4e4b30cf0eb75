#include "config/sweep_plan.h"

#include <algorithm>
#include <unordered_set>

#include "base/number.h"

namespace deadrelu {
namespace {

std::string cell_text(const SweptValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return number_text(std::get<double>(value));
}

std::string seeds_text(const SeedList& seeds) {
  std::string text =
      seeds.listed.empty() ? std::to_string(seeds.from) + '+' + std::to_string(seeds.count) : "";
  for (const std::uint64_t seed : seeds.listed) text += std::to_string(seed) + ',';
  return text + '\n';
}

// What an entry says, whatever the order of its words and the spelling of its numbers.
std::string entry_text(const AxisEntry& entry) {
  std::string text = entry.seeds ? seeds_text(*entry.seeds) : "";
  for (const Assignment& value : entry) {
    text += value.name + '\n';
    for (const auto& [path, leaf] : value.leaves)
      text += std::to_string(path) + leaf.member + canonical_json(*leaf.value) + '\n';
  }
  return text;
}

void drop_repeated(std::vector<AxisEntry>& entries) {
  std::unordered_set<std::string> seen;
  std::erase_if(entries, [&](const AxisEntry& entry) { return !seen.insert(entry_text(entry)).second; });
}

ColumnType column_type(const std::vector<SweptValue>& cells) {
  const auto all = [&](const SweptValue& kind) {
    return !cells.empty() &&
           std::ranges::all_of(cells, [&](const SweptValue& cell) { return cell.index() == kind.index(); });
  };
  if (all(std::int64_t{0})) return ColumnType::kInteger;
  return all(0.0) ? ColumnType::kReal : ColumnType::kText;
}

class Planner {
 public:
  Planner(SweepPlan& plan, Problems& problems)
      : plan_(plan), problems_(problems), documents_(plan), resolver_("", {}) {}

  // The cells of every axis' values on the first values of the others, and what kind of column they make.
  void plan_axes() {
    for (std::size_t axis = 0; axis < plan_.axes.size(); ++axis) {
      const Axis& values = plan_.axes[axis];
      auto& cells = cells_.emplace_back(values.paths.size());
      std::vector<std::uint64_t> indices(plan_.axes.size(), 0);
      const std::uint64_t sampled =
          values.range.empty() ? values.size() : 1;  // of a range, the first tells the type
      for (; indices[axis] < sampled; ++indices[axis]) {
        resolve(documents_.at(indices));
        for (std::size_t p = 0; p < values.paths.size(); ++p)
          cells[p].push_back(resolver_.cell(values.paths[p]));
      }
      for (std::size_t p = 0; p < values.paths.size(); ++p)
        plan_.columns.push_back({values.paths[p], column_type(cells[p])});
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
        std::ranges::sort(matching);
        matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
        of_axis = of_axis.empty() ? matching : intersection(of_axis, matching);
        matches_some = matches_some && !of_axis.empty();
      }
      if (matches_some) plan_.shape.exclusions.push_back(std::move(exclusion));
    }
  }

 private:
  // For what the values are; what is wrong with them is found elsewhere.
  void resolve(const Document& document) {
    Problems ignored;
    resolver_.resolve(document, ignored);
  }

  static std::vector<std::uint64_t> intersection(const std::vector<std::uint64_t>& a,
                                                 const std::vector<std::uint64_t>& b) {
    std::vector<std::uint64_t> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
  }

  void find_matching(const ExcludedValue& excluded, std::vector<std::uint64_t>& matching) {
    const Axis& axis = plan_.axes[excluded.axis];
    if (axis.size() == 0) return;
    Document document = documents_.at(std::vector<std::uint64_t>(plan_.axes.size(), 0));
    excluded.value.put_into(document);
    resolve(document);
    const std::string text = cell_text(resolver_.cell(excluded.value.name));
    const auto p = std::ranges::find(axis.paths, excluded.value.name) - axis.paths.begin();
    const auto& cells = cells_[excluded.axis][static_cast<std::size_t>(p)];
    const std::size_t before = matching.size();
    for (std::uint64_t i = 0; i < axis.size(); ++i)
      if ((axis.range.empty() ? cell_text(cells[i]) : number_text(axis.range[i])) == text)
        matching.push_back(i);
    if (matching.size() == before)
      problems_.add(excluded.pointer,
                    fmt::format("{} is no value of {} in this sweep, so it excludes nothing", text,
                                excluded.value.name));
  }

  SweepPlan& plan_;
  Problems& problems_;
  PointDocuments documents_;
  Resolver resolver_;
  std::vector<std::vector<std::vector<SweptValue>>> cells_;  // [axis][path][entry]; of a range the first only
};

bool check_size(const SweepPlan& plan, Problems& problems) {
  const SweepShape& shape = plan.shape;
  double runs = shape.own_seeds.empty() ? static_cast<double>(shape.seeds.size()) : 0;
  for (const SeedList& seeds : shape.own_seeds) runs += static_cast<double>(seeds.size());
  for (std::size_t axis = 0; axis < plan.axes.size(); ++axis)
    if (shape.own_seeds.empty() || axis != shape.seeded_axis)
      runs *= static_cast<double>(plan.axes[axis].size());
  if (runs <= static_cast<double>(kMostSweepRuns)) return true;
  problems.add("/sweep",
               fmt::format("is a sweep of {} runs; allowed: at most {}", number_text(runs), kMostSweepRuns));
  return false;
}

void check_all(SweepPlan& plan, const SweepShape& points, Resolver& resolver, Problems& problems) {
  PointDocuments documents(plan);
  std::unordered_set<std::size_t> seen;
  for (SweepCursor cursor(points); !problems.full() && cursor.next();) {
    resolver.resolve(documents.at(cursor.indices()), problems);
    resolver.check(problems);
    if (!problems.empty() || points.axis_sizes.empty()) continue;
    std::string text = resolver.canonical_text();
    if (!plan.shape.own_seeds.empty()) text += seeds_text(plan.shape.seeds_at(cursor.indices()));
    if (!seen.insert(std::hash<std::string>()(text)).second)
      plan.shape.repeated.push_back(linear_index(points, cursor.indices()));
  }
}

// Every value of every axis (of a range the ends) on top of the first point.
void check_each_value(const SweepPlan& plan, const SweepShape& points, Resolver& resolver,
                      Problems& problems) {
  PointDocuments documents(plan);
  SweepCursor cursor(points);
  if (!cursor.next()) return;
  std::vector<std::uint64_t> indices = cursor.indices();
  for (std::size_t axis = 0; axis < plan.axes.size(); ++axis) {
    const std::uint64_t first = indices[axis], size = plan.axes[axis].size();
    const std::uint64_t stride = !plan.axes[axis].range.empty() && size > 1 ? size - 1 : 1;
    for (std::uint64_t i = 0; i < size && !problems.full(); i += stride) {
      indices[axis] = i;
      if (is_excluded(points, indices)) continue;
      resolver.resolve(documents.at(indices), problems);
      resolver.check(problems);
    }
    indices[axis] = first;
  }
}

}  // namespace

SweepPlan make_plan(Document base, SweepConfig sweep, Problems& problems) {
  SweepPlan plan{std::move(base), std::move(sweep.axes), {}, {}, std::move(sweep.zipped)};
  plan.shape.seeds = sweep.seeds;
  for (Axis& axis : plan.axes) {
    drop_repeated(axis.entries);
    const auto has_seeds = [](const AxisEntry& entry) { return entry.seeds.has_value(); };
    if (std::ranges::any_of(axis.entries, has_seeds)) {
      plan.shape.seeded_axis = plan.shape.axis_sizes.size();
      for (const AxisEntry& entry : axis.entries)
        plan.shape.own_seeds.push_back(entry.seeds.value_or(sweep.seeds));
    }
    plan.shape.axis_sizes.push_back(axis.size());
  }
  if (!check_size(plan, problems)) return plan;
  Planner planner(plan, problems);
  planner.plan_axes();
  planner.plan_excludes(sweep);
  if (SweepCursor cursor(plan.shape); problems.empty() && !cursor.next())
    problems.add("/sweep", "excludes every point; nothing is left to run");
  return plan;
}

void check_points(SweepPlan& plan, Resolver& resolver, Problems& problems) {
  SweepShape points = plan.shape;
  points.seeds = {};
  points.own_seeds.clear();
  if (sweep_size(points) <= kCheckedPoints) {
    check_all(plan, points, resolver, problems);
  } else {
    check_each_value(plan, points, resolver, problems);
  }
}

PointDocuments::PointDocuments(const SweepPlan& plan) : plan_(plan) {
  for (const Axis& axis : plan.axes) {
    RangeValue& range = ranges_.emplace_back();
    if (axis.range.empty()) continue;
    Problems none;
    range.value = axis.range_value(0);
    range.entry.push_back(read_assignment(range.value, axis.paths.front(), axis.pointer, none));
  }
}

const Document& PointDocuments::at(const std::vector<std::uint64_t>& indices) {
  document_ = plan_.base;
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    const Axis& values = plan_.axes[axis];
    if (!values.range.empty()) ranges_[axis].value = values.range_value(indices[axis]);
    for (const Assignment& value : values.range.empty() ? values.entries[indices[axis]] : ranges_[axis].entry)
      value.put_into(document_);
  }
  return document_;
}

SweptValue as_column(const SweptValue& value, ColumnType type) {
  return type == ColumnType::kText ? SweptValue(cell_text(value)) : value;
}

}  // namespace deadrelu
