// Which runs of a sweep `run` is asked for, by --only and --shard; what stands in their way, and what their data consist of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/progress.h"
#include "config/experiment_config.h"
#include "data/found.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Positions in expansion order, both ends included, and of them those of a shard.
struct Selection {
  std::uint64_t first = 0, last = 0;
  Shard shard = {};
  std::uint64_t size() const { return shard.size_before(last + 1) - shard.size_before(first); }
  bool contains(std::uint64_t position) const {
    return first <= position && position <= last && shard.contains(position);
  }
};

// "" (every run), a run id, or positions "A", "A-B", "A-". Throws UserError(kUsage) for anything else, for an
// id that is none of the sweep's and for positions beyond its end.
Selection parse_selection(const std::string& text, const ExperimentConfig& config);

// "" (the whole sweep), "I/N" with I from 0 to N − 1, or "auto", what the program that started this one says:
// the shard of a task of a Slurm array (SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT, from
// SLURM_ARRAY_TASK_MIN on), of a process that Open MPI (OMPI_COMM_WORLD_RANK, _SIZE) or a PMI launcher
// (PMI_RANK, PMI_SIZE) started, or of such a process inside such a task. Throws UserError(kUsage) for anything
// else, and where the environment says nothing or contradicts itself.
Shard parse_shard(const std::string& text);

// Where a shard's results go, below the result directory: shards/I-of-N.
std::filesystem::path shard_directory(const Shard& shard);

// Reads the data of a selected run and looks for contradictions with it, where only the files tell; `on_found`
// is told what was found.
// Throws UserError: kInputOutput for data that cannot be read, kUsage (naming the config, `label`) for
// contradictions.
void check_data(const ExperimentConfig& config, const Selection& selection, const std::string& label,
                const OnFound& on_found = {});

// What would be trained, as sentences, for --dry-run.
std::string training_plan(const ExperimentConfig& config, const Selection& selection,
                          const std::filesystem::path& directory);

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
