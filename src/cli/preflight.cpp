#include "cli/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/number.h"
#include "data/dataset.h"
#include "store/result_store.h"
#include "train/check.h"

namespace deadrelu {
namespace {

constexpr std::size_t kShownRuns = 5;

}  // namespace

void check_data(const ExperimentConfig& config, const Selection& selection, const std::string& label) {
  const RunStream next = config.runs();
  PlannedRun run;
  bool any = false;
  while (!any && next(run) && run.position <= selection.last) any = selection.contains(run.position);
  if (!any) return;  // a shard of a sweep with fewer runs than shards
  DataFacts facts;
  if (facts_from_spec(run.spec.data, facts)) return;  // the config has been checked against them
  const Dataset<float> data = make_dataset<float>(run.spec.data, run.spec.seed);
  facts = {{data.inputs, data.outputs, data.classes}, data.train.samples, data.test.samples};
  std::string message;
  for (const Contradiction& found : find_contradictions(run.spec, facts)) {
    std::string pointer = "/" + found.path;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    message += fmt::format("{}{}: {}: {}", message.empty() ? "" : "\n", label, pointer, found.message);
  }
  if (!message.empty()) throw UserError(ExitCode::kUsage, message);
}

TrainingPlan plan_training(const ExperimentConfig& config, const Selection& selection,
                           const std::filesystem::path& directory) {
  std::unique_ptr<StoreReader> store;
  if (has_store(directory)) store = std::make_unique<StoreReader>(directory);
  TrainingPlan plan;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run) && run.position <= selection.last;) {
    if (!selection.contains(run.position)) continue;
    if (store != nullptr && store->recorded(run.id)) {
      ++plan.recorded;
      continue;
    }
    ++plan.missing;
    if (plan.first_missing.size() < kShownRuns) plan.first_missing.push_back(run);
    // Without a store nothing is recorded: the rest needs no walk.
    if (store == nullptr && plan.missing == kShownRuns) break;
  }
  if (store == nullptr) plan.missing = selection.size();
  return plan;
}

std::string plan_text(const TrainingPlan& plan, const std::filesystem::path& directory) {
  std::string text = fmt::format("{}: would train {} of {} runs; {} recorded already\n", directory.string(),
                                 plan.missing, plan.missing + plan.recorded, plan.recorded);
  for (const PlannedRun& run : plan.first_missing) {
    text += fmt::format("  {} (position {}, seed {})\n", hex_id(run.id), run.position, run.spec.seed);
  }
  const std::uint64_t more = plan.missing - plan.first_missing.size();
  if (more > 0) text += fmt::format("  … and {} more\n", more);
  return text;
}

bool has_store(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / "results.sqlite", ignored);
}

}  // namespace deadrelu
