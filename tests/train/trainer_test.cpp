#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "train/pack_testing.h"

namespace deadrelu {
namespace {

template <class T>
class TrainerOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(TrainerOf, Precisions);

// Run specs that between them reach every branch of a training step.
std::vector<RunSpec> varied_runs() {
  std::vector<RunSpec> runs;
  const auto add = [&](const std::function<void(RunSpec&)>& change) {
    runs.push_back(small_run(runs.size()));
    change(runs.back());
  };
  add([](RunSpec&) {});
  add([](RunSpec& run) { run.model.activation.kind = Activation::kRrelu; });
  add([](RunSpec& run) { run.model.activation = {.kind = Activation::kPrelu, .slope = 0.25}; });
  add([](RunSpec& run) { run.model.activation = {.kind = Activation::kMaxout, .pieces = 2}; });
  add([](RunSpec& run) {
    run.model.activation.kind = Activation::kCrelu;
    run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01, .weight_decay = 0.01};
    run.train.clip_norm = 0.1;
    run.train.sampling = Sampling::kWithReplacement;
  });
  add([](RunSpec& run) {
    run.model.activation.kind = Activation::kGelu;
    run.train.optimizer = {.kind = Optimizer::kRmsprop, .learning_rate = 0.001, .momentum = 0.5};
    run.train.sampling = Sampling::kSequential;
    run.train.schedule.kind = Schedule::kCosine;
  });
  add([](RunSpec& run) {
    run.train.optimizer = {.kind = Optimizer::kAdamw, .learning_rate = 0.01, .weight_decay = 0.1};
    run.train.batch_size = 0;
    run.model.bias = false;
  });
  add([](RunSpec& run) {
    run.train.optimizer = {.momentum = 0.9, .nesterov = true};
    run.model.hidden.clear();
  });
  for (const Normalization norm : values_of<Normalization>())
    for (const Position position : values_of<Position>())
      add([=](RunSpec& run) {
        run.model.hidden = {6, 6};
        run.model.normalization = {.kind = norm, .position = position};
        run.model.skip = position == Position::kAfterActivation;
        run.model.dropout = position == Position::kAfterActivation ? 0 : 0.25;
      });
  return runs;
}

// More examples than any block holds.
constexpr std::size_t kManySamples = 530;

template <class T>
std::vector<T> parameters_after(const Pack<T>& pack, std::uint64_t steps, bool poisoned) {
  Trainer<T> trainer(pack);
  for (std::uint64_t step = 0; step < steps; ++step) {
    if (poisoned) trainer.poison_workspace();
    trainer.compute_gradient(step);
    trainer.update();
  }
  return {
      trainer.state().parameters.data(),
      trainer.state().parameters.data() + pack.network.shape.parameter_count * pack.network.kernels.lanes};
}

TYPED_TEST(TrainerOf, what_the_workspace_held_before_never_matters) {
  using T = TypeParam;
  for (const RunSpec& run : varied_runs()) {
    const auto pack = pack_of<T>({run}, make_examples<T>(kManySamples));
    const auto clean = parameters_after(pack, 20, false);
    EXPECT_EQ(parameters_after(pack, 20, true), clean) << "run " << run.seed;
    EXPECT_TRUE(std::all_of(clean.begin(), clean.end(), [](T value) { return std::isfinite(value); }));
  }
}

TYPED_TEST(TrainerOf, frozen_layers_keep_their_parameters_under_every_optimizer) {
  using T = TypeParam;
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    for (const Optimizer kind : values_of<Optimizer>()) {
      RunSpec run = small_run(3);
      run.model.activation = {.kind = Activation::kPrelu, .slope = 0.25};
      run.train.optimizer = {.kind = kind, .learning_rate = 0.01, .weight_decay = 0.1, .momentum = 0.9};
      run.train.clip_norm = 0.5;
      run.train.freeze = {1, 3};
      const auto pack = pack_of<T>({run}, make_examples<T>(kManySamples), available_simd()[0], engine);
      const std::size_t lanes = pack.network.kernels.lanes;
      Trainer<T> trainer(pack);
      const auto read = [&] {
        return lane_parameters(pack.network.shape, trainer.state().parameters.data(), lanes, 0).layers;
      };
      const auto before = read();
      for (std::uint64_t step = 0; step < 20; ++step) {
        trainer.compute_gradient(step);
        const auto gradient =
            lane_parameters(pack.network.shape, trainer.state().gradient.data(), lanes, 0).layers;
        for (const double g : gradient[0][BlockKind::kWeights]) ASSERT_EQ(g, 0);
        trainer.update();
      }
      const auto after = read();
      for (std::size_t l = 0; l < after.size(); ++l)
        for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
          for (std::size_t i = 0; i < after[l].blocks[k].size(); ++i)
            ASSERT_EQ(after[l].blocks[k][i] == before[l].blocks[k][i], l != 1)
                << name_of(kind) << " layer " << l << " block " << k << " number " << i;
    }
  }
}

// The gradient of a batch that needs several blocks is that of all its samples in one.
TYPED_TEST(TrainerOf, the_size_of_a_block_never_matters) {
  using T = TypeParam;
  for (RunSpec run : varied_runs()) {
    // What is drawn is the trainer's own.
    if (run.model.activation.kind == Activation::kRrelu || run.model.dropout > 0) continue;
    run.train.batch_size = 0;
    run.train.sampling = Sampling::kSequential;
    const auto data = make_examples<T>(kManySamples);
    const auto pack = pack_of<T>({run}, data);
    Trainer<T> trainer(pack);
    ASSERT_EQ(trainer.activations().max_samples() < kManySamples, !pack.network.shape.couples_samples());
    trainer.compute_gradient(0);

    const Network<T>& network = pack.network;
    const std::size_t lanes = network.kernels.lanes, last = network.shape.layers.size() - 1;
    const Activations<T> activations(network, kManySamples);
    const BlockBuffer<T> buffer(network, kManySamples);
    const Block<T> block = buffer.block(kManySamples);
    std::vector<std::uint32_t> indices(kManySamples * lanes);
    for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint32_t>(i / lanes);
    const std::vector<const Split<T>*> splits(lanes, &data->train);
    gather<T>(network.kernels, splits, indices.data(), block.inputs, block.targets);
    std::vector<double> sums(lanes);
    Buffer<T> gradient(network.shape.parameter_count * lanes);
    Buffer<T> slope_sums(network.shape.layers.size() * highest_row_count(network.shape) * lanes);
    forward<T>(network, trainer.state().parameters.data(), block.inputs, Mode::kTrain, activations);
    network.kernels.loss->evaluate(run.train.loss, activations.output(last, kManySamples), block.targets,
                                   static_cast<T>(1.0 / static_cast<double>(kManySamples)), sums.data(),
                                   activations.output_gradient(kManySamples));
    backward<T>(network, trainer.state().parameters.data(), block.inputs, Mode::kTrain, true, activations,
                gradient.data(), slope_sums.data());
    finish_gradient(network, slope_sums.data(), gradient.data());
    EXPECT_EQ(trainer.state().batch_loss[0], sums[0] / kManySamples);
    EXPECT_TRUE(
        std::equal(gradient.data(), gradient.data() + gradient.size(), trainer.state().gradient.data()))
        << run.seed;
  }
}

// Neighbours of one pack: every number that may differ does, and every lane has a data set of its own.
template <class T>
struct Neighbours {
  explicit Neighbours(const RunSpec& base, std::size_t count) {
    for (std::uint64_t lane = 0; lane < count; ++lane) {
      RunSpec run = base;
      run.seed = 100 + lane;
      run.train.optimizer.learning_rate *= 1 + 0.1 * static_cast<double>(lane);
      run.train.optimizer.momentum = lane % 3 == 1 ? 0.5 : 0;
      run.train.optimizer.weight_decay = lane % 3 == 2 ? 0.01 : 0;
      run.train.clip_norm = lane % 2 == 1 ? 0.5 : 0;
      run.train.schedule.kind = lane % 2 == 0 ? Schedule::kCosine : Schedule::kConstant;
      run.model.activation.slope = 0.05 * static_cast<double>(lane + 1);
      run.model.activation.at_zero = lane % 2 == 0 ? 0 : 1;
      run.model.normalization.epsilon *= static_cast<double>(lane + 1);
      run.model.normalization.momentum *= 1 + 0.1 * static_cast<double>(lane);
      run.model.dropout *= 1 + 0.1 * static_cast<double>(lane);
      run.init.hidden.bias.value = 0.1 * static_cast<double>(lane);
      runs.push_back(run);
      data.push_back(make_examples<T>(60, 0, static_cast<std::uint32_t>(lane + 1), true));
    }
  }
  std::vector<RunSpec> runs;
  std::vector<SharedData<T>> data;
};

TYPED_TEST(TrainerOf, a_run_alone_is_the_run_in_a_full_pack) {
  using T = TypeParam;
  for (const RunSpec& base : varied_runs()) {
    const Neighbours<T> all(base, lane_count<T>(available_simd()[0]));
    const auto together = trained(pack_of<T>(all.runs, all.data));
    ASSERT_EQ(together.size(), all.runs.size());
    for (std::size_t lane = 0; lane < all.runs.size(); ++lane) {
      SCOPED_TRACE("run " + std::to_string(base.seed) + " lane " + std::to_string(lane));
      const auto alone = trained(pack_of<T>({all.runs[lane]}, all.data[lane]));
      ASSERT_EQ(alone.size(), 1U);
      ASSERT_NO_FATAL_FAILURE(expect_same_record(alone[0], together[lane]));
    }
  }
}

TYPED_TEST(TrainerOf, the_lane_of_a_run_never_matters) {
  using T = TypeParam;
  const Neighbours<T> all(small_run(), lane_count<T>(available_simd()[0]));
  const auto records = trained(pack_of<T>(all.runs, all.data));
  for (std::size_t shift = 1; shift < all.runs.size(); ++shift) {
    Neighbours<T> turned = all;
    std::rotate(turned.runs.begin(), turned.runs.begin() + static_cast<std::ptrdiff_t>(shift),
                turned.runs.end());
    std::rotate(turned.data.begin(), turned.data.begin() + static_cast<std::ptrdiff_t>(shift),
                turned.data.end());
    const auto others = trained(pack_of<T>(turned.runs, turned.data));
    for (std::size_t lane = 0; lane < records.size(); ++lane)
      ASSERT_NO_FATAL_FAILURE(expect_same_record(others[lane], records[(lane + shift) % records.size()]));
  }
}

TYPED_TEST(TrainerOf, every_target_gives_the_same_bits) {
  using T = TypeParam;
  for (const RunSpec& run : varied_runs()) {
    const auto data = make_examples<T>(kManySamples);
    const auto expected = trained(pack_of<T>({run}, data));
    for (const SimdTarget target : available_simd()) {
      SCOPED_TRACE(std::string(name_of(target)) + " run " + std::to_string(run.seed));
      ASSERT_NO_FATAL_FAILURE(expect_same_record(trained(pack_of<T>({run}, data, target))[0], expected[0]));
    }
  }
}

TYPED_TEST(TrainerOf, a_diverging_run_leaves_its_neighbours_alone) {
  using T = TypeParam;
  constexpr std::size_t kDiverging = 1;  // a pack has at least two lanes
  for (const RunSpec& base : varied_runs()) {
    SCOPED_TRACE("run " + std::to_string(base.seed));
    Neighbours<T> all(base, lane_count<T>(available_simd()[0]));
    const auto calm = trained(pack_of<T>(all.runs, all.data));
    all.runs[kDiverging].train.optimizer.learning_rate = sizeof(T) == sizeof(float) ? 1e30 : 1e200;
    const auto records = trained(pack_of<T>(all.runs, all.data));
    for (std::size_t lane = 0; lane < records.size(); ++lane) {
      if (lane == kDiverging) continue;
      ASSERT_NO_FATAL_FAILURE(expect_same_record(records[lane], calm[lane]));
    }
    const auto alone = trained(pack_of<T>({all.runs[kDiverging]}, all.data[kDiverging]));
    ASSERT_NO_FATAL_FAILURE(expect_same_record(alone[0], records[kDiverging]));
    EXPECT_EQ(records[kDiverging].outcome.status, RunStatus::kDiverged);
  }
}

TYPED_TEST(TrainerOf, recording_never_changes_what_is_learned) {
  using T = TypeParam;
  for (RunSpec run : varied_runs()) {
    const auto data = make_examples<T>(60, 0, 1, true);
    run.record.every = 1;
    run.record.probe_split = ProbeSplit::kTest;
    const auto watched = trained(pack_of<T>({run}, data))[0];
    run.record.every = run.train.steps;
    run.record.metrics = run.record.layers = run.record.units = false;
    const auto unwatched = trained(pack_of<T>({run}, data))[0];
    ASSERT_EQ(watched.parameters.size(), 1U);
    for (std::size_t l = 0; l < watched.parameters[0].parameters.layers.size(); ++l) {
      EXPECT_EQ(watched.parameters[0].parameters.layers[l][BlockKind::kWeights],
                unwatched.parameters[0].parameters.layers[l][BlockKind::kWeights]);
      EXPECT_EQ(watched.parameters[0].parameters.layers[l][BlockKind::kBias],
                unwatched.parameters[0].parameters.layers[l][BlockKind::kBias]);
    }
    EXPECT_EQ(watched.outcome.train_loss, unwatched.outcome.train_loss);
    EXPECT_TRUE(unwatched.metrics.empty() && unwatched.layers.empty() && unwatched.units.empty());
  }
}

TYPED_TEST(TrainerOf, every_seed_draws_its_own_random_slopes) {
  using T = TypeParam;
  RunSpec run = small_run(1), other = small_run(2);
  run.model.activation = other.model.activation = {.kind = Activation::kRrelu, .lower = 0.1, .upper = 0.9};
  const ParameterSet start = [&] {
    const auto pack = pack_of<T>({run}, make_examples<T>(30));
    return lane_parameters(pack.network.shape, initial_parameters(pack).data(), pack.network.kernels.lanes,
                           0);
  }();
  run.initial = other.initial = std::make_shared<ParameterSet>(start);
  run.train.batch_size = other.train.batch_size = 0;
  const auto pack = pack_of<T>({run, other}, make_examples<T>(30));
  Trainer<T> trainer(pack);
  trainer.compute_gradient(0);
  EXPECT_NE(trainer.state().batch_loss[0], trainer.state().batch_loss[1]);
  const double first = trainer.state().batch_loss[0];
  trainer.compute_gradient(1);  // the same batch and parameters, other slopes
  EXPECT_NE(trainer.state().batch_loss[0], first);
}

// A hidden unit whose pre-activation is −1 on an example puts out −slope: the draws are uniform in [lower,
// upper).
TYPED_TEST(TrainerOf, random_slopes_are_uniform_between_their_bounds) {
  using T = TypeParam;
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = data->outputs = 1;
  data->train = {1, Buffer<T>(1), Buffer<T>(1)};
  RunSpec run;
  run.model.hidden = {1};
  run.model.activation = {.kind = Activation::kRrelu, .lower = 0.25, .upper = 0.75};
  run.model.output_bias = false;
  run.train.loss = Loss::kMae;  // |−slope − 0|
  run.train.batch_size = 1;
  run.initial = std::make_shared<ParameterSet>(
      ParameterSet{{LayerParameters{1, 1, {{{0}, {-1}, {}}}}, LayerParameters{1, 1, {{{1}, {}, {}}}}}});
  const auto pack = pack_of<T>({run}, SharedData<T>(data));
  Trainer<T> trainer(pack);
  constexpr int kDraws = 20000;
  double sum = 0, squares = 0, low = 1, high = 0;
  for (int i = 0; i < kDraws; ++i) {
    trainer.compute_gradient(static_cast<std::uint64_t>(i));
    const double slope = trainer.state().batch_loss[0];
    sum += slope;
    squares += (slope - 0.5) * (slope - 0.5);
    low = std::min(low, slope);
    high = std::max(high, slope);
  }
  EXPECT_GE(low, 0.25);
  EXPECT_LE(high, 0.75);
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * 0.5 / std::sqrt(12.0 * kDraws));
  EXPECT_NEAR(squares / kDraws, 0.25 / 12, 4 * 0.25 * std::sqrt(1.0 / 180 / kDraws));
}

TYPED_TEST(TrainerOf, a_set_stop_flag_ends_the_training_without_records) {
  using T = TypeParam;
  const auto pack = pack_of<T>({small_run()}, make_examples<T>(30));
  const std::atomic<bool> stop = true;
  EXPECT_TRUE(train_pack(pack, stop).empty());
}

}  // namespace
}  // namespace deadrelu
