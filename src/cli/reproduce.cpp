#include "cli/options.h"
#include "cli/output.h"
#include "cli/reproduction.h"
#include "cli/training.h"
#include "config/json.h"

namespace deadrelu {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// "# Title" of the README's first line.
std::string title_of(const fs::path& readme, const std::string& fallback) {
  if (!is_file(readme)) return fallback;
  const std::string text = read_text_file(readme.string(), true);
  if (!text.starts_with("# ")) return fallback;
  return text.substr(2, text.find('\n') - 2);
}

// The folder of the experiments: `given` where it is not empty, else ./experiments, else the one beside the
// program (share/deadrelu/experiments of the installation, or the source tree's).
fs::path find_experiments(const std::string& given) {
  std::error_code ignored;
  if (!given.empty()) {
    if (fs::is_directory(given, ignored)) return given;
    throw UserError(ExitCode::kInputOutput, "--experiments: there is no folder " + given);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder :
       {fs::path("experiments"), program / "../share/deadrelu/experiments", program / "../../experiments"}) {
    if (fs::is_directory(folder, ignored)) return folder.lexically_normal();
  }
  throw UserError(ExitCode::kInputOutput,
                  "no experiments found: there is no folder ./experiments and none beside the program; give "
                  "--experiments DIR");
}

// The names of the folders that hold a config.json, sorted.
std::vector<std::string> experiment_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (is_file(entry.path() / "config.json")) names.push_back(entry.path().filename().string());
  }
  if (error) fail_input(folder, "cannot be read: {}", error.message());
  std::ranges::sort(names);
  return names;
}

// full: at the published size, which full.json gives where the config is smaller. sets: further keys, as for --set.
Experiment read_experiment(const fs::path& folder, const std::string& name, bool full,
                           const std::vector<std::string>& sets) {
  const std::vector<std::string> names = experiment_names(folder);
  if (std::ranges::find(names, name) == names.end())
    throw usage_error("there is no experiment '{}' in {}{}", name, folder.string(), suggestion(name, names));
  const std::string config_path = (folder / name / "config.json").string();
  const fs::path full_sets = folder / name / "full.json";
  const auto read = [&](std::vector<std::string> size) {
    size.insert(size.end(), sets.begin(), sets.end());
    ConfigSource source = read_config(config_path, std::move(size));
    source.default_name = name;
    return ExperimentConfig(source);
  };
  Experiment experiment{name,        title_of(folder / name / "README.md", name),
                        config_path, full ? ClaimSize::kFull : ClaimSize::kQuick,
                        read({}),    read_claims((folder / name / "claims.json").string()),
                        {}};
  if (!is_file(full_sets)) return experiment;
  ExperimentConfig at_full_size = read({'@' + full_sets.string()});
  experiment.full_runs = at_full_size.run_count();
  if (full) experiment.config = std::move(at_full_size);
  return experiment;
}

constexpr const char* kOut = "results";

struct ReproduceOptions {
  std::vector<std::string> names, sets;
  RunnerChoices runner;
  std::string experiments, out = kOut, progress = "auto";
  bool all = false, full = false, list = false, json = false, quiet = false;
};

// The experiments asked for, named or all. All of them are read before anything is trained.
std::vector<Experiment> asked_experiments(const ReproduceOptions& options) {
  if (options.names.empty() != (options.all || options.list))
    throw usage_error("reproduce: {}", options.names.empty() ? "name experiments, or give --all or --list"
                                                             : "give either names, or --all, or --list");
  if (!options.sets.empty() && options.out == kOut)
    throw usage_error("reproduce --set: give --out DIR as well, so that these results are kept apart");
  const fs::path folder = find_experiments(options.experiments);
  const std::vector<std::string> names = options.names.empty() ? experiment_names(folder) : options.names;
  if (names.empty()) fail_input(folder, "holds no experiment (FOLDER/config.json)");
  std::vector<Experiment> experiments;
  for (const std::string& name : names)
    experiments.push_back(read_experiment(folder, name, options.full, options.sets));
  return experiments;
}

int reproduce(const ReproduceOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : Verbosity::kNormal);
  const RunnerOptions runner = runner_options(options.runner);
  const ProgressMode progress = parse_progress(options.progress, options.quiet);
  const std::vector<Experiment> experiments = asked_experiments(options);
  if (options.list) {
    print_experiments(experiments, options.json);
    return 0;
  }

  ClaimReport report(options.json);
  for (const Experiment& experiment : experiments) {
    const Job job{
        experiment.config,
        parse_selection("", experiment.config),
        fs::path(options.out) / (experiment.name + (options.full && experiment.full_runs ? "-full" : "")),
        fs::absolute(experiment.label).parent_path().string(),
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

Experiments that would take long are smaller than they were published, so that they take minutes, and what was
said of the whole is not judged then. With --full they are as published, into DIR/NAME-full: hours, which may be
stopped and resumed, or spread over a cluster as
  deadrelu slurm EXPERIMENT/config.json --set @EXPERIMENT/full.json --out DIR/NAME-full

Examples:
  deadrelu reproduce --list
  deadrelu reproduce born-dead
  deadrelu reproduce fashion-depth --full
  deadrelu reproduce --all --json > claims.json
  deadrelu reproduce remedies-labels --full --set data.images=/data/mnist/train-images-idx3-ubyte --out mnist
  deadrelu query results/born-dead 'SELECT avg(born_dead) FROM runs')");
  ReproduceOptions& options = command.calls(reproduce);
  command.arguments("NAME", options.names, "names of experiments");
  command.flag("--all", options.all, "all of them");
  command.flag("--full", options.full, "at the published size");
  command.flag("--list", options.list, "only list them: runs, claims, titles");
  command.flag("--json", options.json, "a JSON array, one claim (or experiment) a line");
  command.list("--set", "PATH=VALUE", options.sets,
               "set one key of the configs; results then go elsewhere: --out");
  command.option("--experiments", "DIR", options.experiments, "where they are (default: ./experiments)");
  command.option("--out", "DIR", options.out, "results go to DIR/NAME (default: results)");
  add_runner_options(command, options.runner);
  add_progress_option(command, options.progress);
  command.flag("-q,--quiet", options.quiet, "no progress; results and errors only");
}

}  // namespace deadrelu
