#include "cli/benchmark.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "base/processors.h"
#include "base/random.h"
#include "nn/network.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

constexpr int kTrials = 20, kRounds = 7;
constexpr double kTrialSeconds = 0.01;  // some of these are undisturbed on a busy machine

constexpr std::size_t kTrainedExamples = 1024;
constexpr std::size_t kMedium = 2, kLarge = 3;  // of the reference networks

struct ReferenceNetwork {
  std::string name;
  std::size_t inputs, outputs;
  std::vector<std::size_t> hidden;
  std::size_t batch_size;
  bool is_experiment = false;  // slow-regression: timed with its stream, in one thread

  // Multiplications and additions of one step of one network: forward, weight gradients, and the gradients
  // that go back, which stop above the inputs.
  double flops_a_step() const {
    double multiply_adds = 0;
    std::size_t below = inputs;
    for (std::size_t l = 0; l <= hidden.size(); ++l) {
      const std::size_t above = l < hidden.size() ? hidden[l] : outputs;
      multiply_adds += static_cast<double>(below * above) * (l == 0 ? 2 : 3);
      below = above;
    }
    return 2 * multiply_adds * static_cast<double>(batch_size);
  }
};

// What is timed beside the plain network: what of a run changes. A feature of training is a line here.
struct Feature {
  std::string name;
  std::function<void(RunSpec&)> change;
};

std::vector<Feature> features(Activation slowest) {
  std::vector<Feature> list;
  for (const Normalization kind : values_of<Normalization>())
    if (kind != Normalization::kNone)
      list.push_back(
          {std::string(name_of(kind)), [kind](RunSpec& run) { run.model.normalization.kind = kind; }});
  list.push_back({"skip", [](RunSpec& run) { run.model.skip = true; }});
  list.push_back({"dropout", [](RunSpec& run) { run.model.dropout = 0.5; }});
  for (const Penalty kind : values_of<Penalty>())
    if (kind != Penalty::kNone)
      list.push_back({std::string(name_of(kind)), [kind](RunSpec& run) { run.remedy.penalty.kind = kind; }});
  list.push_back({"clip_weights", [](RunSpec& run) { run.remedy.clip_weights.kappa = 1; }});
  list.push_back(
      {"perturb every step", [](RunSpec& run) { run.remedy.perturb = {.noise = 1e-5, .every = 1}; }});
  for (const ResetRule rule : values_of<ResetRule>())
    if (rule != ResetRule::kNone)
      list.push_back(
          {"resets: " + std::string(name_of(rule)), [rule](RunSpec& run) { run.remedy.reset.rule = rule; }});
  list.push_back({"slowest activation: " + std::string(name_of(slowest)),
                  [slowest](RunSpec& run) { run.model.activation.kind = slowest; }});
  list.push_back({"expression: x*sigmoid(1.7*x)", [](RunSpec& run) {
                    run.model.activation.kind = Activation::kExpression;
                    run.model.activation.formula = "x*sigmoid(1.7*x)";
                  }});
  list.push_back({"tasks of permuted inputs", [](RunSpec& run) {
                    run.data.tasks = {.change = TaskChange::kPermuteInputs, .steps = 50};
                  }});
  return list;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Seconds that one call of `work` takes, in the best of several trials; work(n) makes n calls.
double best_seconds(const std::function<void(std::uint64_t)>& work) {
  std::uint64_t calls = 1;
  double seconds = seconds_of([&] { work(1); });
  while (seconds < kTrialSeconds / 2) {
    calls = seconds < kTrialSeconds / 20 ? calls * 10 : calls * 2;
    seconds = seconds_of([&] { work(calls); });
  }
  for (int trial = 1; trial < kTrials; ++trial) seconds = std::min(seconds, seconds_of([&] { work(calls); }));
  return seconds / static_cast<double>(calls);
}

std::shared_ptr<const Dataset<float>> random_examples(const ReferenceNetwork& network) {
  auto data = std::make_shared<Dataset<float>>();
  data->inputs = network.inputs;
  data->outputs = network.outputs;
  data->train = {kTrainedExamples, Buffer<float>(kTrainedExamples * network.inputs),
                 Buffer<float>(kTrainedExamples * network.outputs)};
  const auto fill = [](Buffer<float>& values, std::uint32_t stream) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(2 * random_uniform(0, Purpose::kData, stream, i) - 1);
  };
  fill(data->train.inputs, 0);
  fill(data->train.targets, 1);
  return data;
}

RunSpec reference_run(const ReferenceNetwork& network, std::uint64_t seed) {
  RunSpec run;
  run.model.hidden = network.hidden;
  run.train.batch_size = network.batch_size;
  run.train.optimizer.learning_rate = 1e-3;
  run.seed = seed;
  return run;
}

// Packs of one network with what they point to, one a thread.
class PackBench {
 public:
  PackBench(const ReferenceNetwork& network, SimdTarget simd, Engine engine, std::size_t packs)
      : lanes_(engine == Engine::kWide ? 1 : lane_count<float>(simd)) {
    for (std::size_t i = 0; i < packs * lanes_; ++i) runs_.push_back(reference_run(network, i));
    const auto data = random_examples(network);
    for (std::size_t p = 0; p < packs; ++p) {
      std::vector<const RunSpec*> specs;
      for (std::size_t lane = 0; lane < lanes_; ++lane) specs.push_back(&runs_[p * lanes_ + lane]);
      packs_.push_back(
          std::make_unique<Pack<float>>(make_pack<float>(specs, std::vector(lanes_, data), simd, engine)));
      trainers_.push_back(std::make_unique<Trainer<float>>(*packs_.back()));
    }
    steps_.resize(packs);
  }

  std::size_t lanes() const { return lanes_; }

  void train(std::uint64_t steps) {
    std::vector<std::thread> threads;
    for (std::size_t p = 1; p < packs_.size(); ++p)
      threads.emplace_back([this, p, steps] { train(p, steps); });
    train(0, steps);
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void train(std::size_t p, std::uint64_t steps) {
    for (; steps > 0; --steps) {
      trainers_[p]->compute_loss(steps_[p]++, [](const BatchBlock<float>&) {});
      trainers_[p]->update();
    }
  }

  std::size_t lanes_;
  std::vector<RunSpec> runs_;
  std::vector<std::unique_ptr<Pack<float>>> packs_;
  std::vector<std::unique_ptr<Trainer<float>>> trainers_;
  std::vector<std::uint64_t> steps_;  // made so far
};

ActivationTiming time_activation(Activation activation, SimdTarget simd) {
  constexpr std::size_t kRows = 8, kColumns = 128;  // three such matrices stay in the L1 cache
  const Kernels<float> table = kernels<float>(simd, Engine::kWide);
  const bool doubles = activation == Activation::kCrelu, halves = activation == Activation::kMaxout;
  Buffer<float> z(kRows * kColumns), output(2 * kRows * kColumns), gradient(kRows * kColumns);
  for (std::size_t i = 0; i < z.size(); ++i)
    z[i] = static_cast<float>(8 * random_uniform(0, Purpose::kData, 0, i) - 4);
  const LaneActivation<float> spec({.kind = activation}, 1);
  const ActivationParameters<float> numbers = spec.parameters();
  const std::size_t rows = doubles ? 2 * kRows : halves ? kRows / 2 : kRows;
  const auto in = dense_lane_matrix(z.data(), kRows, kColumns, 1);
  const auto out = dense_lane_matrix(output.data(), rows, kColumns, 1);
  const auto back = dense_lane_matrix(gradient.data(), kRows, kColumns, 1);
  const auto repeat = [&](const std::function<void()>& once) {
    return static_cast<double>(z.size()) / best_seconds([&](std::uint64_t calls) {
             for (; calls > 0; --calls) once();
           });
  };
  return {std::string(name_of(activation)),
          repeat([&] { table.activation->forward(activation, numbers, in, out); }),
          repeat([&] { table.activation->backward(activation, numbers, in, out, back); })};
}

// Whole trainings: features act at the doors of a step, too.
class FeatureBench {
 public:
  FeatureBench(const ReferenceNetwork& network, SimdTarget simd, Engine engine)
      : network_(network), data_(random_examples(network)), simd_(simd), engine_(engine) {}

  // How many times as long as without the change the steps of a training take: in turns, the best of several.
  double ratio(const Feature& feature) const {
    double plain = std::numeric_limits<double>::infinity(), changed = plain;
    for (int round = 0; round < kRounds; ++round) {
      plain = std::min(plain, seconds([](RunSpec&) {}));
      changed = std::min(changed, seconds(feature.change));
    }
    return changed / plain;
  }
  // The same of records every 100 steps of what is recorded by default.
  double recording_ratio() const {
    const auto record_each = [](RunSpec& run) {
      run.record = RecordSpec();
      run.record.every = 1;
    };
    return 1 + (ratio({"", record_each}) - 1) / 100;
  }
  // That a step of one network takes.
  double seconds(const std::function<void(RunSpec&)>& change) const {
    const std::size_t lanes = engine_ == Engine::kWide ? 1 : lane_count<float>(simd_);
    // Of wide as many as of lanes would take too short a time.
    const double work = network_.flops_a_step() * static_cast<double>(lanes);
    const auto steps = static_cast<std::uint64_t>(std::clamp(7e9 / work, 2.0, 1600.0 / (1 + lanes)));
    std::vector<RunSpec> runs;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      runs.push_back(reference_run(network_, lane));
      runs.back().record.probe_samples = 1;
      runs.back().record.every = steps;
      runs.back().record.metrics = runs.back().record.layers = false;
      runs.back().train.steps = steps;
      change(runs.back());
    }
    std::vector<const RunSpec*> specs;
    for (const RunSpec& run : runs) specs.push_back(&run);
    auto pack = make_pack<float>(specs, std::vector(lanes, data_), simd_, engine_);
    const auto train = [&] { train_pack<float>(pack, std::atomic<bool>(false)); };
    const double all = seconds_of(train), updates = static_cast<double>(pack.steps * lanes);
    pack.steps = 0;  // what begins and ends a training
    return (all - seconds_of(train)) / updates;
  }

 private:
  ReferenceNetwork network_;
  std::shared_ptr<const Dataset<float>> data_;
  SimdTarget simd_;
  Engine engine_;
};

std::vector<FeatureTiming> time_features(const std::vector<ReferenceNetwork>& networks, SimdTarget simd,
                                         const std::vector<ActivationTiming>& activations) {
  const auto slowest =
      std::ranges::min_element(activations, [](const ActivationTiming& a, const ActivationTiming& b) {
        return 1 / a.forward + 1 / a.backward > 1 / b.forward + 1 / b.backward;
      });
  const auto on = [&](std::size_t i, Engine engine) { return FeatureBench(networks[i], simd, engine); };
  const FeatureBench lanes = on(kMedium, Engine::kLanes), wide = on(kMedium, Engine::kWide);
  std::vector<FeatureTiming> timings;
  for (const Feature& feature : features(values_of<Activation>()[slowest - activations.begin()]))
    timings.push_back({feature.name, lanes.ratio(feature), wide.ratio(feature)});
  for (std::size_t i = 0; i <= kLarge; ++i)
    timings.push_back({"recording, " + networks[i].name, on(i, Engine::kLanes).recording_ratio(),
                       on(i, Engine::kWide).recording_ratio()});
  return timings;
}

// What experiments/slow-regression trains, in 20,000 steps instead of a million.
double time_slow_regression(const ReferenceNetwork& network, SimdTarget simd, Engine engine) {
  const FeatureBench bench(network, simd, engine);
  double best = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kTrials; ++trial)
    best = std::min(best, bench.seconds([&](RunSpec& run) {
      run.data.kind = DataKind::kSlowlyChangingRegression;
      run.data.dimensions = network.inputs;
      run.data.bin = 2'000;
      run.train.steps = run.record.every = 20'000;
    }));
  return best;
}

}  // namespace

Benchmark run_benchmark(SimdTarget simd, bool whole) {
  Benchmark benchmark{simd, 0, {}, {}, {}};
  const auto time = [&](const ReferenceNetwork& network, Engine engine, std::size_t threads) {
    benchmark.peak_gflops = std::max(benchmark.peak_gflops, measure_peak_gflops(simd));
    PackBench packs(network, simd, engine, threads);
    NetworkTiming timing{network.name, engine, packs.lanes(), threads};
    if (network.is_experiment)
      timing.seconds_a_step = time_slow_regression(network, simd, engine);
    else
      timing.seconds_a_step = best_seconds([&](std::uint64_t steps) { packs.train(steps); }) /
                              static_cast<double>(timing.runs * threads);
    timing.gflops = network.flops_a_step() / timing.seconds_a_step * 1e-9;
    const Engine chosen =
        faster_engine(network_shape(reference_run(network, 0).model, network.inputs, network.outputs),
                      network.batch_size, timing.runs, lane_count<float>(simd), sizeof(float));
    timing.chosen = chosen == engine;
    benchmark.networks.push_back(timing);
    return chosen;
  };
  const std::vector<ReferenceNetwork> networks = {{"tiny", 1, 1, std::vector<std::size_t>(10, 2), 128},
                                                  {"small", 2, 1, {16, 16}, 32},
                                                  {"medium", 64, 10, {64, 64, 64}, 64},
                                                  {"large", 784, 10, {256, 256, 256}, 128},
                                                  {"online", 20, 1, {5}, 1},
                                                  {"slow-regression", 20, 1, {5}, 1, true}};
  for (const ReferenceNetwork& network : networks) {
    if (network.is_experiment && !whole) continue;
    const Engine chosen = time(network, Engine::kLanes, 1);
    time(network, Engine::kWide, 1);
    if (usable_processors() > 1 && !network.is_experiment) time(network, chosen, usable_processors());
  }
  for (NetworkTiming& timing : benchmark.networks)
    timing.peak_share = timing.gflops / (benchmark.peak_gflops * static_cast<double>(timing.threads));
  if (!whole) return benchmark;
  for (const Activation kind : values_of<Activation>())
    benchmark.activations.push_back(time_activation(kind, simd));
  benchmark.features = time_features(networks, simd, benchmark.activations);
  return benchmark;
}

}  // namespace deadrelu
