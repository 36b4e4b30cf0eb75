#include "cli/job.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <ctime>

#include "base/error.h"
#include "cli/build_info.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

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

// Exports the tables and writes the manifest, whose contents it returns.
Manifest write_tables(const Job& job, const Training& training, const std::string& started) {
  const StoreReader store(job.directory);
  Manifest manifest;
  manifest.version = build_info().version;
  manifest.commit = build_info().commit;
  manifest.compiler = build_info().compiler;
  manifest.host = host_name();
  manifest.simd = simd_name(job.runner.simd);
  manifest.threads = job.runner.threads;
  manifest.started = started;
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

}  // namespace

JobResult train_job(const Job& job, const Selection& selection, ProgressMode progress_mode) {
  const std::string started = utc_now();
  ResultStore store(job.directory, {job.config.name(), job.config.resolved_json(), kEngineEpoch,
                                    job.config.swept_columns(), job.config.run_count()});
  const StopOnSignal stop;
  Progress progress(progress_mode, selection.size());
  Training training(job.config, selection, store, progress);
  training.train(job.runner, stop.flag());
  progress.finish();
  const Manifest manifest = write_tables(job, training, started);
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
