#include <algorithm>

#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/result_directories.h"
#include "cli/training.h"
#include "store/record_check.h"

namespace deadrelu {
namespace {

constexpr std::size_t kShownDifferences = 20;

struct VerifyOptions {
  RunnerChoices runner;
  std::string directory, sample = "32";
  bool json = false;
};

struct Difference {
  std::string id, sentence;
};

struct Verification {
  std::uint64_t recorded = 0, verified = 0, different = 0;
  std::vector<Difference> shown;  // the first few

  void add(const FinishedRun& run, const std::string& sentence) {
    if (++different <= kShownDifferences) shown.push_back({hex_id(run.run.id), sentence});
  }
};

std::uint64_t sample_size(const VerifyOptions& options, std::uint64_t recorded) {
  if (options.sample == "all") return recorded;
  const auto size = parse_integer(options.sample);
  if (!size || *size < 1)
    throw usage_error("--sample: '{}' is neither a whole number from 1 on nor all", options.sample);
  return std::min(static_cast<std::uint64_t>(*size), recorded);
}

Verification train_again(RecordCheck& check, const VerifyOptions& options, const RunnerOptions& runner,
                         const StopOnSignal& stop) {
  Verification result;
  result.recorded = check.recorded_count();
  const std::vector<std::uint64_t> ids = check.choose(sample_size(options, result.recorded));
  const ExperimentConfig config = stored_config(check.header(), options.directory);
  // Numbers of other data would be no difference of the program.
  InputCheck inputs(check.input_files(), [](const InputFile&) {});
  const RunStream all = config.runs();
  std::uint64_t found = 0;
  const RunStream next = [&](PlannedRun& run) {
    while (found < ids.size() && all(run)) {
      if (!std::ranges::binary_search(ids, run.id)) continue;
      ++found;
      inputs.look_at(run.spec);
      return true;
    }
    return false;
  };
  train_runs(next, runner, stop.flag(), [&](std::vector<FinishedRun>& runs) {
    for (const FinishedRun& run : runs) {
      ++result.verified;
      if (!run.failure.empty()) {
        result.add(run, "could not be trained: " + run.failure);
      } else if (const auto difference = check.difference(run)) {
        result.add(run, *difference);
      }
    }
  });
  return result;
}

std::string verification_json(const Verification& result) {
  Json differences = Json::array();
  for (const Difference& difference : result.shown)
    differences.push_back({{"run_id", difference.id}, {"difference", difference.sentence}});
  return json_text({{"recorded", result.recorded},
                    {"verified", result.verified},
                    {"different", result.different},
                    {"differences", differences}});
}

std::string verification_text(const std::string& directory, const Verification& result) {
  std::string text =
      fmt::format("{}: {} of {} recorded runs trained again, ", directory, result.verified, result.recorded);
  if (result.different == 0) return text + "every stored bit is the same\n";
  text += fmt::format("{} differ (today's value first, the store's second)\n", result.different);
  for (const Difference& difference : result.shown)
    text += fmt::format("  run {}: {}\n", difference.id, difference.sentence);
  return text;
}

int verify(const VerifyOptions& options) {
  set_up_log(Verbosity::kNormal);
  const RunnerOptions runner = runner_options(options.runner);
  RecordCheck check(options.directory, kEngineEpoch);
  const StopOnSignal stop;
  const Verification result = train_again(check, options, runner, stop);
  print_text(options.json ? verification_json(result) : verification_text(options.directory, result));
  if (stop.signal() != 0) return 128 + stop.signal();
  return static_cast<int>(result.different == 0 ? ExitCode::kOk : ExitCode::kNotMet);
}

}  // namespace

void add_verify(CommandLine& line) {
  Command command(
      line, "verify", "trains a sample of the recorded runs again and compares every stored bit",
      R"(The sample is the same every time: the runs with the smallest ids, which are hashes. Changes
nothing. Exit code 3 where a run gives other numbers than those recorded.

Examples:
  deadrelu verify results/quickstart
  deadrelu verify results/quickstart --sample all --simd avx2 --threads 1)");
  VerifyOptions& options = command.calls(verify);
  add_directory_argument(command, options.directory);
  command.option("--sample", "N", options.sample, "how many runs (default: 32), or all");
  add_runner_options(command, options.runner);
  command.flag("--json", options.json, "report as a JSON object");
}

}  // namespace deadrelu
