// A step on one example that leaves no gradient behind does what the passes one after the other do, to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "pack_testing.h"

namespace deadrelu {
namespace {

template <class T>
class OneExampleOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(OneExampleOf, Precisions);

// Runs of one form that differ in every number of the optimizer that a pack lets differ.
std::vector<RunSpec> one_example_runs(Optimizer kind, const std::vector<std::size_t>& hidden, bool plain) {
  std::vector<RunSpec> runs;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    RunSpec run = small_run(seed);
    run.model.hidden = hidden;
    run.model.bias = hidden.size() != 2;
    run.train.batch_size = 1;
    run.train.optimizer = {.kind = kind, .learning_rate = 0.02 * static_cast<double>(seed + 1)};
    if (!plain) {
      run.train.optimizer.momentum = seed == 0 ? 0 : 0.9;
      run.train.optimizer.nesterov = seed == 2 && kind == Optimizer::kSgd;
      run.train.optimizer.weight_decay = seed == 1 ? 0 : 0.01;
      run.train.schedule.kind = Schedule::kCosine;
    }
    runs.push_back(run);
  }
  return runs;
}

// A trainer whose steps work out gradients at every `every`-th step only, beside one that always does.
template <class T>
void expect_same_steps(const Pack<T>& pack, std::uint64_t every) {
  Trainer<T> alone(pack), whole(pack);
  for (std::uint64_t step = 0; step < 30; ++step) {
    for (Trainer<T>* each : {&alone, &whole}) each->poison_workspace();
    alone.compute_loss(step, [](const BatchBlock<T>&) {});
    ASSERT_TRUE(std::isnan(alone.state().gradient[0])) << "the gradient was worked out";
    if (step % every == every - 1) alone.complete_gradient();
    whole.compute_gradient(step);
    ASSERT_FALSE(std::isnan(whole.state().gradient[0]) && std::isfinite(whole.state().batch_loss[0]));
    for (Trainer<T>* each : {&alone, &whole}) each->update();
    const TrainingState<T>&a = alone.state(), &b = whole.state();
    ASSERT_TRUE(same_bits(a.batch_loss, b.batch_loss)) << "step " << step;
    ASSERT_TRUE(same_bits(a.parameters, b.parameters)) << "step " << step;
    ASSERT_TRUE(same_bits(a.first_moment, b.first_moment) && same_bits(a.second_moment, b.second_moment));
    for (std::size_t lane = 0; lane < pack.used_lanes; ++lane)
      ASSERT_EQ(a.diverged(lane), b.diverged(lane)) << "step " << step;
  }
}

TYPED_TEST(OneExampleOf, is_learned_from_with_the_bits_of_the_general_step) {
  using T = TypeParam;
  const std::vector<std::vector<std::size_t>> networks = {{}, {5}, {7, 1}, {17, 33, 9}, {40}};
  for (const SimdTarget target : available_simd())
    for (const Engine engine : values_of<Engine>())
      for (const Optimizer kind : values_of<Optimizer>())
        for (const auto& hidden : networks)
          for (const bool plain : {true, false}) {
            std::vector<RunSpec> runs = one_example_runs(kind, hidden, plain);
            if (engine == Engine::kWide) runs = {runs[2]};
            const auto pack = pack_of<T>(runs, make_examples<T>(20), target, engine);
            expect_same_steps(pack, 4);
          }
}

TYPED_TEST(OneExampleOf, that_makes_a_run_diverge_shows_at_the_same_step) {
  using T = TypeParam;
  for (const Engine engine : values_of<Engine>()) {
    std::vector<RunSpec> runs = one_example_runs(Optimizer::kSgd, {5}, true);
    runs[1].train.optimizer.learning_rate = 1e30;
    if (engine == Engine::kWide) runs = {runs[1]};
    const auto pack = pack_of<T>(runs, make_examples<T>(20), available_simd()[0], engine);
    expect_same_steps(pack, 1000);
    const std::vector<RunRecord> records = trained(pack);
    for (std::size_t lane = 0; lane < records.size(); ++lane)
      EXPECT_EQ(records[lane].outcome.status == RunStatus::kDiverged, runs.size() == 1 || lane == 1);
  }
}

// What takes the whole gradient, or other passes, gets them.
TEST(OneExample, is_learned_from_in_the_general_way_where_something_else_takes_part) {
  const auto general = [](const auto& change) {
    RunSpec run = one_example_runs(Optimizer::kAdam, {5, 5}, true)[0];
    change(run);
    const auto pack = pack_of<float>({run}, make_examples<float>(20));
    Trainer<float> trainer(pack);
    trainer.poison_workspace();
    trainer.compute_loss(0, [](const BatchBlock<float>&) {});
    return !std::isnan(trainer.state().gradient[0]);
  };
  EXPECT_FALSE(general([](RunSpec&) {}));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.batch_size = 2; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.clip_norm = 1; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.clip_value = 1; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.train.freeze = {1}; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.model.dropout = 0.5; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.model.skip = true; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.model.normalization.kind = Normalization::kLayerNorm; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.model.activation.at_zero = 0.5; }));
  EXPECT_TRUE(general([](RunSpec& run) { run.remedy.penalty.kind = Penalty::kL1; }));
  for (const Activation kind : values_of<Activation>())
    EXPECT_EQ(general([kind](RunSpec& run) { run.model.activation.kind = kind; }), kind != Activation::kRelu);
}

// Recorded at every step, a run takes the general way all along.
TYPED_TEST(OneExampleOf, leads_where_a_run_leads_that_is_recorded_all_along) {
  using T = TypeParam;
  for (const Engine engine : values_of<Engine>()) {
    for (const ResetRule rule : values_of<ResetRule>()) {
      std::vector<RunRecord> records[2];
      for (const bool always : {false, true}) {
        RunSpec run = one_example_runs(Optimizer::kAdam, {6, 5}, false)[2];
        run.record.every = always ? 1 : 20;
        run.remedy.reset.rule = rule;
        run.remedy.clip_weights.kappa = 2;
        run.remedy.perturb = {.noise = 1e-3, .every = 7};
        records[always ? 1 : 0] =
            trained(pack_of<T>({run}, make_examples<T>(20, 0, 1, true), available_simd()[0], engine));
      }
      const auto last = [](const RunRecord& record) -> const ParameterSet& {
        return record.parameters.back().parameters;
      };
      for (std::size_t l = 0; l < 3; ++l)
        EXPECT_EQ(last(records[0][0]).layers[l].blocks, last(records[1][0]).layers[l].blocks)
            << name_of(rule);
      EXPECT_EQ(records[0][0].outcome.test_loss, records[1][0].outcome.test_loss);
    }
  }
}

}  // namespace
}  // namespace deadrelu
