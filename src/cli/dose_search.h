// The search for the dose at which half of the runs fall, for every point of a sweep: batch after batch into a result
// directory, each placed by the results of those before.
#pragma once

#include <string>
#include <vector>

#include "cli/training.h"
#include "store/dose_response.h"

namespace deadrelu {

// The key that is the dose.
struct Variation {
  std::string path;
  double from = 0, to = 0;
  bool logarithmic = false;

  double x(double dose) const;  // its log10, or itself
  double dose(double x) const;
};

struct SearchSetup {
  ConfigSource source;
  Variation vary;
  std::string outcome;  // outcome_sql
  DoseSearch search;    // of one point
  RunnerOptions runner;
  ProgressMode progress = ProgressMode::kNone;
  std::filesystem::path directory;  // of the whole, shards lie below it; empty: results/NAME-critical
  Shard shard;
};

// What was found at one point of the sweep.
struct FoundDose {
  std::vector<SweptValue> values;  // of the other swept columns
  DoseResponse response;
  std::uint64_t runs = 0, diverged = 0, unknown = 0;  // all; of these, not fallen because of that (Fate)
  bool out_of_runs = false, no_dose_between = false;  // why the search ended early
};

struct SearchResult {
  int exit_code = 0;  // else a sentence has been said, and nothing is found
  std::vector<std::string> columns;
  std::vector<FoundDose> found;
  std::filesystem::path directory;  // of all runs
};

// A condition as SQL over the columns of `runs`: terms joined by "or", each a flag (born_dead), `diverged`, or a column
// compared with a number (dead_fraction>=0.5). Throws UserError(kUsage) for anything else.
std::string outcome_sql(const std::string& text);

// Trains what is not recorded yet. Throws UserError for what is wrong with the config and with the key, and what
// train_job throws.
SearchResult find_doses(const SearchSetup& setup);

}  // namespace deadrelu
