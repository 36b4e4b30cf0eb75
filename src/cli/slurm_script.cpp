#include "cli/slurm_script.h"

#include <fmt/format.h>

#include <cctype>

namespace deadrelu {
namespace {

std::string job_name(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    plain += allowed ? c : '_';
  }
  return plain.empty() ? "deadrelu" : plain;
}

// In the names of log files, sbatch takes % for its own.
std::string log_pattern(const SlurmJob& job, const std::string& name) {
  std::string pattern;
  for (const char c : job.directory) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern + "/slurm/" + name;
}

// `more`: lines for sbatch.
std::string batch_script(const SlurmJob& job, const std::string& name, const std::string& log,
                         const std::string& more, const std::string& commands) {
  std::string text = fmt::format("#!/bin/bash\n#SBATCH --job-name={}\n#SBATCH --output=\"{}\"\n", name,
                                 log_pattern(job, log));
  text += "#SBATCH --open-mode=append\n#SBATCH --requeue\n#SBATCH --ntasks=1\n" + more;
  for (const std::string& option : job.options) text += "#SBATCH " + option + "\n";
  return text + fmt::format("\ncd {} || exit\n", shell_quoted(job.config_directory)) + commands;
}

constexpr const char* kWaitForTraining = R"(training=$!
requeue=no
trap 'kill -TERM "$training"' TERM
trap 'requeue=yes; kill -TERM "$training"' USR1  # the time limit is near
while :; do
  wait "$training"
  code=$?
  kill -0 "$training" 2>/dev/null || break  # a signal ends a wait, too
done
if [ "$requeue" = yes ] && [ "$code" -gt 128 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
)";

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string array_script(const SlurmJob& job) {
  return batch_script(
      job, job_name(job.name), "%a.log",
      fmt::format("#SBATCH --array=0-{}\n#SBATCH --cpus-per-task={}\n#SBATCH --signal=B:USR1@60\n",
                  job.tasks - 1, job.processors),
      fmt::format("{} run - --out {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" \\\n"
                  "  --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --progress lines --wait < {} &\n{}",
                  shell_quoted(job.program), shell_quoted(job.directory), job.tasks,
                  shell_quoted(job.directory + "/slurm/config.json"), kWaitForTraining));
}

std::string merge_script(const SlurmJob& job) {
  return batch_script(
      job, job_name(job.name) + "-merge", "merge.log", "",
      fmt::format("exec {} merge {} --config - < {}\n", shell_quoted(job.program),
                  shell_quoted(job.directory), shell_quoted(job.directory + "/slurm/config.json")));
}

}  // namespace deadrelu
