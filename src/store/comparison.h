// Runs of a sweep compared in pairs: they differ in the compared values and share everything else, the seed too, and
// with it the initial parameters and the data. What chance does to both is not in their difference.
#pragma once

#include "store/statistics.h"
#include "store/store_reader.h"

namespace deadrelu {

struct ComparedRuns {
  struct Outcome {
    std::string name;
    std::vector<double> values;  // [run]
  };
  struct Run {
    std::size_t group, point;  // of the lists below
    std::int64_t seed;
  };
  std::vector<Outcome> outcomes;
  std::vector<Run> runs;
  std::vector<std::vector<Cell>> groups, points;  // the values of the compared and of the other swept columns
};

// The recorded runs with every outcome that one of them has: `diverged`, the columns of `runs` that the summary has, and
// the means over a run's rows in the tables that follow it through time (tasks.online_accuracy, …), which a diverged run
// lacks. `by`: the compared columns' places among the swept ones.
ComparedRuns read_compared_runs(const StoreReader& store, const std::vector<std::size_t>& by);

// One outcome of one group beside the baseline's.
struct Comparison {
  std::size_t point = 0, group = 0, outcome = 0;
  std::size_t pairs = 0;     // that have the outcome; averaged: seeds
  std::size_t missing = 0;   // pairs of which a run lacks it
  std::size_t unpaired = 0;  // runs of either group without a partner
  double baseline_mean = kMissing, mean = kMissing, difference = kMissing;
  Interval interval;  // of the difference (paired t); missing where all differences are the same
  // Of the paired t-test; where all differences are the same, of the sign test; where none is, missing.
  double p = kMissing;
  double corrected = kMissing;  // Holm's, over the outcomes and groups of the point
};

// Every group but the baseline, at every point. `average`: over the points, within each seed, since runs of one seed are
// not independent; `point` says nothing then.
std::vector<Comparison> compare_paired(const ComparedRuns& runs, std::size_t baseline, bool average);

}  // namespace deadrelu
