// Trains a config into a result directory: the store, the tables and the manifest.
#pragma once

#include <filesystem>
#include <string>

#include "cli/progress.h"
#include "cli/selection.h"
#include "cli/training.h"
#include "config/experiment_config.h"
#include "runner/runner.h"
#include "store/export.h"
#include "store/manifest.h"

namespace deadrelu {

struct Job {
  const ExperimentConfig& config;
  Selection selection;
  std::filesystem::path directory;  // of its store
  std::string config_directory;     // absolute: where relative paths in the config start
  RunnerOptions runner;
  ExportFormats formats;
  bool waits = false;  // for another process that writes the directory
};

struct JobResult {
  TrainingCounts counts;
  Manifest manifest;
  int signal = 0;  // the number of the signal that stopped it; 0: none
};

// Trains the selected runs that are not recorded yet, exports the tables and writes the manifest, after a
// signal too. Throws what reading the data and writing the store throw.
JobResult train_job(const Job& job, ProgressMode progress);

// Says on standard error why the job is not complete, if so, and returns the exit code.
int report_job(const Job& job, const JobResult& result);

}  // namespace deadrelu
