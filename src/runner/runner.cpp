#include "runner/runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "runner/worker_pool.h"
#include "simd/kernels.h"
#include "train/check.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMaxWaitingRuns = 4096;

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

// Packs waiting, training or finished but not handed back, per thread: enough to keep the workers busy while
// the caller writes, few enough to keep memory bounded.
constexpr std::size_t kPacksPerThread = 4;

// Feeds the pool from the stream of runs.
class Feeder {
 public:
  Feeder(const RunStream& next, SimdTarget simd) : next_(next), packer_(lane_count<float>(simd)) {}

  std::optional<std::vector<PlannedRun>> next_pack() {
    PlannedRun run;
    while (!exhausted_) {
      exhausted_ = !next_(run);
      if (exhausted_) break;
      if (auto pack = packer_.add(std::move(run))) return pack;
      run = PlannedRun();
    }
    return packer_.take_rest();
  }

 private:
  const RunStream& next_;
  Packer packer_;
  bool exhausted_ = false;
};

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

void train_runs(const RunStream& next, const RunnerOptions& options, const std::atomic<bool>& stop,
                const std::function<void(std::vector<FinishedRun>&)>& finished) {
  Feeder feeder(next, options.simd);
  WorkerPool pool(options);
  std::size_t in_flight = 0;
  bool fed = false;
  while (!stop) {
    while (!fed && in_flight < kPacksPerThread * options.threads) {
      auto pack = feeder.next_pack();
      fed = !pack;
      if (fed) break;
      pool.submit(std::move(*pack));
      ++in_flight;
    }
    if (in_flight == 0) return;
    auto pack = pool.wait();
    if (!pack) continue;
    --in_flight;
    if (pack->error) std::rethrow_exception(pack->error);
    finished(pack->runs);
    const auto failed = [](const FinishedRun& run) { return !run.failure.empty(); };
    if (options.fail_fast && std::ranges::any_of(pack->runs, failed)) return;
  }
}

}  // namespace deadrelu
