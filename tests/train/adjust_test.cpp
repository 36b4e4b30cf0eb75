// Initial parameters that are adjusted to the training examples: what each way guarantees, exactly.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "train/pack_testing.h"

namespace deadrelu {
namespace {

constexpr std::size_t kExamples = 60;

// Networks of ReLUs most of which are born dead, measured at step 0 on all training examples.
RunSpec born_dead(Adjust kind, std::uint64_t seed) {
  RunSpec run = small_run(seed);
  run.model.hidden = {4, 3, 5, 4};
  run.init.hidden.bias = {.kind = BiasInit::kNormal, .mean = -0.5, .std = 1};
  run.init.adjust.kind = kind;
  run.train.steps = 0;
  return run;
}
template <class T>
std::vector<RunRecord> measured(const std::vector<RunSpec>& runs, Engine engine = Engine::kLanes) {
  return trained(pack_of<T>(runs, make_examples<T>(kExamples), available_simd()[0], engine));
}
std::vector<RunSpec> some_runs(const RunSpec& run) {
  std::vector<RunSpec> runs(4, run);
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].seed = run.seed + i;
  return runs;
}

template <class T>
class Adjustment : public ::testing::Test {};
using Kinds = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Adjustment, Kinds);

// The share of examples that excite every layer up to the k-th is 2^−k at least; each of them is among those that
// excite the k-th one (1 − dead_input_fraction).
TYPED_TEST(Adjustment, sign_flip_leaves_a_share_of_two_to_the_minus_k_alive) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 0; seed < 80; seed += 4) {
    for (const RunRecord& record : measured<TypeParam>(some_runs(born_dead(Adjust::kSignFlip, seed))))
      for (const LayerRow& row : record.layers)
        EXPECT_TRUE(row.layer > 4 ||
                    1 - row.dead_input_fraction >= std::ldexp(1.0, -static_cast<int>(row.layer)));
    for (const RunRecord& record : measured<TypeParam>(some_runs(born_dead(Adjust::kNone, seed))))
      for (const LayerRow& row : record.layers)
        lost += row.layer <= 4 && 1 - row.dead_input_fraction < std::ldexp(1.0, -static_cast<int>(row.layer));
  }
  EXPECT_GT(lost, 0u);
}

TYPED_TEST(Adjustment, unit_flip_leaves_a_unit_dead_only_where_nothing_comes_from_below) {
  for (std::uint64_t seed = 0; seed < 40; seed += 4) {
    for (const RunRecord& record : measured<TypeParam>(some_runs(born_dead(Adjust::kUnitFlip, seed)))) {
      for (const UnitRow& row : record.units) {
        EXPECT_EQ(row.dead, 0);
        EXPECT_GE(row.active_fraction, 0.5);
      }
    }
  }
}

TYPED_TEST(Adjustment, data_bias_leaves_no_unit_dead) {
  for (std::uint64_t seed = 0; seed < 40; seed += 4) {
    RunSpec run = born_dead(Adjust::kDataBias, seed);
    std::size_t high = 0;
    for (const RunRecord& record : measured<TypeParam>(some_runs(run))) {
      for (const UnitRow& row : record.units) EXPECT_EQ(row.dead, 0);
    }
    // The unit is as high as |ε| on its example, so with a large deviation active nearly everywhere.
    run.init.adjust.std = 1e4;
    for (const RunRecord& record : measured<TypeParam>(some_runs(run)))
      for (const UnitRow& row : record.units) high += row.layer == 1 && row.always_active != 0;
    EXPECT_GE(high, 4u * 3);
  }
}

TYPED_TEST(Adjustment, quantile_bias_makes_every_unit_active_on_exactly_its_share) {
  for (const double share : {1.0 / 60, 0.05, 0.31, 0.5, 1.0}) {
    for (std::uint64_t seed = 0; seed < 12; seed += 4) {
      RunSpec run = born_dead(Adjust::kQuantileBias, seed);
      run.init.adjust.active = share;
      for (const RunRecord& record : measured<TypeParam>(some_runs(run))) {
        for (const UnitRow& row : record.units) {
          // Above the first layer the examples of a silent layer below are all alike.
          const double expected = std::ceil(share * 60 - 1e-9) / 60;
          EXPECT_TRUE(row.layer > 1 || row.active_fraction == expected) << row.active_fraction;
          EXPECT_GE(row.active_fraction, expected);
        }
      }
    }
  }
}

TYPED_TEST(Adjustment, lsuv_brings_every_layer_to_a_deviation_of_one) {
  for (std::uint64_t seed = 0; seed < 12; seed += 4) {
    RunSpec run = born_dead(Adjust::kLsuv, seed);
    run.init.hidden.weights.kind = WeightInit::kOrthogonal;
    run.init.hidden.bias = run.init.output.bias = {};
    run.init.hidden.gain = 5;
    run.init.adjust.tolerance = 0.02;
    for (const RunRecord& record : measured<TypeParam>(some_runs(run))) {
      ASSERT_EQ(record.failure, "");
      for (const LayerRow& row : record.layers)
        EXPECT_TRUE(row.layer > 4 || std::abs(row.preactivation_std - 1) <= 0.0201) << row.layer;
      EXPECT_NEAR(record.metrics[0].output_std, 1, 0.5);
    }
  }
}

TEST(Adjustment, lsuv_stops_with_a_sentence_where_nothing_varies) {
  std::vector<RunSpec> runs(2, born_dead(Adjust::kLsuv, 0));
  runs[0].init.hidden.bias = {.kind = BiasInit::kConstant, .value = -1e6};
  runs[1].init.hidden.bias = {};
  const auto records = measured<float>(runs);
  EXPECT_NE(records[0].failure.find("layer 2"), std::string::npos) << records[0].failure;
  EXPECT_EQ(records[1].failure, "");
  expect_same_record(records[1], measured<float>({runs[1]})[0]);
}

TEST(Adjustment, runs_that_differ_in_it_share_a_pack_and_keep_their_bits) {
  std::vector<RunSpec> runs;
  for (const Adjust kind : values_of<Adjust>()) runs.push_back(born_dead(kind, 1));
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    const auto together = measured<float>(runs);
    for (std::size_t i = 0; i < runs.size(); ++i)
      expect_same_record(together[i], measured<float>({runs[i]}, engine)[0]);
  }
}

// Of two rows w and −w without biases, each example excites exactly one.
TEST(Adjustment, mirrored_pairs_need_none) {
  RunSpec run = born_dead(Adjust::kNone, 0);
  run.init.hidden.weights.kind = WeightInit::kMirrored;
  run.init.hidden.bias = {};
  run.model.hidden = {6};
  for (const RunRecord& record : measured<float>(some_runs(run)))
    for (std::size_t u = 0; u < 6; u += 2)
      EXPECT_FLOAT_EQ(record.units[u].active_fraction + record.units[u + 1].active_fraction, 1) << u;
}

}  // namespace
}  // namespace deadrelu
