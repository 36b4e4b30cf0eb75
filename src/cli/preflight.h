// What `run` looks at before it writes anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/selection.h"
#include "config/experiment_config.h"

namespace deadrelu {

// Reads the data of a selected run and looks for contradictions with it, where only the files tell.
// Throws UserError: kInputOutput for data that cannot be read, kUsage (naming the config, `label`) for
// contradictions.
void check_data(const ExperimentConfig& config, const Selection& selection, const std::string& label);

// What would be trained.
struct TrainingPlan {
  std::uint64_t missing = 0, recorded = 0;
  std::vector<PlannedRun> first_missing;  // the first few
};
TrainingPlan plan_training(const ExperimentConfig& config, const Selection& selection,
                           const std::filesystem::path& directory);

// The plan as sentences, for --dry-run.
std::string plan_text(const TrainingPlan& plan, const std::filesystem::path& directory);

// Whether a directory has a store of results.
bool has_store(const std::filesystem::path& directory);

}  // namespace deadrelu
