#include "cli/selection.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/number.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/dataset.h"
#include "store/manifest.h"
#include "store/store_reader.h"
#include "train/check.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kPlannedRunsShown = 5;

Selection find_id(std::uint64_t id, const std::string& text, const ExperimentConfig& config) {
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (run.id == id) return {run.position, run.position};
  }
  throw usage_error("--only: no run of the config has the id {}", text);
}

[[noreturn]] void refuse_selection(const std::string& text) {
  throw usage_error(
      "--only: '{}' is neither a run id (16 hex digits) nor a range of positions (A, A-B or A-, from 0, as "
      "`deadrelu list` prints them)",
      text);
}

std::uint64_t parse_position(std::string_view part, const std::string& text) {
  const auto position = parse_integer(part);
  if (!position || part.find_first_not_of("0123456789") != std::string_view::npos) refuse_selection(text);
  return static_cast<std::uint64_t>(*position);
}

// Not negative; empty where the variable is not set.
std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const auto number = parse_integer(text);
  if (!number || *number < 0) throw usage_error("--shard auto: {}='{}' is no whole number", variable, text);
  return static_cast<std::uint64_t>(*number);
}

Shard checked(std::uint64_t index, std::uint64_t count, const char* what) {
  if (index >= count) throw usage_error("--shard auto: {} says {} of {}", what, index, count);
  return {index, count};
}

std::optional<Shard> rank_of(const char* rank, const char* size) {
  const auto index = number_from(rank), count = number_from(size);
  if (!index || !count) return std::nullopt;
  return checked(*index, *count, rank);
}

std::optional<Shard> array_task() {
  const auto id = number_from("SLURM_ARRAY_TASK_ID"), count = number_from("SLURM_ARRAY_TASK_COUNT");
  if (!id || !count) return std::nullopt;
  const std::uint64_t first = number_from("SLURM_ARRAY_TASK_MIN").value_or(0);
  const std::uint64_t last = number_from("SLURM_ARRAY_TASK_MAX").value_or(first + *count - 1);
  // With gaps (--array=3,7) the ids do not say which part of the whole a task is.
  if (first > 1 || last < first || last - first + 1 != *count || *id < first)
    throw usage_error(
        "--shard auto: an array of the tasks {} to {} is no 0-N or 1-N of {} tasks; give --shard I/N", first,
        last, *count);
  return checked(*id - first, *count, "SLURM_ARRAY_TASK_ID");
}

Shard launcher_shard() {
  const auto task = array_task();
  auto rank = rank_of("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  if (!rank) rank = rank_of("PMI_RANK", "PMI_SIZE");
  if (!task && !rank) {
    throw usage_error(
        "--shard auto: no launcher is found: set is neither SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, "
        "nor OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE, nor PMI_RANK and PMI_SIZE; give --shard I/N");
  }
  const Shard outer = task.value_or(Shard{}), inner = rank.value_or(Shard{});
  return {outer.index * inner.count + inner.index, outer.count * inner.count};
}

}  // namespace

Selection parse_selection(const std::string& text, const ExperimentConfig& config) {
  const std::uint64_t count = config.run_count();
  if (count == 0) throw usage_error("the sweep has no runs: every point is excluded");
  const std::uint64_t last = count - 1;
  if (text.empty()) return {0, last};
  if (const auto id = parse_hex_id(text)) return find_id(*id, text, config);

  const std::string_view view = text;
  const std::size_t dash = view.find('-');
  Selection selection;
  selection.first = parse_position(view.substr(0, dash), text);
  selection.last = selection.first;
  if (dash != std::string_view::npos)
    selection.last = dash + 1 == view.size() ? last : parse_position(view.substr(dash + 1), text);
  if (selection.first > last || selection.last > last)
    throw usage_error("--only: {} goes beyond the sweep; its positions are 0 to {}", text, last);
  if (selection.first > selection.last) throw usage_error("--only: {} ends before it starts", text);
  return selection;
}

Shard parse_shard(const std::string& text) {
  if (text.empty()) return {};
  if (text == "auto") return launcher_shard();
  const std::string_view view = text;
  const std::size_t slash = std::min(view.find('/'), view.size());
  const auto index = parse_integer(view.substr(0, slash));
  const auto count = parse_integer(view.substr(std::min(slash + 1, view.size())));
  if (!index || !count || *index < 0 || *count < 1 || *index >= *count)
    throw usage_error(
        "--shard: '{}' is neither I/N with I from 0 to N-1 (0/4, 1/4, 2/4 and 3/4 are one sweep) nor auto",
        text);
  return {static_cast<std::uint64_t>(*index), static_cast<std::uint64_t>(*count)};
}

std::filesystem::path shard_directory(const Shard& shard) {
  return std::filesystem::path("shards") / fmt::format("{}-of-{}", shard.index, shard.count);
}

void check_data(const ExperimentConfig& config, const Selection& selection, const std::string& label,
                const OnFound& on_found) {
  const RunStream next = config.runs();
  PlannedRun run;
  bool any = false;
  while (!any && next(run) && run.position <= selection.last) any = selection.contains(run.position);
  if (!any) return;  // a shard of a sweep with fewer runs than shards
  DataFacts facts;
  if (facts_from_spec(run.spec.data, facts)) return;  // the config has been checked against them
  const Dataset<float> data = make_dataset<float>(run.spec.data, run.spec.seed, on_found);
  facts = {{data.inputs, data.outputs, data.classes}, data.train.samples, data.test.samples};
  std::vector<Mistake> mistakes;
  for (const Contradiction& found : find_contradictions(run.spec, facts)) {
    std::string pointer = "/" + found.path;
    std::ranges::replace(pointer, '.', '/');
    mistakes.push_back({label, pointer, found.message});
  }
  if (!mistakes.empty()) throw UserError(ExitCode::kUsage, mistakes);
}

std::string training_plan(const ExperimentConfig& config, const Selection& selection,
                          const std::filesystem::path& directory) {
  std::unique_ptr<StoreReader> store;
  if (has_store(directory)) store = std::make_unique<StoreReader>(directory);
  std::uint64_t missing = 0, recorded = 0;
  std::string first;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run) && run.position <= selection.last;) {
    if (!selection.contains(run.position)) continue;
    if (store != nullptr && store->recorded(run.id)) {
      ++recorded;
      continue;
    }
    // Without a store nothing is recorded: the rest needs no walk.
    if (store == nullptr && missing == kPlannedRunsShown) break;
    if (++missing > kPlannedRunsShown) continue;
    first += fmt::format("  {} (position {}, seed {})\n", hex_id(run.id), run.position, run.spec.seed);
  }
  if (store == nullptr) missing = selection.size();
  std::string text = fmt::format("{}: would train {} of {} runs; {} recorded already\n", directory.string(),
                                 missing, missing + recorded, recorded);
  text += first;
  if (missing > kPlannedRunsShown) text += fmt::format("  … and {} more\n", missing - kPlannedRunsShown);
  return text;
}

void DataReport::add(const FoundData& found) {
  if (found.files.empty()) return;
  const std::string summary = found_json(found);
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(summaries_, summary) != summaries_.end()) return;
  summaries_.push_back(summary);
  if (quiet_) return;
  const auto say = [&] {
    write_error_line("deadrelu: " + text_of(found));
    for (const std::string& warning : found.warnings) spdlog::warn("{}: {}", found.files[0], warning);
  };
  (progress_ == nullptr ? say() : progress_->interrupt(say));
}

void DataReport::speak_through(Progress* progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

std::vector<std::string> DataReport::summaries() const {
  const std::lock_guard lock(mutex_);
  return summaries_;
}

std::string describe_data(const ExperimentConfig& config) {
  std::vector<DataSpec> seen;
  std::vector<std::string> summaries;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    DataSpec set = same_set(run.spec.data, 0);
    set.seed = 0;
    if (std::ranges::find(seen, set) != seen.end()) continue;
    seen.push_back(std::move(set));
    make_dataset<double>(run.spec.data, run.spec.seed,
                         [&](const FoundData& found) { summaries.push_back(found_json(found)); });
  }
  return fmt::format(R"({{"data": [{}]}})", fmt::join(summaries, ", "));
}

}  // namespace deadrelu
