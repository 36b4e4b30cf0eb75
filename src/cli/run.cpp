#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/build_info.h"
#include "cli/command.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/preflight.h"
#include "cli/progress.h"
#include "cli/selection.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/training.h"
#include "config/experiment_config.h"
#include "store/export.h"
#include "store/manifest.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr const char* kExamples =
    "Running the same command again trains only what is missing; a longer sweep keeps what is done.\n"
    "\n"
    "Examples:\n"
    "  deadrelu run sweep.json\n"
    "  deadrelu run sweep.json --set train.optimizer.learning_rate=0.5 --out results/fast\n"
    "  deadrelu run sweep.json --only 0-9          the first ten runs, as `deadrelu list sweep.json` prints "
    "them\n"
    "  deadrelu run sweep.json --dry-run           what would be trained\n"
    "  generate_config | deadrelu run - --out results/generated --progress json 2> progress.jsonl";

struct RunOptions {
  ConfigOptions config;
  std::string out, threads, only, format = "csv", progress = "auto", simd = "auto";
  bool dry_run = false, fail_fast = false, quiet = false, verbose = false;
};

ProgressMode parse_progress(const RunOptions& options) {
  const std::string& name = options.progress;
  const bool known = name == "auto" || name == "bar" || name == "lines" || name == "json" || name == "none";
  if (!known) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("--progress: '{}' is none of auto, bar, lines, json, none", name));
  }
  if (options.quiet || name == "none") return ProgressMode::kNone;
  if (name == "json") return ProgressMode::kJson;
  if (name == "auto") return error_stream_is_terminal() ? ProgressMode::kBar : ProgressMode::kLines;
  return name == "bar" ? ProgressMode::kBar : ProgressMode::kLines;
}

RunnerOptions runner_options(const RunOptions& options) {
  RunnerOptions runner;
  runner.threads = options.threads.empty() ? usable_processors() : parse_threads(options.threads);
  runner.simd = parse_simd(options.simd);
  runner.fail_fast = options.fail_fast;
  return runner;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string host_name() {
  utsname names{};
  if (uname(&names) != 0) return "";
  return fmt::format("{} ({} {}, {})", names.nodename, names.sysname, names.release, names.machine);
}

// What the end of a training needs to know of its beginning.
struct Job {
  const ExperimentConfig& config;
  std::filesystem::path directory;
  RunnerOptions runner;
  ExportFormats formats;
  std::string started = utc_now();
};

// Exports the tables and writes the manifest, whose contents it returns.
Manifest write_tables(const Job& job, const Training& training) {
  const StoreReader store(job.directory);
  Manifest manifest;
  manifest.version = build_info().version;
  manifest.commit = build_info().commit;
  manifest.compiler = build_info().compiler;
  manifest.host = host_name();
  manifest.simd = simd_name(job.runner.simd);
  manifest.threads = job.runner.threads;
  manifest.started = job.started;
  manifest.config = job.config.resolved_json();
  manifest.runs = job.config.run_count();
  manifest.recorded = store.recorded_count();
  manifest.diverged = store.diverged_count();
  manifest.failed = training.counts().failed;
  manifest.trained_now = training.counts().trained;
  manifest.complete = manifest.recorded == manifest.runs;
  manifest.data_files.assign(training.data_files().begin(), training.data_files().end());
  manifest.tables = export_tables(job.directory, job.formats);
  manifest.ended = utc_now();
  write_manifest(job.directory, manifest);
  return manifest;
}

std::string closing_line(const Job& job, const TrainingCounts& counts, const Manifest& manifest) {
  return fmt::format("{}: {} runs trained, {} already there, {} diverged; {} of {} recorded\n",
                     job.directory.string(), counts.trained, counts.recorded, manifest.diverged,
                     manifest.recorded, manifest.runs);
}

int exit_code(const Job& job, const TrainingCounts& counts, const Manifest& manifest, int signal) {
  if (signal != 0) {
    write_error_line(
        fmt::format("deadrelu: stopped by {}: {} of {} runs are recorded in {}; the same command goes on",
                    signal_name(signal), manifest.recorded, manifest.runs, job.directory.string()));
    return 128 + signal;
  }
  if (counts.failed == 0) return static_cast<int>(ExitCode::kOk);
  write_error_line(
      fmt::format("deadrelu: {} of {} runs failed", counts.failed, counts.failed + counts.trained));
  return static_cast<int>(ExitCode::kRunFailed);
}

int train(const Job& job, const Selection& selection, ProgressMode progress_mode, bool quiet) {
  ResultStore store(job.directory, {job.config.name(), job.config.resolved_json(), kEngineEpoch,
                                    job.config.swept_columns(), job.config.run_count()});
  const StopOnSignal stop;
  Progress progress(progress_mode, selection.size());
  Training training(job.config, selection, store, progress);
  training.train(job.runner, stop.flag());
  progress.finish();

  const Manifest manifest = write_tables(job, training);
  const int code = exit_code(job, training.counts(), manifest, stop.signal());
  if (!quiet) {
    StandardOutput out;
    out.write(closing_line(job, training.counts(), manifest));
    try {
      out.flush();
    } catch (const ClosedPipe&) {
      return code;  // nobody reads the line; the runs decide
    }
  }
  return code;
}

int run(const RunOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : options.verbose ? Verbosity::kVerbose : Verbosity::kNormal);
  const ProgressMode progress = parse_progress(options);
  const RunnerOptions runner = runner_options(options);
  const ExportFormats formats = parse_formats(options.format);
  const ConfigSource source = read_config(options.config.config, options.config.sets);
  const ExperimentConfig config(source);
  const Selection selection = parse_selection(options.only, config);
  const std::filesystem::path directory = options.out.empty()
                                              ? std::filesystem::path("results") / config.name()
                                              : std::filesystem::path(options.out);
  if (options.dry_run) {
    StandardOutput out;
    out.write(plan_text(plan_training(config, selection, directory), directory));
    out.flush();
    return 0;
  }
  if (!has_store(directory)) check_data(config, selection, source.label);
  spdlog::info("{}: {} of {} runs asked for, {} threads, {}", directory.string(), selection.size(),
               config.run_count(), runner.threads, simd_name(runner.simd));
  return train({config, directory, runner, formats}, selection, progress, options.quiet);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "train every run of a config that is not recorded yet");
  const auto options = std::make_shared<RunOptions>();
  add_config_options(*command, options->config);
  command->add_option("--out", options->out, "result directory (default: results/NAME)")->type_name("DIR");
  command->add_option("--threads", options->threads, "worker threads (default: one a processor)")
      ->type_name("N");
  command->add_option("--only", options->only, "one run id, or positions A, A-B, A-")->type_name("ID|RANGE");
  command->add_flag("--dry-run", options->dry_run, "say what would be trained, and write nothing");
  command->add_option("--format", options->format, "tables as csv, jsonl or csv,jsonl (default: csv)")
      ->type_name("LIST");
  command->add_option("--progress", options->progress, "auto, bar, lines, json (a line a second) or none")
      ->type_name("MODE");
  command->add_flag("--fail-fast", options->fail_fast, "stop at the first run that fails");
  command->add_option("--simd", options->simd, "auto, avx2, avx512 or neon; never changes a result")
      ->type_name("SET");
  command->add_flag("-q,--quiet", options->quiet, "errors only");
  command->add_flag("-v,--verbose", options->verbose, "also say what is being done");
  command->footer(kExamples);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace deadrelu
