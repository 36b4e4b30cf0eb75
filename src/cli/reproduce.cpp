#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/experiments.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/reproduction.h"
#include "cli/selection.h"
#include "cli/terminal.h"
#include "cli/training.h"

namespace deadrelu {
namespace {

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

int reproduce(const ReproduceOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : Verbosity::kNormal);
  const RunnerOptions runner = runner_options(options.runner);
  const ProgressMode progress = parse_progress(options.progress, options.quiet);
  const std::filesystem::path folder = find_experiments(options.experiments);
  const std::vector<Experiment> experiments = read_experiments(asked_names(options, folder), folder);
  if (options.list) {
    print_experiments(experiments, options.json);
    return 0;
  }

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

void add_reproduce(CommandLine& line) {
  Command command(
      line, "reproduce", "published experiments, and whether they hold here",
      R"(Trains what is missing of a published experiment, then compares what was published with what is
measured. Each claim is a query over the results (see experiments/README.md), and passes where the measured
value is in the accepted range. Exit code 3 where a firm claim fails.

Examples:
  deadrelu reproduce --list
  deadrelu reproduce born-dead
  deadrelu reproduce --all --json > claims.json
  deadrelu query results/born-dead 'SELECT avg(born_dead) FROM runs')");
  ReproduceOptions& options = command.calls(reproduce);
  command.arguments("NAME", options.names, "names of experiments");
  command.flag("--all", options.all, "all of them");
  command.flag("--list", options.list, "only list them: runs, claims, titles");
  command.flag("--json", options.json, "a JSON array, one claim (or experiment) a line");
  command.option("--experiments", "DIR", options.experiments, "where they are (default: ./experiments)");
  command.option("--out", "DIR", options.out, "results go to DIR/NAME (default: results)");
  add_runner_options(command, options.runner);
  add_progress_option(command, options.progress);
  command.flag("-q,--quiet", options.quiet, "no progress; results and errors only");
}

}  // namespace deadrelu
