#include "cli/training.h"

#include <spdlog/spdlog.h>

#include "base/number.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kReportedFailures = 20;

}  // namespace

Training::Training(const ExperimentConfig& config, const Selection& selection, ResultStore& store,
                   Progress& progress)
    : config_(config),
      selection_(selection),
      store_(store),
      progress_(progress),
      store_was_empty_(store.recorded_count() == 0),
      inputs_(store.input_files(), [&store](const InputFile& file) { store.add_input_file(file); }) {}

void Training::train(const RunnerOptions& options, const std::atomic<bool>& stop) {
  const RunStream all = config_.runs();
  train_runs([&](PlannedRun& run) { return next_missing(all, run); }, options, stop,
             [this](std::vector<FinishedRun>& finished) { keep(finished); });
  // Where the training ended early, the tables still need the places of what was recorded further down the
  // sweep.
  for (PlannedRun run; !store_was_empty_ && all(run);) store_.place(run);
  store_.flush();
}

// Recorded runs outside the selection are walked too: the store has to know their place in this sweep.
bool Training::next_missing(const RunStream& all, PlannedRun& run) {
  while (all(run)) {
    const bool selected = selection_.contains(run.position);
    if (store_was_empty_) {
      if (run.position > selection_.last) return false;
    } else if (store_.recorded(run.id)) {
      inputs_.look_at(run.spec);
      store_.place(run);
      if (selected) {
        ++counts_.recorded;
        progress_.add_recorded();
      }
      continue;
    }
    if (!selected) continue;
    inputs_.look_at(run.spec);
    return true;
  }
  return false;
}

void Training::keep(std::vector<FinishedRun>& finished) {
  store_.write(finished);
  std::uint64_t diverged = 0;
  for (const FinishedRun& run : finished) {
    if (!run.failure.empty()) {
      report_failure(run);
    } else {
      ++counts_.trained;
      if (run.record.outcome.status == RunStatus::kDiverged) ++diverged;
    }
  }
  counts_.diverged += diverged;
  progress_.add_trained(finished.size(), diverged);
}

void Training::report_failure(const FinishedRun& finished) {
  if (++counts_.failed > kReportedFailures) return;
  progress_.interrupt([&] {
    spdlog::error("run {} (position {}) failed: {}", hex_id(finished.run.id), finished.run.position,
                  finished.failure);
    if (counts_.failed == kReportedFailures) spdlog::error("further failures are counted only");
  });
}

}  // namespace deadrelu
