#include "runner/worker_pool.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <span>
#include <utility>

#include "base/error.h"
#include "train/check.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMaxWaitingRuns = 4096;

}  // namespace

std::optional<std::vector<PlannedRun>> Packer::add(PlannedRun run) {
  const std::size_t lanes = run.spec.train.precision == Precision::kFloat32 ? float_lanes_ : float_lanes_ / 2;
  const auto pack = waiting_.try_emplace(pack_form(run.spec)).first;
  pack->second.push_back(std::move(run));
  ++waiting_runs_;
  if (pack->second.size() == lanes) return take(pack);
  if (waiting_runs_ < kMaxWaitingRuns) return std::nullopt;
  return take(std::ranges::max_element(
      waiting_, [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); }));
}

std::optional<std::vector<PlannedRun>> Packer::take_rest() {
  if (waiting_.empty()) return std::nullopt;
  return take(waiting_.begin());
}

std::vector<PlannedRun> Packer::take(Waiting::iterator pack) {
  std::vector<PlannedRun> runs = std::move(pack->second);
  waiting_.erase(pack);
  waiting_runs_ -= runs.size();
  return runs;
}

namespace {

// Generated data sets that differ from seed to seed come and go; the ones of the last few packs are worth
// keeping.
constexpr std::size_t kKeptDataBytes = std::size_t{256} << 20;

template <class T>
Engine fitting_engine(std::span<const RunSpec* const> runs, const Dataset<T>& data, SimdTarget simd) {
  const TrainSpec& train = runs[0]->train;
  return faster_engine(network_shape(runs[0]->model, data.inputs, data.outputs),
                       train.examples_a_step(data.train.samples), runs.size(), lane_count<T>(simd),
                       sizeof(T));
}

}  // namespace

WorkerPool::WorkerPool(const RunnerOptions& options)
    : simd_(options.simd),
      engine_(options.engine),
      float_data_(kKeptDataBytes, options.on_found),
      double_data_(kKeptDataBytes, options.on_found) {
  for (std::size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
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
  const Engine engine = engine_ ? *engine_ : fitting_engine<T>(specs, *data[0], simd_);
  const std::size_t together = engine == Engine::kWide ? 1 : specs.size();
  for (std::size_t i = 0; i < specs.size(); i += together) {
    const Pack<T> pack = make_pack<T>(std::span(specs).subspan(i, together),
                                      std::span(data).subspan(i, together), simd_, engine);
    std::vector<RunRecord> records = train_pack(pack, halted_);
    if (records.empty()) return runs.clear();
    for (std::size_t j = 0; j < together; ++j) {
      runs[places[i + j]].failure = records[j].failure;
      runs[places[i + j]].record = std::move(records[j]);
    }
  }
}

}  // namespace deadrelu
