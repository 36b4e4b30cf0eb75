#include <algorithm>

#include "cli/options.h"
#include "cli/pivot.h"
#include "store/comparison.h"

namespace deadrelu {
namespace {

struct CompareOptions {
  std::string directory, baseline;
  std::vector<std::string> by;
  bool average = false, json = false;
};

using Labels = std::vector<std::vector<std::string>>;

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

// The group that is asked for, by one of its labels or all of them; else the one called none, else the first.
std::size_t baseline_of(const Labels& labels, const std::string& asked) {
  std::vector<std::size_t> found;
  std::vector<std::string> names;
  for (const std::vector<std::string>& group : labels) {
    names.push_back(joined(group));
    const std::string& wanted = asked.empty() ? "none" : asked;
    if (names.back() == wanted || std::ranges::find(group, wanted) != group.end())
      found.push_back(names.size() - 1);
  }
  if (asked.empty()) return found.size() == 1 ? found[0] : 0;
  if (found.size() == 1) return found[0];
  throw usage_error("--baseline: {} '{}'; there is {}{}",
                    found.empty() ? "nothing is called" : "several groups are called", asked,
                    fmt::join(names, ", "), suggestion(asked, names));
}

void print_comparisons(const CompareOptions& options, const StoreHeader& header, const ComparedRuns& runs,
                       std::size_t baseline, const std::vector<Comparison>& comparisons) {
  const auto groups = options.json ? runs.groups : shown_lists(runs.groups),
             points = options.json ? runs.points : shown_lists(runs.points);
  std::vector<std::string> names;
  for (const SweptColumn& column : header.swept)
    if (!options.average && std::ranges::find(options.by, column.path) == options.by.end())
      names.push_back(column.path);
  names.insert(names.end(), options.by.begin(), options.by.end());
  for (const char* name : {"baseline", "outcome", "pairs", "missing", "unpaired", "baseline_mean", "mean",
                           "difference", "low", "high", "p", "p_holm"})
    names.emplace_back(name);
  const Cell called =
      options.by.size() == 1 ? groups[baseline][0] : Cell(joined(list_labels(runs.groups)[baseline]));
  RowPrinter rows(options.json, true);
  rows.columns(names);
  for (const Comparison& row : comparisons) {
    std::vector<Cell> cells = options.average ? std::vector<Cell>() : points[row.point];
    cells.insert(cells.end(), groups[row.group].begin(), groups[row.group].end());
    cells.insert(cells.end(), {called, Cell(runs.outcomes[row.outcome].name)});
    for (const std::size_t count : {row.pairs, row.missing, row.unpaired})
      cells.emplace_back(static_cast<std::int64_t>(count));
    cells.insert(cells.end(), {row.baseline_mean, row.mean, row.difference, row.interval.low,
                               row.interval.high, row.p, row.corrected});
    rows.row(cells);
  }
  rows.finish();
}

int compare(const CompareOptions& options) {
  if (options.by.empty()) throw usage_error("compare: --by says which swept path is compared");
  const StoreReader store(options.directory);
  const ComparedRuns runs = read_compared_runs(store, swept_places(store.header().swept, options.by));
  if (runs.groups.size() < 2)
    throw usage_error("compare: {} has {} value of {}; a comparison takes two", options.directory,
                      runs.groups.empty() ? "no" : "one", joined(options.by));
  const Labels labels = list_labels(runs.groups);
  const std::size_t baseline = baseline_of(labels, options.baseline);
  const std::vector<Comparison> comparisons = compare_paired(runs, baseline, options.average);
  if (std::ranges::none_of(comparisons, [](const Comparison& row) { return row.pairs + row.missing > 0; }))
    throw usage_error(
        "compare: no run has a partner with {} {}: the same seed and the same values of all other swept "
        "paths; paths that change together are given together, a --by each",
        joined(options.by), joined(labels[baseline]));
  print_comparisons(options, store.header(), runs, baseline, comparisons);
  return 0;
}

}  // namespace

void add_compare(CommandLine& line) {
  Command command(
      line, "compare", "what a swept value changes, paired over seeds",
      R"(Runs that differ in the values of --by alone, and agree in all other swept values and the seed, are a pair: they
start from the same parameters and see the same data wherever --by leaves these alone, so chance largely cancels in
their difference. A row for each outcome, each value but the baseline, and each point of the other swept paths:

pairs: runs of both that have the outcome; missing: pairs of which a run lacks it (a diverged run has no final loss);
unpaired: runs without a partner.
baseline_mean, mean: over the pairs; difference: mean - baseline_mean.
low, high: the 95 % interval of the difference, difference -+ t s / sqrt(pairs), of the paired t-test, with the standard
deviation s of the pairs' differences and Student's t for pairs - 1 degrees of freedom.
p: of the same test, two-sided. Where all differences are the same t is undefined: then there is no interval, and p is
the sign test's, 2^(1 - pairs); empty where no pair differs.
p_holm: p corrected for the number of outcomes and values at the point that have one (Holm 1979).

Outcomes: diverged, the columns of the summary (`deadrelu explain runs`), and the means of the columns of tasks and
stream over a run's rows. With --average the other swept paths are averaged over within each seed, and pairs are seeds.
CSV; on a terminal, a table.

Examples:
  deadrelu compare results/arena --by remedy
  deadrelu compare results/norms --by model.normalization --baseline layer_norm --average > norms.csv
  deadrelu compare results/tuned --by remedy --by train.optimizer.learning_rate  (which change together))");
  CompareOptions& options = command.calls(compare);
  add_directory_argument(command, options.directory);
  command.list("--by", "PATH", options.by, "the swept path whose values are compared; several: together");
  command.option("--baseline", "VALUE", options.baseline,
                 "what the others are compared with (default: none where there is it, else the first)");
  command.flag("--average", options.average, "average over the other swept paths");
  command.flag("--json", options.json, "a JSON array of objects, one row a line");
}

}  // namespace deadrelu
