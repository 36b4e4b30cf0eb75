// The batch scripts that train a sweep as a Slurm array and merge it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deadrelu {

// One word for the shell, whatever is in it.
std::string shell_quoted(const std::string& text);

struct SlurmJob {
  std::string name;              // of the experiment
  std::string program;           // absolute path of deadrelu
  std::string directory;         // absolute result directory; the scripts and logs are in its slurm/
  std::string config_directory;  // absolute: where relative paths of the config start
  std::uint64_t tasks = 1, processors = 1;
  std::vector<std::string> options;  // further ones for sbatch: "--partition=short"
};

// Trains shard $SLURM_ARRAY_TASK_ID of the config slurm/config.json. SIGTERM is passed on to the training;
// before the time limit the task stops and queues itself again.
std::string array_script(const SlurmJob& job);
// Merges the shards.
std::string merge_script(const SlurmJob& job);

}  // namespace deadrelu
