// What data sets were found to consist of: each said once on standard error, and kept for the manifest.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "config/experiment_config.h"
#include "data/found.h"

namespace deadrelu {

// Thread-safe.
class DataReport {
 public:
  // Says a line for each data set that comes from files, and one for each warning; with kJson one object a line,
  // with `quiet` nothing.
  DataReport(ProgressMode mode, bool quiet) : json_(mode == ProgressMode::kJson), quiet_(quiet) {}
  void add(const FoundData& found);
  // While it shows something, `progress` lets lines pass.
  void speak_through(Progress* progress);

  // Those of files, as JSON objects, in the order in which they were read.
  std::vector<std::string> summaries() const;

 private:
  void say(const FoundData& found, const std::string& summary) const;
  const bool json_, quiet_;
  mutable std::mutex mutex_;
  Progress* progress_ = nullptr;
  std::vector<std::string> summaries_;
};

// Makes or reads every data set of the sweep, seeds apart, and describes it: {"data": [{…}, …]}.
std::string describe_data(const ExperimentConfig& config);

}  // namespace deadrelu
