#include "cli/job.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "cli/output.h"
#include "cli/result_files.h"
#include "cli/signals.h"
#include "store/directory_lock.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

// Until no other process writes the directory, or a signal comes.
void wait_for_writer(const std::filesystem::path& directory, const std::atomic<bool>& stop) {
  while (!stop && DirectoryLock::is_held(directory)) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace

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
