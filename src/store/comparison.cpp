#include "store/comparison.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <tuple>

#include "store/cells.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr const char* kOverTime[] = {"tasks", "stream"};

bool contains(const auto& values, const auto& value) {
  return std::ranges::find(values, value) != std::end(values);
}

double number_of(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  const auto* real = std::get_if<double>(&cell);
  return real == nullptr ? kMissing : *real;
}

// Appends the mean of each real column of the table over a run's rows. `ids`: of the runs, in order.
void append_means(const StoreReader& store, const Table& table, const std::vector<std::string>& ids,
                  ComparedRuns& result) {
  const std::vector<double> diverged = result.outcomes[0].values;
  const std::size_t first = result.outcomes.size(), columns = table.columns.size();
  for (const Column& column : table.columns)
    result.outcomes.push_back({table.name + '.' + column.info.name, std::vector<double>(ids.size(), 0.0)});
  std::vector<std::vector<double>> rows(columns, std::vector<double>(ids.size(), 0.0));
  std::size_t run = 0;
  store.for_each_row(ordered_select(table, {}), [&](std::span<const Cell> row) {
    while (ids[run] != std::get<std::string>(row[0])) ++run;
    for (std::size_t c = 0; c < columns; ++c) {
      const auto* real = std::get_if<double>(&row[1 + c]);
      if (real == nullptr) continue;
      result.outcomes[first + c].values[run] += *real;
      ++rows[c][run];
    }
  });
  for (std::size_t c = 0; c < columns; ++c)
    for (run = 0; run < ids.size(); ++run)
      result.outcomes[first + c].values[run] /=
          diverged[run] == 1 || rows[c][run] == 0 ? kMissing : rows[c][run];
}

using Run = ComparedRuns::Run;
using Pairs =
    std::vector<std::pair<std::size_t, std::size_t>>;  // the baseline's first; those of one seed side by side

// Pairs of one seed count as one, with their means.
Comparison comparison_of(const ComparedRuns& runs, const Pairs& pairs, std::size_t outcome) {
  const std::vector<double>& values = runs.outcomes[outcome].values;
  const auto seed = [&](std::size_t i) { return runs.runs[pairs[i].first].seed; };
  Comparison result;
  result.outcome = outcome;
  std::vector<double> first, second, differences;
  for (std::size_t from = 0, to = 0; from < pairs.size(); from = to) {
    double base = 0, other = 0, count = 0;
    for (; to < pairs.size() && seed(to) == seed(from); ++to) {
      const double a = values[pairs[to].first], b = values[pairs[to].second];
      if (std::isnan(a) || std::isnan(b)) {
        ++result.missing;
        continue;
      }
      base += a, other += b, ++count;
    }
    if (count == 0) continue;
    first.push_back(base / count);
    second.push_back(other / count);
    differences.push_back(second.back() - first.back());
  }
  const Statistics statistics = statistics_of(differences);
  result.pairs = differences.size();
  result.baseline_mean = statistics_of(first).mean;
  result.mean = statistics_of(second).mean;
  result.difference = statistics.mean;
  const bool all_same = std::ranges::adjacent_find(differences, std::not_equal_to()) == differences.end();
  if (result.pairs < 2 || (all_same && differences[0] == 0)) return result;
  const int n = static_cast<int>(result.pairs);
  result.p = all_same ? std::ldexp(1.0, 1 - n)
                      : student_t_p(statistics.mean / (statistics.std / std::sqrt(n)), result.pairs - 1);
  if (!all_same) result.interval = statistics.interval;
  return result;
}

}  // namespace

ComparedRuns read_compared_runs(const StoreReader& store, const std::vector<std::size_t>& by) {
  const Table& table = result_tables().front();
  const std::size_t swept = store.header().swept.size(),
                    before = 2;  // run_id, seed; status follows the swept ones
  ComparedRuns result{{{"diverged", {}}}, {}, {}, {}};
  for (const Column& column : table.columns) result.outcomes.push_back({column.info.name, {}});
  Numbering groups, points;
  std::vector<std::string> ids;
  store.for_each_row(ordered_select(table, store.header().swept), [&](std::span<const Cell> row) {
    std::vector<Cell> group, point;
    for (const std::size_t i : by) group.push_back(row[before + i]);
    for (std::size_t i = 0; i < swept; ++i)
      if (!contains(by, i)) point.push_back(row[before + i]);
    const auto cells = row.subspan(before + swept);
    result.outcomes[0].values.push_back(cells[0] == Cell(std::string(name_of(RunStatus::kDiverged))));
    for (std::size_t c = 0; c < cells.size(); ++c)
      result.outcomes[1 + c].values.push_back(
          table.columns[c].info.summary == SummaryUse::kOmitted ? kMissing : number_of(cells[c]));
    result.runs.push_back({groups.number(group), points.number(point), std::get<std::int64_t>(row[1])});
    ids.push_back(std::get<std::string>(row[0]));
  });
  result.groups = groups.values();
  result.points = points.values();
  for (const Table& over_time : result_tables())
    if (contains(kOverTime, over_time.name)) append_means(store, over_time, ids, result);
  std::erase_if(result.outcomes, [](const ComparedRuns::Outcome& outcome) {
    return std::ranges::all_of(outcome.values, [](double value) { return std::isnan(value); });
  });
  return result;
}

std::vector<Comparison> compare_paired(const ComparedRuns& runs, std::size_t baseline, bool average) {
  const auto point_of = [&](std::size_t run) { return average ? 0 : runs.runs[run].point; };
  const auto group_of = [&](std::size_t run) { return runs.runs[run].group; };
  const auto partner_of = [&](std::size_t run) {
    return std::pair(runs.runs[run].seed, runs.runs[run].point);
  };
  std::vector<std::size_t> order(runs.runs.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return std::tuple(point_of(a), group_of(a), partner_of(a)) <
           std::tuple(point_of(b), group_of(b), partner_of(b));
  });
  // Of the runs that share what `key` says with the first.
  const auto front = [](std::span<const std::size_t> rest, const auto& key) {
    const auto end = std::ranges::find_if(rest, [&](std::size_t run) { return key(run) != key(rest[0]); });
    return rest.first(static_cast<std::size_t>(end - rest.begin()));
  };
  std::vector<Comparison> result;
  for (std::span<const std::size_t> rest = order, point; !rest.empty(); rest = rest.subspan(point.size())) {
    point = front(rest, point_of);
    std::span<const std::size_t> base, group;
    for (auto groups = point; !groups.empty(); groups = groups.subspan(group.size())) {
      group = front(groups, group_of);
      if (group_of(group[0]) == baseline) base = group;
    }
    std::vector<double> p;
    for (auto groups = point; !groups.empty(); groups = groups.subspan(group.size())) {
      group = front(groups, group_of);
      if (group_of(group[0]) == baseline) continue;
      Pairs pairs;
      for (std::size_t i = 0, j = 0; i < base.size() && j < group.size();) {
        const auto first = partner_of(base[i]), second = partner_of(group[j]);
        if (first == second) pairs.emplace_back(base[i], group[j]);
        i += first <= second;
        j += second <= first;
      }
      for (std::size_t outcome = 0; outcome < runs.outcomes.size(); ++outcome) {
        Comparison& row = result.emplace_back(comparison_of(runs, pairs, outcome));
        row.point = runs.runs[group[0]].point;
        row.group = group_of(group[0]);
        row.unpaired = base.size() + group.size() - 2 * pairs.size();
        p.push_back(row.p);
      }
    }
    const std::vector<double> corrected = holm_corrected(p);
    for (std::size_t i = 0; i < p.size(); ++i) result[result.size() - p.size() + i].corrected = corrected[i];
  }
  return result;
}

}  // namespace deadrelu
