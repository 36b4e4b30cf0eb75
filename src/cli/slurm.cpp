#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>

#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/selection.h"
#include "cli/slurm_script.h"
#include "simd/target.h"
#include "store/output_file.h"

namespace deadrelu {
namespace {

constexpr double kTaskSeconds = 300;                // what a task should last
constexpr std::chrono::seconds kTimingSeconds{10};  // what is spent on finding out how long a run takes
constexpr double kRunsOfLongTask = 16;              // a task's, where a run takes longer than that: one pack
constexpr std::uint64_t kUsualMaxArraySize = 1001;  // Slurm's default
constexpr std::int64_t kAnyCount = std::numeric_limits<std::int64_t>::max();

struct SlurmOptions {
  ConfigOptions config;
  std::string out, tasks, cpus = "1";
  std::vector<std::string> sbatch;
  bool submit = false, json = false;
};

struct ProgramResult {
  int exit_code = -1;
  std::string output;  // standard output and standard error
};

// Runs a program that is looked for in PATH, with an empty standard input, and waits for its end.
ProgramResult run_program(const std::vector<std::string>& command) {
  std::string line = "exec";
  for (const std::string& word : command) line += ' ' + shell_quoted(word);
  ProgramResult result;
  FILE* const pipe = popen((line + " </dev/null 2>&1").c_str(), "re");
  if (pipe == nullptr) return result;
  char block[4096];
  while (const std::size_t count = std::fread(block, 1, sizeof(block), pipe))
    result.output.append(block, count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

constexpr int kNoSuchProgram = 127;  // the shell's exit code

// How many runs one thread trains in a task: told by packs from all over the sweep that are trained for
// kTimingSeconds at most. Nothing is recorded.
double runs_of_task(const ExperimentConfig& config) {
  constexpr std::uint64_t kBlocks = 16, kBlockRuns = 64;  // neighbouring runs share packs as they will
  constexpr std::uint64_t kMostWalked = 1u << 20;         // further runs of a huge sweep are not looked at
  const std::uint64_t walked = std::min(config.run_count(), kMostWalked);
  const std::uint64_t stride = std::max(walked / kBlocks, kBlockRuns);
  const RunStream all = config.runs();
  const RunStream next = [&](PlannedRun& run) {
    while (all(run) && run.position < walked)
      if (run.position % stride < kBlockRuns) return true;
    return false;
  };
  RunnerOptions options;
  options.simd = available_simd().front();
  std::uint64_t trained = 0;
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  std::atomic<bool> stop = false;
  const std::jthread alarm([&](const std::stop_token& ended) {
    while (!ended.stop_requested() && Clock::now() - start < kTimingSeconds)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop = true;
  });
  train_runs(next, options, stop, [&](const std::vector<FinishedRun>& runs) {
    trained += runs.size();
    last = Clock::now();
  });
  if (trained == 0) return kRunsOfLongTask;
  return static_cast<double>(trained) / std::chrono::duration<double>(last - start).count() * kTaskSeconds;
}

// The most tasks that an array may have.
std::uint64_t max_array_size() {
  const ProgramResult shown = run_program({"scontrol", "show", "config"});
  const std::size_t name = shown.output.find("MaxArraySize");
  const std::size_t equals = shown.output.find('=', name);
  if (shown.exit_code != 0 || name == std::string::npos || equals == std::string::npos) {
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
    const std::uint64_t tasks = parse_count("--tasks", options.tasks, kAnyCount);
    if (tasks <= most) return tasks;
    throw usage_error("--tasks: {} is more than the {} that this cluster allows (MaxArraySize)", tasks, most);
  }
  const double wanted =
      static_cast<double>(config.run_count()) / (runs_of_task(config) * static_cast<double>(processors));
  const double limit = static_cast<double>(std::min(most, config.run_count()));
  return static_cast<std::uint64_t>(std::clamp(std::ceil(wanted), 1.0, limit));
}

void write_file(const std::filesystem::path& directory, const char* name, const std::string& text) {
  OutputFile file(directory, name);
  file.write(text);
  file.commit();
}

[[noreturn]] void refuse_program(const char* what, const ProgramResult& result) {
  throw UserError(ExitCode::kInputOutput,
                  result.exit_code == kNoSuchProgram
                      ? fmt::format("{} failed: there is no such program here", what)
                      : fmt::format("{} failed with exit code {}: {}", what, result.exit_code,
                                    std::string_view(result.output).substr(0, 2000)));
}

// A line "123" or "123;cluster" among what sbatch --parsable says.
std::string job_id(const std::string& output) {
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::string id = line.substr(0, line.find(';'));
    if (!id.empty() && id.find_first_not_of("0123456789") == std::string::npos) return id;
  }
  throw UserError(ExitCode::kInputOutput, "sbatch names no job: " + output);
}

std::string submit(std::vector<std::string> arguments, const std::filesystem::path& script) {
  arguments.insert(arguments.begin(), {"sbatch", "--parsable"});
  arguments.push_back(script.string());
  const ProgramResult result = run_program(arguments);
  if (result.exit_code != 0) refuse_program("sbatch", result);
  return job_id(result.output);
}

// The cluster's opinion, where there is one.
void check_script(const std::filesystem::path& script) {
  const ProgramResult found = run_program({"sbatch", "--test-only", script.string()});
  if (found.exit_code != 0 && found.exit_code != kNoSuchProgram) refuse_program("sbatch --test-only", found);
}

SlurmJob make_job(const SlurmOptions& options, const ConfigSource& source, const ExperimentConfig& config) {
  SlurmJob job;
  job.name = config.name();
  job.program = std::filesystem::read_symlink("/proc/self/exe").string();
  job.directory = (std::filesystem::current_path() / options.out).lexically_normal().string();
  job.config_directory = (std::filesystem::current_path() / source.directory).lexically_normal().string();
  job.processors = parse_count("--cpus", options.cpus, kAnyCount);
  job.options = options.sbatch;
  const auto refuse = [](const std::string& what, const std::string& text) {
    throw usage_error("{}: '{}' cannot stand in a batch script", what, text);
  };
  if (job.directory.find_first_of("\n\r\"\\") != std::string::npos) refuse("--out", job.directory);
  for (const std::string& option : job.options)
    if (!option.starts_with("-") || option.find_first_of("\n\r") != std::string::npos)
      refuse("--sbatch", option);
  return job;
}

std::string submission(const SlurmOptions& options, const SlurmJob& job, std::uint64_t runs) {
  const std::filesystem::path folder = std::filesystem::path(job.directory) / "slurm";
  const auto array = folder / "array.sbatch", merge = folder / "merge.sbatch";
  Json object{{"tasks", job.tasks}, {"runs", runs}};
  std::string text;
  if (options.submit) {
    const std::string array_id = submit({}, array);
    const std::string merge_id = submit({"--dependency=afterany:" + array_id}, merge);
    object["array_job"] = parse_integer(array_id).value_or(0);
    object["merge_job"] = parse_integer(merge_id).value_or(0);
    text = fmt::format("submitted as job {}; job {} merges them\n", array_id, merge_id);
  } else {
    text = fmt::format("; to submit them:\n  sbatch {}\n  sbatch --dependency=afterany:JOB {}\n",
                       array.string(), merge.string());
  }
  if (options.json) return json_text(object);
  return fmt::format("{}: {} runs in {} tasks{}{}", folder.string(), runs, job.tasks,
                     options.submit ? " " : "", text);
}

int slurm(const SlurmOptions& options) {
  const ConfigSource source = read_config(options.config.config, options.config.sets);
  const ExperimentConfig config(source);
  SlurmJob job = make_job(options, source, config);
  check_data(config, parse_selection("", config), source.label);
  job.tasks = choose_tasks(options, config, job.processors);
  const std::filesystem::path folder = std::filesystem::path(job.directory) / "slurm";
  make_directory(folder);
  write_file(folder, "config.json", config.resolved_json());
  write_file(folder, "array.sbatch", array_script(job));
  write_file(folder, "merge.sbatch", merge_script(job));
  check_script(folder / "array.sbatch");
  check_script(folder / "merge.sbatch");
  print_text(submission(options, job, config.run_count()));
  return 0;
}

}  // namespace

void add_slurm(CommandLine& line) {
  Command command(line, "slurm", "batch scripts that train a config on a Slurm cluster",
                  R"(Writes DIR/slurm/array.sbatch, a job array whose tasks train one shard each, and
DIR/slurm/merge.sbatch, which joins them. The number of tasks is chosen so that a task lasts some minutes (some
runs are trained to find out) and respects the cluster's MaxArraySize. A task that is stopped, killed or queued
again goes on where it was; submitting the same scripts again trains what is missing.

Examples:
  deadrelu slurm sweep.json --out results/sweep --submit
  deadrelu slurm sweep.json --out results/sweep --cpus 8 --sbatch=--partition=short --sbatch=--time=60)");
  SlurmOptions& options = command.calls(slurm);
  add_config_options(command, options.config);
  command.option("--out", "DIR", options.out, "result directory, on a file system that all nodes share",
                 true);
  command.option("--tasks", "N", options.tasks,
                 "tasks of the array (default: so that one lasts some minutes)");
  command.option("--cpus", "N", options.cpus, "processors a task (default: 1)");
  command.list("--sbatch", "OPTION", options.sbatch,
               "a further option for sbatch, as --sbatch=--partition=short");
  command.flag("--submit", options.submit, "submit the array, and the job that merges it");
  command.flag("--json", options.json, "report as a JSON object");
}

}  // namespace deadrelu
