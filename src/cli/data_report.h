// What data sets were found to consist of: each said once on standard error, and kept for the manifest.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "config/experiment_config.h"
#include "data/found.h"

namespace deadrelu {

// Thread-safe. With `quiet`, it only keeps.
class DataReport {
 public:
  explicit DataReport(bool quiet) : quiet_(quiet) {}
  // Says a line for a data set that comes from files, and one for each warning.
  void add(const FoundData& found);
  // While it shows something, `progress` lets lines pass.
  void speak_through(Progress* progress);

  // Those of files, as JSON objects, in the order in which they were read.
  std::vector<std::string> summaries() const;

 private:
  const bool quiet_;
  mutable std::mutex mutex_;
  Progress* progress_ = nullptr;
  std::vector<std::string> summaries_;
};

// Makes or reads every data set of the sweep, seeds apart, and describes it: {"data": [{…}, …]}.
std::string describe_data(const ExperimentConfig& config);

}  // namespace deadrelu
