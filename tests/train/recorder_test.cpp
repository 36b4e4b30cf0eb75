#include "train/recorder.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"

namespace deadrelu {
namespace {

// 2-3-2, trained by small full-batch steps.
RunSpec narrow_network(std::uint64_t steps) {
  RunSpec spec = untrained({3});
  spec.train.steps = steps;
  spec.train.optimizer.learning_rate = 1e-3;
  return spec;
}

std::vector<std::int64_t> recorded_steps(const RunSpec& spec) {
  const RunRecord record = train_one<float>(spec, make_examples<float>(waves(8, 1)));
  std::vector<std::int64_t> steps;
  for (const MetricsRow& row : record.metrics) steps.push_back(row.step);
  return steps;
}

using Steps = std::vector<std::int64_t>;

TEST(Recorder, step_0_and_the_last_step_are_always_recorded) {
  RunSpec spec = narrow_network(10);
  spec.record.every = 4;
  EXPECT_EQ(recorded_steps(spec), (Steps{0, 4, 8, 10}));
  spec.record.every = 5;
  EXPECT_EQ(recorded_steps(spec), (Steps{0, 5, 10}));
  spec.record.every = 1000;
  EXPECT_EQ(recorded_steps(spec), (Steps{0, 10}));
  spec.record.every = 0;
  spec.record.steps = {3, 7};
  EXPECT_EQ(recorded_steps(spec), (Steps{0, 3, 7, 10}));
  spec.record.steps.clear();
  spec.record.log_count = 2;
  EXPECT_EQ(recorded_steps(spec), (Steps{0, 1, 10}));
}

TEST(Recorder, no_steps_means_the_initialization_alone) {
  const RunRecord record = train_one<float>(narrow_network(0), make_examples<float>(waves(8, 1)));
  ASSERT_EQ(record.metrics.size(), 1U);
  EXPECT_EQ(record.layers.size(), 2U);
  EXPECT_EQ(record.units.size(), 3U);
  EXPECT_EQ(record.outcome.steps, 0);
  EXPECT_EQ(record.outcome.train_loss, record.outcome.train_loss_initial);
  EXPECT_EQ(record.outcome.deaths, 0);
  EXPECT_FALSE(std::isnan(record.layers[0].update_ratio)) << "the update that is measured and not kept";
}

TEST(Recorder, the_last_update_is_measured_and_not_kept) {
  RunSpec spec = narrow_network(3);
  spec.record.parameters_final = true;
  const auto data = make_examples<double>(waves(8, 1));
  const ParameterSet with_layers = train_one<double>(spec, data).parameters.at(0).parameters;
  spec.record.layers = false;
  const ParameterSet without = train_one<double>(spec, data).parameters.at(0).parameters;
  for (std::size_t l = 0; l < 2; ++l)
    EXPECT_EQ(with_layers.layers[l][BlockKind::kWeights], without.layers[l][BlockKind::kWeights]);
}

TEST(Recorder, only_the_tables_asked_for_have_rows) {
  const auto data = make_examples<float>(waves(8, 1));
  RunSpec spec = narrow_network(2);
  const RunRecord all = train_one<float>(spec, data);
  for (int tables = 0; tables < 8; ++tables) {
    spec.record.metrics = (tables & 1) != 0;
    spec.record.layers = (tables & 2) != 0;
    spec.record.units = (tables & 4) != 0;
    const RunRecord record = train_one<float>(spec, data);
    EXPECT_EQ(record.metrics.size(), spec.record.metrics ? all.metrics.size() : 0);
    EXPECT_EQ(record.layers.size(), spec.record.layers ? all.layers.size() : 0);
    ASSERT_EQ(record.units.size(), spec.record.units ? all.units.size() : 0);
    EXPECT_TRUE(record.parameters.empty());
    EXPECT_EQ(record.outcome.train_loss, all.outcome.train_loss);
    EXPECT_EQ(record.outcome.dead_fraction, all.outcome.dead_fraction);
    for (std::size_t u = 0; u < record.units.size(); ++u) {
      EXPECT_EQ(record.units[u].layer, 1);
      EXPECT_EQ(record.units[u].grad_norm, all.units[u].grad_norm);
    }
  }
}

TEST(Recorder, the_effective_rank_is_there_where_it_is_asked_for) {
  RunSpec spec = narrow_network(0);
  const auto data = make_examples<float>(waves(8, 1));
  EXPECT_TRUE(std::isnan(train_one<float>(spec, data).layers[0].effective_rank));
  spec.record.effective_rank = true;
  const double of_all = train_one<float>(spec, data).layers[0].effective_rank;
  EXPECT_GT(of_all, 1.01);
  spec.record.rank_samples = 8;
  EXPECT_EQ(train_one<float>(spec, data).layers[0].effective_rank, of_all);
  spec.record.rank_samples = 1;
  EXPECT_NEAR(train_one<float>(spec, data).layers[0].effective_rank, 1, 1e-6);
}

TEST(Recorder, the_output_layer_has_a_row_with_the_unit_columns_empty) {
  const RunRecord record = train_one<float>(narrow_network(0), make_examples<float>(waves(8, 1)));
  const LayerRow& row = record.layers[1];
  EXPECT_EQ(row.layer, 2);
  EXPECT_EQ(row.units, 2);
  for (const double empty :
       {row.dead_fraction, row.never_active_fraction, row.rarely_active_fraction, row.dormant_fraction,
        row.saturated_fraction, row.zero_gradient_fraction, row.dead_input_fraction, row.sparsity,
        row.activation_mean, row.activation_std, row.preactivation_mean, row.preactivation_std,
        row.preactivation_max_min, row.effective_rank}) {
    EXPECT_TRUE(std::isnan(empty));
  }
  EXPECT_EQ(row.died, kMissingInteger);
  EXPECT_EQ(row.revived, kMissingInteger);
  for (const double there : {row.grad_norm, row.grad_norm_weights, row.grad_norm_bias, row.grad_rms,
                             row.weight_norm, row.bias_mean, row.update_ratio}) {
    EXPECT_FALSE(std::isnan(there));
  }
}

TEST(Recorder, a_linear_model_has_an_output_layer_and_no_units) {
  RunSpec spec = narrow_network(2);
  spec.model.hidden = {};
  const RunRecord record = train_one<float>(spec, make_examples<float>(waves(8, 1)));
  ASSERT_EQ(record.layers.size(), 2U);
  EXPECT_EQ(record.layers[0].layer, 1);
  EXPECT_TRUE(record.units.empty());
  EXPECT_TRUE(std::isnan(record.outcome.dead_fraction));
  EXPECT_EQ(record.outcome.born_dead, 0);
  EXPECT_EQ(record.outcome.dead_layers, 0);
}

TEST(Recorder, epochs_count_batches_and_learning_rates_follow_the_schedule) {
  RunSpec spec = narrow_network(6);
  spec.train.batch_size = 3;  // of 8: 3 batches an epoch
  spec.train.schedule.kind = Schedule::kStep;
  spec.train.schedule.every = 2;
  spec.train.schedule.gamma = 0.5;
  spec.record.every = 1;
  const RunRecord record = train_one<float>(spec, make_examples<float>(waves(8, 1)));
  ASSERT_EQ(record.metrics.size(), 7U);
  const double rates[] = {1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4};
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(record.metrics[i].epoch, static_cast<double>(i) / 3);
    EXPECT_EQ(record.metrics[i].learning_rate, rates[i]);
  }
}

TEST(Recorder, snapshots_hold_the_first_and_the_last_parameters) {
  RunSpec spec = narrow_network(4);
  spec.record.parameters_initial = spec.record.parameters_final = true;
  const auto data = make_examples<float>(waves(8, 1));
  const RunRecord record = train_one<float>(spec, data);
  ASSERT_EQ(record.parameters.size(), 2U);
  EXPECT_EQ(record.parameters[0].step, 0);
  EXPECT_EQ(record.parameters[1].step, 4);
  EXPECT_TRUE(record.parameters[0].single);
  RunSpec start = spec;
  start.train.steps = 0;
  const RunRecord untouched = train_one<float>(start, data);
  EXPECT_EQ(record.parameters[0].parameters.layers[0][BlockKind::kWeights],
            untouched.parameters[1].parameters.layers[0][BlockKind::kWeights]);
  EXPECT_NE(record.parameters[1].parameters.layers[1][BlockKind::kWeights],
            untouched.parameters[1].parameters.layers[1][BlockKind::kWeights]);
  EXPECT_FALSE(train_one<double>(spec, make_examples<double>(waves(8, 1))).parameters[0].single);
}

TEST(Recorder, the_probe_may_look_at_the_test_split) {
  // The only unit is dead on the training input and alive on the test input.
  RunSpec spec = untrained({1});
  spec.initial = network_of({layer_of({{1}}, {0}), layer_of({{1}}, {0})});
  const auto data = make_examples<double>({{{-1}}, {{0}}}, {{{1}, {2}}, {{0}, {0}}});
  const RunRecord train = train_one<double>(spec, data);
  EXPECT_EQ(train.outcome.dead_fraction, 1);
  EXPECT_EQ(train.outcome.born_dead, 1);
  EXPECT_EQ(train.outcome.collapsed, 1);
  spec.record.probe_split = ProbeSplit::kTest;
  const RunRecord test = train_one<double>(spec, data);
  EXPECT_EQ(test.outcome.dead_fraction, 0);
  EXPECT_EQ(test.layers[0].dead_fraction, 0);
  EXPECT_EQ(test.layers[0].preactivation_mean, 1.5);
  EXPECT_EQ(test.outcome.born_dead, 0);
  EXPECT_EQ(test.outcome.collapsed, 0);
  EXPECT_EQ(test.outcome.train_loss, train.outcome.train_loss);
}

// The first unit is dead, and what comes back to it through two huge weights overflows.
template <class T>
void expect_that_infinity_above_a_dead_unit_does_no_harm(double huge) {
  RunSpec spec = untrained({2, 1});
  spec.train.precision = kPrecision<T>;
  spec.train.steps = 3;
  spec.train.optimizer.learning_rate = 1 / (huge * huge);
  spec.initial = network_of(
      {layer_of({{1}, {-1}}, {-5, 0}), layer_of({{huge, 0}}, {1 / huge}), layer_of({{huge}}, {0})});
  for (const Activation kind : {Activation::kRelu, Activation::kRelu6}) {
    spec.model.activation.kind = kind;
    const auto outcome = train_one<T>(spec, make_examples<T>({{{1}, {2}}, {{0}, {0}}})).outcome;
    EXPECT_EQ(outcome.status, RunStatus::kOk);
    EXPECT_EQ(outcome.train_loss, 1);
  }
}

TEST(Recorder, an_infinite_gradient_above_a_dead_unit_does_not_end_the_run) {
  expect_that_infinity_above_a_dead_unit_does_no_harm<float>(1e25);
  expect_that_infinity_above_a_dead_unit_does_no_harm<double>(1e160);
}

TEST(Recorder, one_wholly_dead_layer_makes_a_network_born_dead) {
  const auto born_dead = [](double second_layer_weight) {
    RunSpec spec = untrained({2, 1});
    spec.initial = network_of(
        {layer_of({{1}, {-1}}, {0, 0}), layer_of({{second_layer_weight, 0}}, {0}), layer_of({{1}}, {0})});
    return train_one<double>(spec, make_examples<double>({{{1}, {2}}, {{0}, {0}}})).outcome;
  };
  EXPECT_EQ(born_dead(1).born_dead, 0) << "one dead unit of two is no dead layer";
  EXPECT_EQ(born_dead(1).dead_layers, 0);
  EXPECT_EQ(born_dead(-1).born_dead, 1);
  EXPECT_EQ(born_dead(-1).dead_layers, 1);
}

TEST(Recorder, born_dead_is_about_step_0_and_dead_layers_about_the_end) {
  // The output weight is 1 and the target −10: a step of 0.1 moves the unit's bias by −2.4 and kills it.
  RunSpec spec = untrained({1});
  spec.initial = network_of({layer_of({{1}}, {0}), layer_of({{1}}, {0})});
  spec.train.steps = 1;
  spec.train.optimizer.learning_rate = 0.1;
  const RunRecord record = train_one<double>(spec, make_examples<double>({{{1}, {2}}, {{-10}, {-10}}}));
  EXPECT_EQ(record.outcome.born_dead, 0);
  EXPECT_EQ(record.outcome.dead_layers, 1);
  EXPECT_EQ(record.outcome.collapsed, 1);
  EXPECT_EQ(record.outcome.deaths, 1);
  EXPECT_EQ(record.outcome.dead_fraction_initial, 0);
  EXPECT_EQ(record.outcome.dead_fraction_max, 1);
}

TEST(Recorder, a_diverged_run_ends_without_final_values_and_leaves_its_neighbours_alone) {
  std::vector<RunSpec> specs(3, narrow_network(40));
  for (RunSpec& spec : specs) {
    spec.model.activation.kind = Activation::kLeakyRelu;
    spec.record.every = 2;
    spec.record.parameters_final = true;
  }
  specs[1].train.optimizer.learning_rate = 1e6;
  const auto data = make_examples<float>(waves(30, 1), waves(11, 2));
  const auto records = train_together<float>(specs, data);
  const RunOutcome& bad = records[1].outcome;
  EXPECT_EQ(bad.status, RunStatus::kDiverged);
  EXPECT_GT(bad.diverged_step, 0);
  EXPECT_LT(bad.diverged_step, 40);
  EXPECT_EQ(bad.steps, bad.diverged_step);
  for (const double missing : {bad.train_loss, bad.test_loss, bad.dead_fraction})
    EXPECT_TRUE(std::isnan(missing));
  EXPECT_EQ(bad.dead_layers, kMissingInteger);
  EXPECT_EQ(bad.collapsed, kMissingInteger);
  EXPECT_EQ(bad.train_loss_initial, records[0].outcome.train_loss_initial);
  EXPECT_EQ(bad.dead_fraction_initial, records[0].outcome.dead_fraction_initial);
  EXPECT_EQ(records[1].metrics.back().step, bad.diverged_step);
  EXPECT_EQ(records[1].layers.back().step, bad.diverged_step);
  EXPECT_TRUE(records[1].parameters.empty()) << "the run has no final parameters";
  const RunRecord alone = train_one<float>(specs[0], data);
  for (const std::size_t neighbour : {0, 2}) {
    const RunRecord& record = records[neighbour];
    EXPECT_EQ(record.outcome.status, RunStatus::kOk);
    EXPECT_EQ(record.outcome.train_loss, alone.outcome.train_loss);
    EXPECT_EQ(record.layers.back().grad_norm, alone.layers.back().grad_norm);
    EXPECT_EQ(record.layers.size(), alone.layers.size());
  }
}

// Layer l puts out 1e10^l on the input 1, and nothing on −1: float32 overflows in the fourth, whose infinity times 0
// weights is no number in the fifth.
TEST(Recorder, an_explosion_leaves_its_layers_behind) {
  RunSpec spec = untrained({2, 2, 2, 2, 2, 2});
  const LayerParameters grows = layer_of({{1e10, 0}, {0, 1e10}}, {0, 0});
  spec.initial = network_of({layer_of({{1e10}, {-1e10}}, {0, 0}), grows, grows, grows,
                             layer_of({{0, 0}, {0, 0}}, {1, -1}), grows, layer_of({{1, 1}}, {0})});
  spec.record.units = true;
  const RunRecord record = train_one<float>(spec, make_examples<float>({{{1}, {-1}}, {{0}, {0}}}));
  EXPECT_EQ(record.outcome.status, RunStatus::kDiverged);
  EXPECT_EQ(record.outcome.diverged_step, 0);
  EXPECT_EQ(record.outcome.steps, 0);
  ASSERT_EQ(record.metrics.size(), 1u);
  EXPECT_TRUE(std::isnan(record.metrics[0].dead_fraction));
  EXPECT_TRUE(std::isnan(record.metrics[0].output_max));
  EXPECT_TRUE(std::isfinite(record.metrics[0].weight_norm));
  ASSERT_EQ(record.layers.size(), 7u);
  ASSERT_EQ(record.units.size(), 12u);
  for (std::size_t l = 0; l < 6; ++l) {
    SCOPED_TRACE(l);
    const LayerRow& row = record.layers[l];
    const bool known = l < 4;  // signs of infinite numbers are known
    EXPECT_EQ(std::isfinite(row.activation_mean), l < 3);
    EXPECT_EQ(std::isfinite(row.activation_std), l < 3);
    EXPECT_EQ(std::isfinite(row.preactivation_std), l < 3);
    if (l < 3) {
      EXPECT_NEAR(row.activation_mean / std::pow(10, 10 * (static_cast<double>(l) + 1)), 0.5, 1e-5);
    }
    EXPECT_EQ(std::isfinite(row.dead_fraction), known);
    EXPECT_EQ(std::isfinite(row.saturated_pairs_fraction), known);
    EXPECT_EQ(row.died, known ? 0 : kMissingInteger);
    if (known) {
      EXPECT_EQ(row.dead_fraction, 0);
      EXPECT_EQ(row.saturated_pairs_fraction, 0.5);
    }
    EXPECT_EQ(record.units[2 * l].dead, known ? 0 : kMissingInteger);
    EXPECT_TRUE(std::isfinite(row.weight_norm));
  }
  EXPECT_FALSE(std::isfinite(record.outcome.train_loss_initial));
  EXPECT_TRUE(std::isnan(record.outcome.dead_fraction_initial));
  EXPECT_EQ(record.outcome.born_dead, kMissingInteger);
}

// Whether the step is a recorded one or not, and whatever stands beside it.
TEST(Recorder, the_step_that_overflows_is_recorded_as_far_as_it_is_finite) {
  std::vector<RunSpec> specs(3, narrow_network(40));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    specs[i].model.activation.kind = Activation::kLeakyRelu;
    specs[i].record.every = 1000;
    specs[i].seed = i;
    specs[i].train.optimizer.learning_rate = i == 0 ? 0.01 : 1e6;
  }
  const auto data = make_examples<float>(waves(30, 1), waves(11, 2));
  const auto records = train_together<float>(specs, data);
  EXPECT_EQ(records[0].outcome.status, RunStatus::kOk);
  EXPECT_EQ(records[0].metrics.size(), 2u);
  for (std::size_t i = 1; i < specs.size(); ++i) {
    const RunRecord alone = train_one<float>(specs[i], data);
    const RunRecord& record = records[i];
    ASSERT_EQ(record.outcome.status, RunStatus::kDiverged);
    ASSERT_EQ(record.metrics.size(), 2u);
    EXPECT_EQ(record.metrics[1].step, record.outcome.diverged_step);
    EXPECT_FALSE(std::isfinite(record.metrics[1].batch_loss));
    EXPECT_TRUE(std::isnan(record.layers.back().update_ratio));
    EXPECT_TRUE(std::isfinite(record.layers[record.layers.size() / 2].activation_mean)) << "the first layer";
    EXPECT_EQ(alone.layers.size(), record.layers.size());
    EXPECT_EQ(alone.layers[record.layers.size() / 2].activation_mean,
              record.layers[record.layers.size() / 2].activation_mean);
  }
}

TEST(Recorder, float32_gradients_of_1e_minus_30_are_not_zero) {
  // y = w·x with w = 1e-30, x = 1, target 0: d(y²)/dw = 2e-30.
  RunSpec spec = untrained({1});
  spec.initial = network_of({layer_of({{1e-30}}, {0}), layer_of({{1}}, {0})});
  const RunRecord record = train_one<float>(spec, make_examples<float>({{{1}}, {{0}}}));
  const LayerRow& hidden = record.layers[0];
  const double gradient = 2 * static_cast<double>(1e-30F);
  EXPECT_EQ(hidden.grad_norm_weights, gradient);
  EXPECT_EQ(hidden.grad_norm_bias, gradient);
  EXPECT_NEAR(hidden.grad_norm, std::sqrt(2) * gradient, 1e-44);
  EXPECT_NEAR(hidden.grad_rms, gradient, 1e-44);
  EXPECT_EQ(record.units[0].zero_gradient, 0);
  EXPECT_NEAR(record.units[0].grad_norm, std::sqrt(2) * gradient, 1e-44);
}

TEST(Recorder, runs_of_one_pack_may_have_thresholds_of_their_own) {
  std::vector<RunSpec> specs(2, narrow_network(0));
  specs[0].record.thresholds.rarely_active = 0;
  specs[1].record.thresholds.rarely_active = 1.1;
  const auto records = train_together<float>(specs, make_examples<float>(waves(30, 1)));
  EXPECT_EQ(records[0].layers[0].rarely_active_fraction, 0);
  EXPECT_EQ(records[1].layers[0].rarely_active_fraction, 1);
}

}  // namespace
}  // namespace deadrelu
