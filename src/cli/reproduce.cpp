#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/command.h"
#include "cli/experiments.h"
#include "cli/job.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/preflight.h"
#include "cli/reproduction.h"
#include "cli/selection.h"

namespace deadrelu {
namespace {

constexpr const char* kReproduceExamples =
    "Trains what is missing of a published experiment, then compares what was published with what is "
    "measured.\n"
    "Each claim is a query over the results (see experiments/README.md), and passes where the measured "
    "value is\n"
    "in the accepted range. Exit code 3 where a firm claim fails.\n"
    "\n"
    "Examples:\n"
    "  deadrelu reproduce --list\n"
    "  deadrelu reproduce born-dead\n"
    "  deadrelu reproduce --all --json > claims.json\n"
    "  deadrelu query results/born-dead 'SELECT avg(born_dead) FROM runs'";

struct ReproduceOptions {
  std::vector<std::string> names;
  RunnerChoices runner;
  std::string experiments, out = "results", progress = "auto";
  bool all = false, list = false, json = false, quiet = false;
};

// The experiments asked for: those named, or all.
std::vector<std::string> asked_names(const ReproduceOptions& options, const std::filesystem::path& folder) {
  if (options.names.empty() != (options.all || options.list)) {
    throw UserError(ExitCode::kUsage, options.names.empty()
                                          ? "reproduce: name experiments, or give --all or --list"
                                          : "reproduce: give either names, or --all, or --list");
  }
  const std::vector<std::string> names = options.names.empty() ? experiment_names(folder) : options.names;
  if (names.empty())
    throw UserError(ExitCode::kInputOutput, folder.string() + ": holds no experiment (FOLDER/config.json)");
  return names;
}

// All of them are read, and their data is, before anything is trained.
std::vector<Experiment> read_experiments(const std::vector<std::string>& names,
                                         const std::filesystem::path& folder) {
  std::vector<Experiment> experiments;
  for (const std::string& name : names) experiments.push_back(read_experiment(folder, name));
  return experiments;
}

int list(const std::vector<Experiment>& experiments, const ReproduceOptions& options, std::size_t threads) {
  StandardOutput out;
  out.write(options.json ? list_as_json(experiments, threads) : list_as_text(experiments, threads));
  out.flush();
  return 0;
}

int reproduce(const ReproduceOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : Verbosity::kNormal);
  const RunnerOptions runner = runner_options(options.runner);
  const ProgressMode progress = parse_progress(options.progress, options.quiet);
  const std::filesystem::path folder = find_experiments(options.experiments);
  const std::vector<Experiment> experiments = read_experiments(asked_names(options, folder), folder);
  if (options.list) return list(experiments, options, runner.threads);

  ClaimReport report(options.json);
  for (const Experiment& experiment : experiments) {
    const Job job{experiment.config,
                  parse_selection("", experiment.config),
                  std::filesystem::path(options.out) / experiment.name,
                  std::filesystem::absolute(experiment.label).parent_path().string(),
                  runner,
                  {}};
    if (!has_store(job.directory)) check_data(experiment.config, job.selection, experiment.label);
    const JobResult result = train_job(job, progress);
    if (const int code = report_job(job, result); code != 0) return code;
    report.add(experiment, StoreReader(job.directory));
  }
  return report.finish();
}

}  // namespace

void add_reproduce(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("reproduce", "published experiments, and whether they hold here");
  const auto options = std::make_shared<ReproduceOptions>();
  command->add_option("NAME", options->names, "names of experiments");
  command->add_flag("--all", options->all, "all of them");
  command->add_flag("--list", options->list, "only list them: runs, claims, estimated time");
  command->add_flag("--json", options->json, "a JSON array, one claim (or experiment) a line");
  command->add_option("--experiments", options->experiments, "where they are (default: ./experiments)")
      ->type_name("DIR");
  command->add_option("--out", options->out, "results go to DIR/NAME (default: results)")->type_name("DIR");
  add_runner_options(*command, options->runner);
  command->add_option("--progress", options->progress, "auto, bar, lines, json (a line a second) or none")
      ->type_name("MODE");
  command->add_flag("-q,--quiet", options->quiet, "no progress; results and errors only");
  command->footer(kReproduceExamples);
  command->callback([options, &action] { action = [options] { return reproduce(*options); }; });
}

}  // namespace deadrelu
