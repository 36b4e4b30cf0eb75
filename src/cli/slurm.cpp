#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/preflight.h"
#include "cli/run_timing.h"
#include "cli/slurm_script.h"
#include "cli/subprocess.h"
#include "simd/target.h"
#include "store/directory_lock.h"
#include "store/output_file.h"

namespace deadrelu {
namespace {

constexpr const char* kSlurmExamples =
    "Writes DIR/slurm/array.sbatch, a job array whose tasks train one shard each, and "
    "DIR/slurm/merge.sbatch, "
    "which\n"
    "joins them. The number of tasks is chosen so that a task lasts some minutes (some runs are trained to "
    "find "
    "out)\n"
    "and respects the cluster's MaxArraySize. A task that is stopped, killed or queued again goes on where "
    "it "
    "was;\n"
    "submitting the same scripts again trains what is missing.\n"
    "\n"
    "Examples:\n"
    "  deadrelu slurm sweep.json --out results/sweep --submit\n"
    "  deadrelu slurm sweep.json --out results/sweep --cpus 8 --sbatch=--partition=short --sbatch=--time=60";

constexpr double kTaskSeconds = 300;                // what a task should last
constexpr double kTimingSeconds = 10;               // what is spent on finding out how long a run takes
constexpr std::uint64_t kRunsOfLongTask = 16;       // a task's, where a run takes longer than that: one pack
constexpr std::uint64_t kUsualMaxArraySize = 1001;  // Slurm's default

struct SlurmOptions {
  ConfigOptions config;
  std::string out, tasks, cpus = "1";
  std::vector<std::string> sbatch;
  bool submit = false, json = false;
};

std::uint64_t parse_count(const char* option, const std::string& text) {
  const auto count = parse_integer(text);
  if (!count || *count < 1)
    throw UserError(ExitCode::kUsage, fmt::format("{}: '{}' is not a whole number from 1 on", option, text));
  return static_cast<std::uint64_t>(*count);
}

// The most tasks that an array may have.
std::uint64_t max_array_size() {
  const ProgramResult shown = run_program({"scontrol", "show", "config"});
  const std::size_t name = shown.output.find("MaxArraySize");
  const std::size_t equals = shown.output.find('=', name);
  if (!shown.succeeded() || name == std::string::npos || equals == std::string::npos) {
    write_error_line(fmt::format(
        "deadrelu: scontrol tells no MaxArraySize here; Slurm's default, {}, is taken", kUsualMaxArraySize));
    return kUsualMaxArraySize;
  }
  const std::size_t end = shown.output.find('\n', equals);
  const auto size = parse_integer(std::string_view(shown.output).substr(equals + 1, end - equals - 1));
  return size && *size > 0 ? static_cast<std::uint64_t>(*size) : 1;
}

std::uint64_t choose_tasks(const SlurmOptions& options, const ExperimentConfig& config,
                           std::uint64_t processors) {
  const std::uint64_t most = max_array_size();
  if (!options.tasks.empty()) {
    const std::uint64_t tasks = parse_count("--tasks", options.tasks);
    if (tasks <= most) return tasks;
    throw UserError(
        ExitCode::kUsage,
        fmt::format("--tasks: {} is more than the {} that this cluster allows (MaxArraySize)", tasks, most));
  }
  const auto seconds = seconds_per_run(config, available_simd().front(), kTimingSeconds);
  const auto runs = static_cast<double>(config.run_count());
  const double wanted = seconds ? runs * *seconds / static_cast<double>(processors) / kTaskSeconds
                                : runs / static_cast<double>(kRunsOfLongTask * processors);
  const double limit = static_cast<double>(std::min(most, config.run_count()));
  return static_cast<std::uint64_t>(std::clamp(std::ceil(wanted), 1.0, limit));
}

void write_file(const std::filesystem::path& directory, const char* name, const std::string& text) {
  OutputFile file(directory, name);
  file.write(text);
  file.commit();
}

[[noreturn]] void fail(const char* what, const ProgramResult& result) {
  throw UserError(ExitCode::kInputOutput,
                  result.started ? fmt::format("{} failed with exit code {}: {}", what, result.exit_code,
                                               std::string_view(result.output).substr(0, 2000))
                                 : fmt::format("{} failed: there is no such program here", what));
}

// A line "123" or "123;cluster" among what sbatch --parsable says.
std::string job_id(const std::string& output) {
  for (std::size_t start = 0; start < output.size();) {
    const std::size_t end = std::min(output.find('\n', start), output.size());
    const std::string line = output.substr(start, end - start);
    const std::string id = line.substr(0, line.find(';'));
    if (!id.empty() && id.find_first_not_of("0123456789") == std::string::npos) return id;
    start = end + 1;
  }
  throw UserError(ExitCode::kInputOutput, "sbatch names no job: " + output);
}

std::string submit(std::vector<std::string> arguments, const std::filesystem::path& script) {
  arguments.insert(arguments.begin(), {"sbatch", "--parsable"});
  arguments.push_back(script.string());
  const ProgramResult result = run_program(arguments);
  if (!result.succeeded()) fail("sbatch", result);
  return job_id(result.output);
}

// The shell's and, where there is one, the cluster's opinion.
void check_script(const std::filesystem::path& script) {
  const ProgramResult shell = run_program({"bash", "-n", script.string()});
  if (shell.started && shell.exit_code != 0) fail("bash -n", shell);
  const ProgramResult cluster = run_program({"sbatch", "--test-only", script.string()});
  if (cluster.started && cluster.exit_code != 0) fail("sbatch --test-only", cluster);
}

SlurmJob make_job(const SlurmOptions& options, const ConfigSource& source, const ExperimentConfig& config) {
  SlurmJob job;
  job.name = config.name();
  job.program = std::filesystem::read_symlink("/proc/self/exe").string();
  job.directory = (std::filesystem::current_path() / options.out).lexically_normal().string();
  job.config_directory = (std::filesystem::current_path() / source.directory).lexically_normal().string();
  job.processors = parse_count("--cpus", options.cpus);
  job.options = options.sbatch;
  const auto refuse = [](const std::string& what, const std::string& text) {
    throw UserError(ExitCode::kUsage, what + ": '" + text + "' cannot stand in a batch script");
  };
  if (job.directory.find_first_of("\n\r\"\\") != std::string::npos) refuse("--out", job.directory);
  for (const std::string& option : job.options)
    if (!option.starts_with("-") || option.find_first_of("\n\r") != std::string::npos)
      refuse("--sbatch", option);
  return job;
}

std::string report(const SlurmOptions& options, const SlurmJob& job, const ExperimentConfig& config) {
  const std::filesystem::path folder = std::filesystem::path(job.directory) / "slurm";
  const auto array = folder / "array.sbatch", merge = folder / "merge.sbatch";
  if (!options.submit) {
    if (options.json) return fmt::format("{{\"tasks\": {}, \"runs\": {}}}\n", job.tasks, config.run_count());
    return fmt::format(
        "{}: {} runs in {} tasks; to submit them:\n  sbatch {}\n  sbatch --dependency=afterany:JOB {}\n",
        folder.string(), config.run_count(), job.tasks, array.string(), merge.string());
  }
  const std::string array_id = submit({}, array);
  const std::string merge_id = submit({"--dependency=afterany:" + array_id}, merge);
  if (options.json)
    return fmt::format("{{\"tasks\": {}, \"runs\": {}, \"array_job\": {}, \"merge_job\": {}}}\n", job.tasks,
                       config.run_count(), array_id, merge_id);
  return fmt::format("{}: {} runs in {} tasks submitted as job {}; job {} merges them\n", folder.string(),
                     config.run_count(), job.tasks, array_id, merge_id);
}

int slurm(const SlurmOptions& options) {
  const ConfigSource source = read_config(options.config.config, options.config.sets);
  const ExperimentConfig config(source);
  SlurmJob job = make_job(options, source, config);
  if (config.run_count() == 0)
    throw UserError(ExitCode::kUsage, "the sweep has no runs: every point is excluded");
  check_data(config, {0, config.run_count() - 1}, source.label);
  job.tasks = choose_tasks(options, config, job.processors);
  const std::filesystem::path folder = std::filesystem::path(job.directory) / "slurm";
  make_directory(folder);
  write_file(folder, "config.json", config.resolved_json());
  write_file(folder, "array.sbatch", array_script(job));
  write_file(folder, "merge.sbatch", merge_script(job));
  check_script(folder / "array.sbatch");
  check_script(folder / "merge.sbatch");
  StandardOutput out;
  out.write(report(options, job, config));
  out.flush();
  return 0;
}

}  // namespace

void add_slurm(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("slurm", "batch scripts that train a config on a Slurm cluster");
  const auto options = std::make_shared<SlurmOptions>();
  add_config_options(*command, options->config);
  command->add_option("--out", options->out, "result directory, on a file system that all nodes share")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--tasks", options->tasks, "tasks of the array (default: so that one lasts some minutes)")
      ->type_name("N");
  command->add_option("--cpus", options->cpus, "processors a task (default: 1)")->type_name("N");
  command
      ->add_option("--sbatch", options->sbatch, "a further option for sbatch, as --sbatch=--partition=short")
      ->type_name("OPTION")
      ->allow_extra_args(false);
  command->add_flag("--submit", options->submit, "submit the array, and the job that merges it");
  command->add_flag("--json", options->json, "report as a JSON object");
  command->footer(kSlurmExamples);
  command->callback([options, &action] { action = [options] { return slurm(*options); }; });
}

}  // namespace deadrelu
