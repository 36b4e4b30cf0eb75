// Trains a config into a result directory: the store, the tables and the manifest.
#pragma once

#include <filesystem>
#include <string>

#include "cli/progress.h"
#include "cli/selection.h"
#include "cli/training.h"
#include "config/experiment_config.h"
#include "experiment/runner.h"
#include "store/export.h"
#include "store/manifest.h"

namespace deadrelu {

struct Job {
  const ExperimentConfig& config;
  std::filesystem::path directory;
  RunnerOptions runner;
  ExportFormats formats;
};

struct JobResult {
  TrainingCounts counts;
  Manifest manifest;
  int signal = 0;  // the number of the signal that stopped it; 0: none
};

// Trains the selected runs that are not recorded yet, exports the tables and writes the manifest, after a
// signal too. Throws what reading the data and writing the store throw.
JobResult train_job(const Job& job, const Selection& selection, ProgressMode progress);

// Says on standard error why the job is not complete, if so, and returns the exit code.
int report_job(const Job& job, const JobResult& result);

}  // namespace deadrelu
