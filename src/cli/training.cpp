#include "cli/training.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/number.h"
#include "cli/build_info.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "store/digest.h"
#include "store/directory_lock.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kReportedFailures = 20;

std::optional<std::string> digest_of(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  try {
    return sha256_of_file(path);
  } catch (const UserError&) {
    return std::nullopt;
  }
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

void count_runs(const StoreReader& store, Manifest& manifest) {
  manifest.config = store.header().config;
  manifest.shard = store.header().shard;
  manifest.runs = store.header().shard_runs();
  manifest.recorded = store.recorded_count();
  manifest.diverged = store.diverged_count();
  manifest.complete = manifest.recorded == manifest.runs;
  manifest.data_files = store.input_files();
}

void export_and_count(const std::filesystem::path& directory, const ExportFormats& formats,
                      Manifest& manifest) {
  count_runs(StoreReader(directory), manifest);  // its cache is gone before the export fills another one
  manifest.tables = export_tables(directory, formats);
  manifest.ended = utc_now();
}

// Trains the runs of a sweep that the store does not hold yet.
class Training {
 public:
  Training(const ExperimentConfig& config, const Selection& selection, ResultStore& store,
           Progress& progress);

  // Returns when everything is trained or, early, once `stop` is set. Failures are logged. Throws what
  // reading the data, finding it changed and writing the store throw.
  void train(const RunnerOptions& options, const std::atomic<bool>& stop);

  const TrainingCounts& counts() const { return counts_; }

 private:
  bool next_missing(const RunStream& all, PlannedRun& run);
  void keep(std::vector<FinishedRun>& finished);
  void report_failure(const FinishedRun& finished);

  const ExperimentConfig& config_;
  const Selection selection_;
  ResultStore& store_;
  Progress& progress_;
  const bool store_was_empty_;
  TrainingCounts counts_;
  InputCheck inputs_;
};

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

// Until no other process writes the directory, or a signal comes.
void wait_for_writer(const std::filesystem::path& directory, const std::atomic<bool>& stop) {
  while (!stop && DirectoryLock::is_held(directory)) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace

std::vector<DataFile> input_files(const RunSpec& spec) {
  std::vector<DataFile> files = data_files(spec.data);
  if (const std::string& name = spec.init.file; !name.empty())
    files.push_back({name, (std::filesystem::path(spec.data.directory) / name).string()});
  return files;
}

InputCheck::InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add)
    : add_(std::move(add)) {
  for (const InputFile& file : known) known_.emplace(file.name, file.sha256);
}

void InputCheck::look_at(const RunSpec& spec) {
  for (const DataFile& file : input_files(spec)) look_at(file.name, file.path);
}

void InputCheck::look_at(const std::string& name, const std::string& path) {
  if (!seen_.insert(name).second) return;
  const auto digest = digest_of(path);
  if (!digest) return;
  const auto [known, is_new] = known_.try_emplace(name, *digest);
  if (is_new) add_({name, *digest});
  if (known->second == *digest) return;
  throw UserError(ExitCode::kInputOutput,
                  fmt::format("{}: the file has changed since runs of this directory were trained on it "
                              "(sha256 {:.12}… then, {:.12}… now); put it back, or choose another --out",
                              path, known->second, *digest));
}

Manifest start_manifest() {
  Manifest manifest;
  manifest.version = build_info().version;
  manifest.commit = build_info().commit;
  manifest.compiler = build_info().compiler;
  manifest.host = host_name();
  manifest.started = utc_now();
  return manifest;
}

void write_result_files(const std::filesystem::path& directory, const ExportFormats& formats,
                        Manifest& manifest) {
  export_and_count(directory, formats, manifest);
  write_manifest(directory, manifest);
}

std::vector<ExportedFile> write_tables_again(const std::filesystem::path& directory,
                                             const ExportFormats& formats) {
  Manifest manifest = start_manifest();
  export_and_count(directory, formats, manifest);
  // Where none was left, by a training that was killed, this one says at least what the tables hold.
  if (!refresh_manifest(directory, manifest)) write_manifest(directory, manifest);
  return manifest.tables;
}

JobResult train_job(const Job& job, ProgressMode progress_mode) {
  Manifest manifest = start_manifest();
  manifest.simd = name_of(job.runner.simd);
  manifest.threads = job.runner.threads;
  const StopOnSignal stop;
  if (job.waits) wait_for_writer(job.directory, stop.flag());
  ResultStore store(job.directory,
                    {job.config.name(), job.config.resolved_json(), kEngineEpoch, job.config.swept_columns(),
                     job.config.run_count(), job.config_directory, job.selection.shard});
  Progress progress(progress_mode, job.selection.size());
  Training training(job.config, job.selection, store, progress);
  training.train(job.runner, stop.flag());
  progress.finish();
  manifest.failed = training.counts().failed;
  manifest.trained_now = training.counts().trained;
  write_result_files(job.directory, job.formats, manifest);
  return {training.counts(), manifest, stop.signal()};
}

int report_job(const Job& job, const JobResult& result) {
  if (result.signal != 0) {
    write_error_line(fmt::format(
        "deadrelu: stopped by {}: {} of {} runs are recorded in {}; the same command goes on",
        signal_name(result.signal), result.manifest.recorded, result.manifest.runs, job.directory.string()));
    return 128 + result.signal;
  }
  const TrainingCounts& counts = result.counts;
  if (counts.failed == 0) return static_cast<int>(ExitCode::kOk);
  write_error_line(
      fmt::format("deadrelu: {} of {} runs failed", counts.failed, counts.failed + counts.trained));
  return static_cast<int>(ExitCode::kRunFailed);
}

}  // namespace deadrelu
