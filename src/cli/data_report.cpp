#include "cli/data_report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cli/output.h"
#include "data/dataset.h"
#include "store/manifest.h"

namespace deadrelu {

void DataReport::add(const FoundData& found) {
  if (found.files.empty()) return;
  const std::string summary = found_json(found);
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(summaries_, summary) != summaries_.end()) return;
  summaries_.push_back(summary);
  if (quiet_) return;
  const auto say = [&] {
    write_error_line("deadrelu: " + text_of(found));
    for (const std::string& warning : found.warnings) spdlog::warn("{}: {}", found.files[0], warning);
  };
  (progress_ == nullptr ? say() : progress_->interrupt(say));
}

void DataReport::speak_through(Progress* progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

std::vector<std::string> DataReport::summaries() const {
  const std::lock_guard lock(mutex_);
  return summaries_;
}

std::string describe_data(const ExperimentConfig& config) {
  std::vector<DataSpec> seen;
  std::vector<std::string> summaries;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    DataSpec set = same_set(run.spec.data, 0);
    set.seed = 0;
    if (std::ranges::find(seen, set) != seen.end()) continue;
    seen.push_back(std::move(set));
    make_dataset<double>(run.spec.data, run.spec.seed,
                         [&](const FoundData& found) { summaries.push_back(found_json(found)); });
  }
  return fmt::format(R"({{"data": [{}]}})", fmt::join(summaries, ", "));
}

}  // namespace deadrelu
