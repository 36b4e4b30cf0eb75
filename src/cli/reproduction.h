// What `reproduce` prints: the list of experiments, and each claim with what was measured and the verdict.
#pragma once

#include <string>
#include <vector>

#include "cli/print.h"
#include "config/experiment_config.h"
#include "config/json_files.h"
#include "store/statistics.h"
#include "store/store_reader.h"

namespace deadrelu {

// A published experiment: a folder with a config, claims and a README.
struct Experiment {
  std::string name;   // the folder's
  std::string title;  // the README's first heading; the name where there is none
  std::string label;  // the config's path, for errors
  ClaimSize size;     // kQuick: as the config has it; kFull: with the sets of full.json, as it was published
  ExperimentConfig config;
  std::vector<Claim> claims;
  std::optional<std::uint64_t>
      full_runs;  // at full size; nothing where there is one size only, which is both

  bool judges(const Claim& claim) const {
    return claim.size == ClaimSize::kBoth || claim.size == size || !full_runs;
  }
};

// What a claim's query gives: the mean of its rows and the 95 % interval of that mean.
struct Measurement {
  std::size_t samples = 0;  // rows that are not NULL
  double value = kMissing;  // missing without a sample
  Interval interval;  // Wilson's where all samples are 0 or 1, else Student's; missing below two samples
};

// Throws UserError(kUsage), naming the claim, for a query that is wrong or does not give one column of
// numbers.
Measurement measure(const StoreReader& store, const Claim& claim);

// The value is in the accepted range; where that has one end only, the whole interval is.
bool confirms(const Measurement& measurement, const Claim& claim);

// A line, or a JSON object {"experiment", "title", "runs", "full_runs", "claims", "config"}, for each.
void print_experiments(const std::vector<Experiment>& experiments, bool json);

// Judges the claims of one experiment after another and prints them as they come.
class ClaimReport {
 public:
  explicit ClaimReport(bool json) : json_(json), rows_(json) {}

  // A claim about the other size is not judged. Throws what `measure` throws.
  void add(const Experiment& experiment, const StoreReader& store);
  // Prints the end, and returns the exit code: 3 where a firm claim failed, else 0.
  int finish();

 private:
  const bool json_;
  std::size_t claims_ = 0, failed_ = 0, failed_firm_ = 0, unjudged_ = 0;
  RowPrinter rows_;
};

}  // namespace deadrelu
