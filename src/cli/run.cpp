#include <spdlog/spdlog.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/training.h"

namespace deadrelu {
namespace {

struct RunOptions {
  ConfigOptions config;
  RunnerChoices runner;
  std::string out, only, shard, format = "csv", progress = "auto";
  bool dry_run = false, wait = false, fail_fast = false, quiet = false, verbose = false;
};

int train_and_report(const Job& job, ProgressMode progress, bool quiet) {
  const JobResult result = train_job(job, progress);
  const Manifest& manifest = result.manifest;
  const int code = report_job(job, result);
  try {
    if (!quiet)
      print_text(fmt::format("{}: {} runs trained, {} already there, {} diverged; {} of {} recorded\n",
                             job.directory.string(), manifest.trained_now, result.already_there,
                             manifest.diverged, manifest.recorded, manifest.runs));
  } catch (const ClosedPipe&) {
    // Nobody reads the line; the runs decide.
  }
  return code;
}

// DIR, or DIR/shards/I-of-N.
std::filesystem::path result_directory(const RunOptions& options, const ExperimentConfig& config,
                                       const Shard& shard) {
  const std::filesystem::path directory = options.out.empty()
                                              ? std::filesystem::path("results") / config.name()
                                              : std::filesystem::path(options.out);
  return options.shard.empty() ? directory : directory / shard_directory(shard);
}

int run(const RunOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : options.verbose ? Verbosity::kVerbose : Verbosity::kNormal);
  const ProgressMode progress = parse_progress(options.progress, options.quiet);
  RunnerOptions runner = runner_options(options.runner);
  runner.fail_fast = options.fail_fast;
  const ExportFormats formats = parse_formats(options.format);
  const Shard shard = parse_shard(options.shard);
  const ConfigSource source = read_config(options.config.config, options.config.sets);
  const ExperimentConfig config(source);
  Selection selection = parse_selection(options.only, config);
  selection.shard = shard;
  const std::filesystem::path directory = result_directory(options, config, shard);
  if (options.dry_run) {
    print_text(training_plan(config, selection, directory));
    return 0;
  }
  DataReport data(options.quiet);
  if (!has_store(directory))
    check_data(config, selection, source.label, [&](const FoundData& found) { data.add(found); });
  spdlog::info("{}: {} of {} runs asked for, {} threads, {}", directory.string(), selection.size(),
               config.run_count(), runner.threads, name_of(runner.simd));
  const std::string config_directory = (std::filesystem::current_path() / source.directory).string();
  return train_and_report(
      {config, selection, directory, config_directory, runner, formats, options.wait, &data}, progress,
      options.quiet);
}

}  // namespace

void add_run(CommandLine& line) {
  Command command(
      line, "run", "train every run of a config that is not recorded yet",
      R"(Running the same command again trains only what is missing; a longer sweep keeps what is done.
--shard auto reads SLURM_ARRAY_TASK_ID and _COUNT, OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK and PMI_SIZE.

Examples:
  deadrelu run sweep.json
  deadrelu run sweep.json --set train.optimizer.learning_rate=0.5 --out results/fast
  deadrelu run sweep.json --only 0-9          the first ten runs, as `deadrelu list sweep.json` prints them
  deadrelu run sweep.json --dry-run           what would be trained
  deadrelu run sweep.json --shard 0/4         a quarter; `deadrelu merge results/NAME` joins the quarters
  srun --mpi=pmi2 -n 8 deadrelu run sweep.json --shard auto
  generate_config | deadrelu run - --out results/generated --progress json 2> progress.jsonl)");
  RunOptions& options = command.calls(run);
  add_config_options(command, options.config);
  command.option("--out", "DIR", options.out, "result directory (default: results/NAME)");
  add_runner_options(command, options.runner);
  command.option("--only", "ID|RANGE", options.only, "one run id, or positions A, A-B, A-");
  command.option("--shard", "I/N|auto", options.shard,
                 "train one of N parts of the sweep into DIR/shards/I-of-N (I from 0 to N-1); auto: as the "
                 "launcher says (see below)");
  command.flag("--dry-run", options.dry_run, "say what would be trained, and write nothing");
  add_format_option(command, options.format);
  add_progress_option(command, options.progress);
  command.flag("--wait", options.wait, "where another process writes the directory, wait for its end");
  command.flag("--fail-fast", options.fail_fast, "stop at the first run that fails");
  command.flag("-q,--quiet", options.quiet, "errors only");
  command.flag("-v,--verbose", options.verbose, "also say what is being done");
}

}  // namespace deadrelu
