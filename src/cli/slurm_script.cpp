#include "cli/slurm_script.h"

#include <fmt/format.h>

namespace deadrelu {
namespace {

std::string job_name(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
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

std::string script_head(const SlurmJob& job, const std::string& name, const std::string& log) {
  std::string text = "#!/bin/bash\n";
  text += fmt::format("#SBATCH --job-name={}\n", name);
  text += fmt::format("#SBATCH --output=\"{}\"\n", log_pattern(job, log));
  text += "#SBATCH --open-mode=append\n#SBATCH --requeue\n#SBATCH --ntasks=1\n";
  return text;
}

std::string more_options(const SlurmJob& job) {
  std::string text;
  for (const std::string& option : job.options) text += "#SBATCH " + option + "\n";
  return text + "\n";
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
  std::string text = script_head(job, job_name(job.name), "%a.log");
  text += fmt::format("#SBATCH --array=0-{}\n#SBATCH --cpus-per-task={}\n#SBATCH --signal=B:USR1@60\n",
                      job.tasks - 1, job.processors);
  text += more_options(job);
  text += fmt::format("cd {} || exit\n", shell_quoted(job.config_directory));
  text += fmt::format(
      "{} run - --out {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" \\\n"
      "  --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --progress lines --wait < {} &\n",
      shell_quoted(job.program), shell_quoted(job.directory), job.tasks,
      shell_quoted(job.directory + "/slurm/config.json"));
  return text + kWaitForTraining;
}

std::string merge_script(const SlurmJob& job) {
  std::string text = script_head(job, job_name(job.name) + "-merge", "merge.log");
  text += more_options(job);
  text += fmt::format("cd {} || exit\n", shell_quoted(job.config_directory));
  text += fmt::format("exec {0} merge {1} --config - < {2}\n", shell_quoted(job.program),
                      shell_quoted(job.directory), shell_quoted(job.directory + "/slurm/config.json"));
  return text;
}

}  // namespace deadrelu
