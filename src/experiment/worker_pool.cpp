#include "experiment/worker_pool.h"

#include <chrono>
#include <new>
#include <utility>

#include "base/error.h"
#include "experiment/check.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

// Generated data sets that differ from seed to seed come and go; the ones of the last few packs are worth
// keeping.
constexpr std::size_t kKeptDataBytes = std::size_t{256} << 20;

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, SimdTarget simd)
    : simd_(simd), float_data_(kKeptDataBytes), double_data_(kKeptDataBytes) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  halt();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  job_added_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(std::vector<PlannedRun> runs) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(runs));
  }
  job_added_.notify_one();
}

std::optional<FinishedPack> WorkerPool::wait() {
  std::unique_lock lock(mutex_);
  pack_finished_.wait_for(lock, std::chrono::milliseconds(100), [&] { return !finished_.empty(); });
  if (finished_.empty()) return std::nullopt;
  FinishedPack pack = std::move(finished_.front());
  finished_.pop_front();
  return pack;
}

void WorkerPool::work() {
  while (true) {
    std::vector<PlannedRun> runs;
    {
      std::unique_lock lock(mutex_);
      job_added_.wait(lock, [&] { return closing_ || !jobs_.empty(); });
      if (closing_) return;
      runs = std::move(jobs_.front());
      jobs_.pop_front();
    }
    FinishedPack pack = train(std::move(runs));
    {
      const std::lock_guard lock(mutex_);
      finished_.push_back(std::move(pack));
    }
    pack_finished_.notify_one();
  }
}

FinishedPack WorkerPool::train(std::vector<PlannedRun> runs) {
  FinishedPack pack;
  for (PlannedRun& run : runs) pack.runs.push_back({std::move(run), {}, {}});
  try {
    if (pack.runs[0].run.spec.train.precision == Precision::kFloat32) {
      train(pack.runs, float_data_);
    } else {
      train(pack.runs, double_data_);
    }
  } catch (const UserError&) {
    pack.error = std::current_exception();
  } catch (const std::bad_alloc&) {
    for (FinishedRun& run : pack.runs) run.failure = "not enough memory";
  }
  return pack;
}

template <class T>
void WorkerPool::train(std::vector<FinishedRun>& runs, DatasetCache<T>& cache) {
  std::vector<const RunSpec*> specs;
  std::vector<std::shared_ptr<const Dataset<T>>> data;
  std::vector<std::size_t> places;  // of the runs that can be trained
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& spec = runs[i].run.spec;
    auto set = cache.get(spec.data, spec.seed);
    const DataFacts facts{{set->inputs, set->outputs, set->classes}, set->train.samples, set->test.samples};
    if (const auto wrong = find_contradictions(spec, facts); !wrong.empty()) {
      runs[i].failure = wrong[0].path + ": " + wrong[0].message;
      continue;
    }
    specs.push_back(&spec);
    data.push_back(std::move(set));
    places.push_back(i);
  }
  if (specs.empty()) return;
  std::vector<RunRecord> records = train_pack(make_pack<T>(specs, data, simd_), halted_);
  if (records.empty()) runs.clear();
  for (std::size_t i = 0; i < records.size(); ++i) runs[places[i]].record = std::move(records[i]);
}

}  // namespace deadrelu
