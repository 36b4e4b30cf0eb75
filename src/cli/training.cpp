#include "cli/training.h"

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>

#include <array>
#include <csignal>
#include <ctime>

#include "base/error.h"
#include "base/number.h"
#include "cli/command.h"
#include "cli/output.h"
#include "store/output_file.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> stop_asked{false};
std::atomic<int> signal_number{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> former_actions;

void ask_to_stop(int number) {
  signal_number = number;
  stop_asked = true;
}

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

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::string host_name() {
  utsname names{};
  if (uname(&names) != 0) return "";
  return fmt::format("{} ({} {}, {})", names.nodename, names.sysname, names.release, names.machine);
}

void export_and_count(const std::filesystem::path& directory, const ExportFormats& formats,
                      Manifest& manifest) {
  {  // The reader's cache is gone before the export fills another one.
    const StoreReader store(directory);
    manifest.config = store.header().config;
    manifest.shard = store.header().shard;
    manifest.runs = store.header().shard_runs();
    manifest.recorded = store.recorded_count();
    manifest.diverged = store.diverged_count();
    manifest.complete = manifest.recorded == manifest.runs;
    manifest.data_files = store.input_files();
  }
  manifest.tables = export_tables(directory, formats);
  manifest.ended = utc_now();
}

// Trains the runs of a job that the store does not hold yet, and counts them in its result.
class Training {
 public:
  Training(const Job& job, ResultStore& store, Progress& progress, JobResult& result)
      : job_(job),
        store_(store),
        progress_(progress),
        result_(result),
        store_was_empty_(store.recorded_count() == 0),
        inputs_(store.input_files(), [&store](const InputFile& file) { store.add_input_file(file); }) {}

  // Returns when everything is trained or, early, once `stop` is set. Failures are logged. Throws what
  // reading the data, finding it changed and writing the store throw.
  void train(const std::atomic<bool>& stop) {
    const RunStream all = job_.config.runs();
    RunnerOptions runner = job_.runner;
    if (job_.data != nullptr) runner.on_found = [this](const FoundData& found) { job_.data->add(found); };
    train_runs([&](PlannedRun& run) { return next_missing(all, run); }, runner, stop,
               [this](std::vector<FinishedRun>& finished) { keep(finished); });
    // Where the training ended early, the tables still need the places of what was recorded further down the
    // sweep.
    for (PlannedRun run; !store_was_empty_ && all(run);) store_.place(run);
    store_.flush();
  }

 private:
  // Recorded runs outside the selection are walked too: the store has to know their place in this sweep.
  bool next_missing(const RunStream& all, PlannedRun& run) {
    while (all(run)) {
      if (store_was_empty_ && run.position > job_.selection.last) return false;
      const bool selected = job_.selection.contains(run.position);
      const bool recorded = !store_was_empty_ && store_.recorded(run.id);
      if (!selected && !recorded) continue;
      inputs_.look_at(run.spec);
      if (!recorded) return true;
      store_.place(run);
      if (selected) {
        ++result_.already_there;
        progress_.add_recorded();
      }
    }
    return false;
  }

  void keep(std::vector<FinishedRun>& finished) {
    store_.write(finished);
    std::uint64_t diverged = 0;
    for (const FinishedRun& run : finished) {
      if (!run.failure.empty()) {
        report_failure(run);
      } else {
        ++result_.manifest.trained_now;
        if (run.record.outcome.status == RunStatus::kDiverged) ++diverged;
      }
    }
    progress_.add_trained(finished.size(), diverged);
  }

  void report_failure(const FinishedRun& finished) {
    const std::uint64_t failed = ++result_.manifest.failed;
    if (failed > kReportedFailures) return;
    progress_.interrupt([&] {
      spdlog::error("run {} (position {}) failed: {}", hex_id(finished.run.id), finished.run.position,
                    finished.failure);
      if (failed == kReportedFailures) spdlog::error("further failures are counted only");
    });
  }

  const Job& job_;
  ResultStore& store_;
  Progress& progress_;
  JobResult& result_;
  const bool store_was_empty_;
  InputCheck inputs_;
};

}  // namespace

StopOnSignal::StopOnSignal() {
  stop_asked = false;
  signal_number = 0;
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);  // the second one finds the default action
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &former_actions[i]);
    // A program started with nohup goes on ignoring what it was told to ignore.
    if (former_actions[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

StopOnSignal::~StopOnSignal() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &former_actions[i], nullptr);
}

const std::atomic<bool>& StopOnSignal::flag() const { return stop_asked; }
int StopOnSignal::signal() const { return signal_number; }

const char* signal_name(int number) {
  return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

InputCheck::InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add)
    : add_(std::move(add)) {
  for (const InputFile& file : known) known_.emplace(file.name, file.sha256);
}

void InputCheck::look_at(const RunSpec& spec) {
  for (const DataFile& file : data_files(spec.data)) look_at(file);
  if (const std::string& name = spec.init.file; !name.empty())
    look_at({name, (std::filesystem::path(spec.data.directory) / name).string()});
}

void InputCheck::look_at(const DataFile& file) {
  const auto& [name, path] = file;
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
  JobResult result{start_manifest()};
  result.manifest.simd = name_of(job.runner.simd);
  result.manifest.threads = job.runner.threads;
  const StopOnSignal stop;
  while (job.waits && !stop.flag() && DirectoryLock::is_held(job.directory))
    std::this_thread::sleep_for(std::chrono::seconds(1));
  ResultStore store(job.directory,
                    {job.config.name(), job.config.resolved_json(), kEngineEpoch, job.config.swept_columns(),
                     job.config.run_count(), job.config_directory, job.selection.shard});
  {
    Progress progress(progress_mode, job.selection.size());
    if (job.data != nullptr) job.data->speak_through(&progress);
    Training(job, store, progress, result).train(stop.flag());
    if (job.data != nullptr) job.data->speak_through(nullptr);
  }
  if (job.data != nullptr) result.manifest.data = job.data->summaries();
  write_result_files(job.directory, job.formats, result.manifest);
  result.signal = stop.signal();
  return result;
}

int report_job(const Job& job, const JobResult& result) {
  const Manifest& manifest = result.manifest;
  if (result.signal != 0) {
    write_error_line(
        fmt::format("deadrelu: stopped by {}: {} of {} runs are recorded in {}; the same command goes on",
                    signal_name(result.signal), manifest.recorded, manifest.runs, job.directory.string()));
    return 128 + result.signal;
  }
  if (manifest.failed == 0) return static_cast<int>(ExitCode::kOk);
  write_error_line(
      fmt::format("deadrelu: {} of {} runs failed", manifest.failed, manifest.failed + manifest.trained_now));
  return static_cast<int>(ExitCode::kRunFailed);
}

}  // namespace deadrelu
