// Trains a config into a result directory: the store, the tables and the manifest; a signal ends it in good order.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "cli/selection.h"
#include "config/experiment_config.h"
#include "data/dataset.h"
#include "runner/runner.h"
#include "store/export.h"
#include "store/manifest.h"

namespace deadrelu {

// While one of these lives, the first such signal sets the flag; the second one ends the program at once.
// At most one may live at a time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  const std::atomic<bool>& flag() const;
  int signal() const;  // the number of the signal that came; 0: none
};

const char* signal_name(int number);  // of these three

struct Job {
  const ExperimentConfig& config;
  Selection selection;
  std::filesystem::path directory;  // of its store
  std::string config_directory;     // absolute: where relative paths in the config start
  RunnerOptions runner;
  ExportFormats formats;
  bool waits = false;          // for another process that writes the directory
  DataReport* data = nullptr;  // told what the data sets consist of, if there is one
};

struct JobResult {
  Manifest manifest;
  std::uint64_t already_there = 0;  // of the selected runs
  int signal = 0;                   // the number of the signal that stopped it; 0: none
};

// Trains the selected runs that are not recorded yet, exports the tables and writes the manifest, after a
// signal too. Failures are logged. Throws what reading the data, finding it changed and writing the store
// throw.
JobResult train_job(const Job& job, ProgressMode progress);

// Says on standard error why the job is not complete, if so, and returns the exit code.
int report_job(const Job& job, const JobResult& result);

// A manifest of this program, on this host, now.
Manifest start_manifest();

// Exports the tables, and writes the manifest with what the store says of its sweep. Throws
// UserError(kInputOutput).
void write_result_files(const std::filesystem::path& directory, const ExportFormats& formats,
                        Manifest& manifest);

// Exports the tables and corrects what the manifest says of them.
std::vector<ExportedFile> write_tables_again(const std::filesystem::path& directory,
                                             const ExportFormats& formats);

// A run id knows a data file by its path, so a file that has changed would mix two data sets in one store.
class InputCheck {
 public:
  // `known`: what the store says; `add`: takes a file that it does not know yet.
  InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add);

  // Looks at every file that a run reads, each file once. Throws UserError(kInputOutput) for one that is not
  // the one that is known. A file that cannot be read is left to whoever reads it.
  void look_at(const RunSpec& spec);

 private:
  void look_at(const DataFile& file);
  std::map<std::string, std::string> known_;  // name: digest
  std::function<void(const InputFile&)> add_;
  std::set<std::string> seen_;
};

}  // namespace deadrelu
