// The published experiments: folders with a config, claims and a README.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/claims.h"
#include "config/experiment_config.h"

namespace deadrelu {

// The folder of the experiments: `given` where it is not empty, else ./experiments, else the one beside the
// program (share/deadrelu/experiments of the installation, or the source tree's). Throws
// UserError(kInputOutput) where there is none.
std::filesystem::path find_experiments(const std::string& given);

// The names of the folders that hold a config.json, sorted.
std::vector<std::string> experiment_names(const std::filesystem::path& folder);

struct Experiment {
  std::string name;   // the folder's
  std::string title;  // the README's first heading; the name where there is none
  std::string label;  // the config's path, for errors
  ExperimentConfig config;
  std::vector<Claim> claims;
};

// Throws UserError: an unknown name (with the nearest one), and what reading config and claims throws.
Experiment read_experiment(const std::filesystem::path& folder, const std::string& name);

}  // namespace deadrelu
