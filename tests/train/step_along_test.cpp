// SGD that takes its step at the end of the gradients' sums, in place of keeping them, does what it does with gradients in
// memory, to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "pack_testing.h"

namespace deadrelu {
namespace {

template <class T>
class StepAlong : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(StepAlong, Precisions);

using RunChange = std::function<void(RunSpec&)>;

// Parameters and gradient exceed any L1 cache, and the inputs of the second layer are whole vectors.
RunSpec large_run(std::uint64_t seed, const RunChange& change) {
  RunSpec run = small_run(seed);
  run.model.hidden = {160, 128};
  run.train.optimizer.learning_rate = 0.01 * static_cast<double>(seed + 1);
  run.record.units = false;
  change(run);
  return run;
}
std::vector<RunSpec> large_runs(Engine engine, const RunChange& change) {
  std::vector<RunSpec> runs;
  for (std::uint64_t seed = 0; seed < (engine == Engine::kWide ? 1 : 3); ++seed)
    runs.push_back(large_run(seed, change));
  return runs;
}

// The second layer's first weight, of the first lane: NaN while its gradient has not been worked out.
template <class T>
T gradient_of_second_layer(const Pack<T>& pack, const Trainer<T>& trainer) {
  const std::size_t at = pack.network.shape.layers[1][BlockKind::kWeights].offset;
  return trainer.state().gradient[at * pack.network.kernels.lanes];
}

// A trainer that works out gradients at every third step only, beside one that always does. blocks: of a batch.
template <class T>
void expect_same_learning(const Pack<T>& pack, std::uint64_t steps, std::size_t blocks = 1) {
  Trainer<T> along(pack), apart(pack);
  for (std::uint64_t step = 0; step < steps; ++step) {
    for (Trainer<T>* each : {&along, &apart}) each->poison_workspace();
    std::size_t seen = 0;
    along.compute_loss(step, [&](const BatchBlock<T>&) { ++seen; });
    ASSERT_EQ(seen, blocks);
    ASSERT_TRUE(blocks > 1 || std::isnan(gradient_of_second_layer(pack, along))) << "it was worked out";
    apart.compute_gradient(step);
    if (step % 3 == 2) {
      along.complete_gradient();
      ASSERT_TRUE(same_bits(along.state().gradient, apart.state().gradient)) << "step " << step;
    }
    for (Trainer<T>* each : {&along, &apart}) each->update();
    const TrainingState<T>&a = along.state(), &b = apart.state();
    ASSERT_TRUE(same_bits(a.batch_loss, b.batch_loss)) << "step " << step;
    ASSERT_TRUE(same_bits(a.parameters, b.parameters)) << "step " << step;
    for (std::size_t lane = 0; lane < pack.used_lanes; ++lane)
      ASSERT_EQ(a.diverged(lane), b.diverged(lane)) << "step " << step;
  }
}

std::vector<RunChange> run_changes() {
  std::vector<RunChange> all = {[](RunSpec& run) {
                                  run.train.batch_size = 1;
                                  run.model.skip = true;
                                },
                                [](RunSpec& run) { run.train.batch_size = 13; },
                                [](RunSpec& run) { run.model.bias = run.model.output_bias = false; },
                                [](RunSpec& run) {
                                  run.model.hidden = {160, 128, 3, 16, 9};
                                },
                                [](RunSpec& run) { run.model.dropout = 0.25; },
                                [](RunSpec& run) {
                                  run.model.hidden = {160, 160};
                                  run.model.skip = true;
                                },
                                [](RunSpec& run) { run.model.output_activation.kind = Activation::kTanh; },
                                [](RunSpec& run) { run.model.activation.at_zero = 0.5; },
                                [](RunSpec& run) { run.train.schedule.kind = Schedule::kCosine; }};
  for (const Activation kind : values_of<Activation>())
    all.push_back([kind](RunSpec& run) {
      run.model.activation.kind = kind;
      if (kind == Activation::kPrelu) run.model.activation.slope = 0.25;
    });
  for (const Normalization kind : values_of<Normalization>())
    for (const Position position : values_of<Position>())
      all.push_back([kind, position](RunSpec& run) {
        run.model.normalization.kind = kind;
        run.model.normalization.position = position;
      });
  return all;
}

TYPED_TEST(StepAlong, has_the_bits_of_one_that_follows_the_gradient) {
  using T = TypeParam;
  const SharedData<T> data = make_examples<T>(20);
  for (const SimdTarget target : available_simd())
    for (const Engine engine : values_of<Engine>())
      for (std::size_t i = 0; i < run_changes().size(); ++i) {
        SCOPED_TRACE(::testing::Message() << name_of(target) << " " << name_of(engine) << ", change " << i);
        expect_same_learning(pack_of<T>(large_runs(engine, run_changes()[i]), data, target, engine), 4);
      }
}

TYPED_TEST(StepAlong, goes_with_the_last_block_of_a_batch) {
  using T = TypeParam;
  for (const Engine engine : values_of<Engine>()) {
    const auto pack = pack_of<T>(large_runs(engine, [](RunSpec& run) { run.train.batch_size = 2000; }),
                                 make_examples<T>(2000), available_simd()[0], engine);
    const std::size_t block = block_size<T>(pack.network, 2000);
    ASSERT_LT(block, 2000u);
    expect_same_learning(pack, 3, (2000 + block - 1) / block);
  }
}

TYPED_TEST(StepAlong, that_makes_a_run_diverge_shows_at_the_same_step) {
  using T = TypeParam;
  for (const Engine engine : values_of<Engine>()) {
    std::vector<RunSpec> runs = large_runs(engine, [](RunSpec&) {});
    runs.back().train.optimizer.learning_rate = 1e30;
    const auto pack = pack_of<T>(runs, make_examples<T>(20), available_simd()[0], engine);
    expect_same_learning(pack, 8);
    const std::vector<RunRecord> records = trained(pack);
    for (std::size_t lane = 0; lane < records.size(); ++lane)
      EXPECT_EQ(records[lane].outcome.status == RunStatus::kDiverged, lane + 1 == records.size());
  }
}

// Who wants the whole gradient, or more of the optimizer, gets it.
TEST(StepAlongs, are_not_taken_where_something_else_takes_part) {
  const auto general = [](const RunChange& change) {
    const auto pack = pack_of<float>({large_run(0, change)}, make_examples<float>(20));
    Trainer<float> trainer(pack);
    trainer.poison_workspace();
    trainer.compute_loss(0, [](const BatchBlock<float>&) {});
    return !std::isnan(gradient_of_second_layer(pack, trainer));
  };
  EXPECT_FALSE(general([](RunSpec&) {}));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.optimizer.momentum = 0.9; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.optimizer.weight_decay = 0.1; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.clip_norm = 1; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.clip_value = 1; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.freeze = {1}; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.remedy.penalty.kind = Penalty::kL1; }));
  for (const Optimizer kind : values_of<Optimizer>())
    EXPECT_EQ(general([kind](RunSpec& run) { run.train.optimizer.kind = kind; }), kind != Optimizer::kSgd);
}

// Recorded at every step, a run keeps every gradient.
template <class T>
void expect_same_end(const std::string& what, Engine engine, const RunChange& change) {
  SCOPED_TRACE(what + ", engine " + std::string(name_of(engine)));
  std::vector<RunRecord> records[2];
  for (const bool always : {false, true}) {
    std::vector<RunSpec> runs = large_runs(engine, change);
    for (RunSpec& run : runs) run.record.every = always ? 1 : 20;
    records[always ? 1 : 0] =
        trained(pack_of<T>(runs, make_examples<T>(40, 3, 1, true), available_simd()[0], engine));
  }
  for (std::size_t lane = 0; lane < records[0].size(); ++lane) {
    const RunRecord &some = records[0][lane], &all = records[1][lane];
    const ParameterSet &a = some.parameters.back().parameters, &b = all.parameters.back().parameters;
    for (std::size_t l = 0; l < a.layers.size(); ++l) EXPECT_EQ(a.layers[l].blocks, b.layers[l].blocks) << l;
    EXPECT_EQ(some.outcome.test_loss, all.outcome.test_loss);
    ASSERT_EQ(some.tasks.size(), all.tasks.size());
    for (std::size_t t = 0; t < some.tasks.size(); ++t) EXPECT_EQ(some.tasks[t].loss, all.tasks[t].loss);
    ASSERT_EQ(all.metrics.size(), 41u);
    for (const MetricsRow& row : some.metrics) {
      const MetricsRow& other = all.metrics[static_cast<std::size_t>(row.step)];
      EXPECT_EQ(row.grad_norm, other.grad_norm) << row.step;
      EXPECT_EQ(row.train_loss, other.train_loss) << row.step;
    }
  }
}

TYPED_TEST(StepAlong, leads_where_a_run_leads_that_is_recorded_all_along) {
  using T = TypeParam;
  for (const Engine engine : values_of<Engine>()) {
    for (const ResetRule rule : values_of<ResetRule>())
      expect_same_end<T>(std::string(name_of(rule)), engine, [rule](RunSpec& run) {
        run.remedy.reset.rule = rule;
        run.remedy.reset.every = 7;
      });
    for (const TaskChange change : values_of<TaskChange>())
      expect_same_end<T>(std::string(name_of(change)), engine, [change](RunSpec& run) {
        run.data.tasks = {.change = change, .steps = 6, .ramp = 3};
      });
    for (const DeathWatch watch : values_of<DeathWatch>())
      expect_same_end<T>(std::string(name_of(watch)), engine,
                         [watch](RunSpec& run) { run.record.deaths = watch; });
    expect_same_end<T>("remedies", engine, [](RunSpec& run) {
      run.remedy.clip_weights.kappa = 2;
      run.remedy.perturb = {.noise = 1e-3, .every = 3};
      run.remedy.lift.every = 5;
    });
  }
}

}  // namespace
}  // namespace deadrelu
