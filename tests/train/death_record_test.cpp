// The table deaths of whole runs, against the tables units and layers and the parameters at every recorded step.
#include "train/death_record.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "pack_testing.h"
#include "reference/reference_network.h"

namespace deadrelu {
namespace {

// Large steps on narrow layers, so that units die and come back.
RunSpec restless_run(const ActivationSpec& activation = {}, std::uint64_t seed = 0) {
  RunSpec run = small_run(seed);
  run.model.activation = activation;
  run.init.hidden.bias.std = run.init.output.bias.std = 0.5;
  run.train.optimizer.learning_rate = 0.6;
  run.train.precision = Precision::kFloat64;
  run.record.every = 4;
  run.record.deaths = DeathWatch::kRecords;
  return run;
}

// By step, layer and unit.
std::map<std::array<std::int64_t, 3>, UnitRow> unit_rows(const RunRecord& record) {
  std::map<std::array<std::int64_t, 3>, UnitRow> rows;
  for (const UnitRow& row : record.units) rows[{row.step, row.layer, row.unit}] = row;
  return rows;
}

TEST(DeathRecord, has_a_row_for_every_unit_that_changes_between_two_records) {
  std::int64_t deaths = 0, revivals = 0;
  const auto data = make_examples<double>(30);
  std::vector<RunSpec> runs;
  for (std::uint64_t seed = 0; seed < 2; ++seed) runs.push_back(restless_run({}, seed));
  for (const RunRecord& record : trained(pack_of<double>(runs, data))) {
    const auto units = unit_rows(record);
    std::map<std::array<std::int64_t, 3>, UnitEvent> expected;
    for (const auto& [place, row] : units) {
      const auto& [step, layer, unit] = place;
      if (step == 0) continue;
      const UnitRow& before = units.at({step - 4, layer, unit});
      if (before.dead != row.dead) expected[place] = row.dead == 1 ? UnitEvent::kDeath : UnitEvent::kRevival;
    }
    std::map<std::array<std::int64_t, 3>, UnitEvent> found;
    for (const DeathRow& row : record.deaths) {
      EXPECT_TRUE(found.insert({{row.to_step, row.layer, row.unit}, row.event}).second);
      EXPECT_EQ(row.from_step, row.to_step - 4);
      EXPECT_EQ(row.max_before, units.at({row.from_step, row.layer, row.unit}).preactivation_max);
      EXPECT_EQ(row.max_after, units.at({row.to_step, row.layer, row.unit}).preactivation_max);
      EXPECT_TRUE(std::isnan(row.last_step_share));
    }
    EXPECT_EQ(found, expected);
    std::map<UnitEvent, std::int64_t> counts;
    for (const auto& [place, event] : found) ++counts[event];
    EXPECT_EQ(counts[UnitEvent::kDeath], record.outcome.deaths);
    EXPECT_EQ(counts[UnitEvent::kRevival], record.outcome.revivals);
    deaths += counts[UnitEvent::kDeath];
    revivals += counts[UnitEvent::kRevival];
  }
  EXPECT_GT(deaths, 3);
  EXPECT_GT(revivals, 1);
}

// The parameters after so many updates: a run's first steps do not depend on how many follow.
ParameterSet parameters_at(RunSpec run, const SharedData<double>& data, std::int64_t step) {
  run.train.steps = static_cast<std::uint64_t>(step);
  run.record.deaths = DeathWatch::kNone;
  return trained(pack_of<double>({run}, data)).at(0).parameters.back().parameters;
}

reference::Matrix inputs_of(const Dataset<double>& data) {
  return Eigen::Map<const reference::Matrix>(data.train.inputs.data(), static_cast<Eigen::Index>(data.inputs),
                                             static_cast<Eigen::Index>(data.train.samples));
}

struct Alternative {
  double peak;
  bool dead;
};

// What the unit is with some of its weights (bit 0), bias (1) and activations below (2) as in the second network.
std::array<Alternative, 8> alternatives(const RunSpec& run, const reference::Layers (&networks)[2],
                                        const reference::Matrix& inputs, std::size_t layer,
                                        Eigen::Index unit) {
  const reference::Trace traces[2]{reference::forward(run.model, networks[0], inputs),
                                   reference::forward(run.model, networks[1], inputs)};
  const Eigen::Index pieces =
      run.model.activation.kind == Activation::kMaxout ? run.model.activation.pieces : 1;
  std::array<Alternative, 8> result{};
  for (std::size_t v = 0; v < 8; ++v) {
    const reference::Matrix z =
        (networks[v & 1][layer].weights.middleRows(unit * pieces, pieces) * traces[v >> 2].inputs[layer])
            .colwise() +
        networks[v >> 1 & 1][layer].bias.segment(unit * pieces, pieces);
    const reference::Matrix largest = z.colwise().maxCoeff();
    result[v] = {largest.maxCoeff(), true};
    for (Eigen::Index n = 0; n < largest.cols(); ++n) {
      const double x = largest(0, n);
      result[v].dead &=
          (run.model.activation.kind == Activation::kMaxout
               ? x
               : reference::activation_value(run.model.activation, networks[1][layer].slope, x)) == 0;
    }
  }
  return result;
}

std::array<double, 3> mean_over_the_orders(const std::array<Alternative, 8>& versions) {
  std::array<std::size_t, 3> order{0, 1, 2};
  std::array<double, 3> shares{};
  do {
    std::size_t there = 0;
    for (const std::size_t player : order) {
      const std::size_t with = there | std::size_t{1} << player;
      shares[player] += (versions[with].peak - versions[there].peak) / 6;
      there = with;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return shares;
}

Cause cause_of(const std::array<Alternative, 8>& versions, bool death) {
  std::vector<Cause> alone;
  if (versions[1].dead == death) alone.push_back(Cause::kWeights);
  if (versions[2].dead == death) alone.push_back(Cause::kBias);
  if (versions[4].dead == death) alone.push_back(Cause::kBelow);
  return alone.empty() ? Cause::kJoint : alone.size() > 1 ? Cause::kAny : alone[0];
}

TEST(DeathRecord, shares_and_causes_follow_from_the_parameters_at_the_two_records) {
  std::map<Cause, int> seen;
  const auto data = make_examples<double>(30);
  for (const Activation kind :
       {Activation::kRelu, Activation::kRelu6, Activation::kHardSwish, Activation::kHardSigmoid}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      RunSpec run = restless_run({.kind = kind}, seed);
      if (kind != Activation::kRelu) {
        run.init.hidden.bias.std = 2;
        run.train.optimizer.learning_rate = 0.3;
      }
      const RunRecord record = trained(pack_of<double>({run}, data)).at(0);
      for (const DeathRow& row : record.deaths) {
        SCOPED_TRACE(std::string(name_of(kind)) + ", step " + std::to_string(row.to_step) + ", layer " +
                     std::to_string(row.layer) + ", unit " + std::to_string(row.unit));
        const reference::Layers networks[2]{reference::layers_from(parameters_at(run, data, row.from_step)),
                                            reference::layers_from(parameters_at(run, data, row.to_step))};
        const auto versions = alternatives(run, networks, inputs_of(*data),
                                           static_cast<std::size_t>(row.layer - 1), row.unit - 1);
        const auto shares = mean_over_the_orders(versions);
        double tolerance = 1e-12;
        for (const Alternative& version : versions)
          tolerance = std::max(tolerance, 1e-12 * std::abs(version.peak));
        EXPECT_NEAR(row.max_before, versions[0].peak, tolerance);
        EXPECT_NEAR(row.max_after, versions[7].peak, tolerance);
        EXPECT_NEAR(row.share_weights, shares[0], tolerance);
        EXPECT_NEAR(row.share_bias, shares[1], tolerance);
        EXPECT_NEAR(row.share_below, shares[2], tolerance);
        EXPECT_NEAR(row.share_weights + row.share_bias + row.share_below, row.max_after - row.max_before,
                    tolerance);
        EXPECT_EQ(row.cause, cause_of(versions, row.event == UnitEvent::kDeath));
        if (row.layer == 1) {
          EXPECT_EQ(row.share_below, 0.0);
        }
        ++seen[row.cause];
      }
    }
  }
  EXPECT_EQ(seen.size() + 1, kNames<Cause>.size());  // kNone: of resets
}

// A reset is a row of its own, with shares and no cause; who lives after it has not come back by himself.
TEST(DeathRecord, a_unit_that_was_reset_has_a_row_for_that_and_is_not_revived) {
  const auto data = make_examples<double>(30);
  std::size_t cured = 0, fresh_and_dead = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    RunSpec run = restless_run({}, seed);
    run.remedy.reset = {.rule = ResetRule::kRandom, .every = run.record.every, .fraction = 0.4};
    const RunRecord record = trained(pack_of<double>({run}, data)).at(0);
    const auto units = unit_rows(record);
    std::map<std::array<std::int64_t, 3>, std::set<UnitEvent>> events;
    for (const DeathRow& row : record.deaths) {
      const std::array place{row.to_step, row.layer, row.unit};
      EXPECT_TRUE(events[place].insert(row.event).second);
      EXPECT_EQ(row.cause == Cause::kNone, row.event == UnitEvent::kReset);
      EXPECT_NEAR(row.share_weights + row.share_bias + row.share_below, row.max_after - row.max_before,
                  1e-12);
    }
    for (const LayerRow& layer : record.layers) {
      if (layer.resets == kMissingInteger) continue;
      std::int64_t resets = 0, died = 0, revived = 0;
      for (std::int64_t unit = 1; unit <= layer.units; ++unit) {
        const std::set<UnitEvent>& seen = events[{layer.step, layer.layer, unit}];
        const bool was_reset = seen.contains(UnitEvent::kReset);
        resets += was_reset;
        died += seen.contains(UnitEvent::kDeath);
        revived += seen.contains(UnitEvent::kRevival);
        if (layer.step == 0) continue;
        const bool was = units.at({layer.step - 4, layer.layer, unit}).dead == 1,
                   is = units.at({layer.step, layer.layer, unit}).dead == 1;
        EXPECT_EQ(seen.contains(UnitEvent::kDeath), !was && is);
        EXPECT_EQ(seen.contains(UnitEvent::kRevival), was && !is && !was_reset);
        cured += was && !is && was_reset;
        fresh_and_dead += !was && is && was_reset;
      }
      EXPECT_EQ(layer.resets, resets);  // none is reset twice between two records
      EXPECT_EQ(layer.died, died);
      EXPECT_EQ(layer.revived, revived);
    }
  }
  EXPECT_GT(cured, 0U);
  EXPECT_GT(fresh_and_dead, 0U);
}

// Whatever stands between the layers, the peaks are those that the units' table has. Behind a normalization they hang
// on other units too, and are taken apart no further.
TEST(DeathRecord, knows_normalized_skipping_and_dropping_layers) {
  const auto data = make_examples<double>(30);
  std::size_t taken_apart = 0, others = 0;
  for (const Normalization kind : values_of<Normalization>()) {
    for (const Position position : values_of<Position>()) {
      for (const Activation activation : {Activation::kRelu, Activation::kMaxout, Activation::kRelu6}) {
        const bool is_whole = kind == Normalization::kNone || position == Position::kAfterActivation;
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
          RunSpec run = restless_run({.kind = activation}, seed);
          run.model.hidden = {5, 5};
          run.model.normalization = {.kind = kind, .position = position};
          run.model.skip = seed % 2 == 0;
          run.model.dropout = seed < 2 ? 0.3 : 0;
          run.train.batch_size = 15;
          run.train.optimizer.learning_rate = is_whole ? 0.2 : 2;
          run.record.deaths = DeathWatch::kEveryStep;
          const RunRecord record = trained(pack_of<double>({run}, data)).at(0);
          const auto units = unit_rows(record);
          for (const DeathRow& row : record.deaths) {
            ++(is_whole ? taken_apart : others);
            EXPECT_EQ(row.max_before, units.at({row.from_step, row.layer, row.unit}).preactivation_max);
            EXPECT_EQ(row.max_after, units.at({row.to_step, row.layer, row.unit}).preactivation_max);
            EXPECT_FALSE(std::isnan(row.last_step_share));
            const double change = row.max_after - row.max_before,
                         sum = row.share_weights + row.share_bias + row.share_below;
            if (!is_whole) {
              EXPECT_FALSE(std::isfinite(row.share_weights) || std::isfinite(row.share_bias) ||
                           std::isfinite(row.share_below));
              EXPECT_EQ(row.cause, Cause::kNone);
            } else {
              EXPECT_EQ(row.cause == Cause::kNone, !std::isfinite(sum));  // some of these runs explode
              if (row.cause == Cause::kNone) continue;
              const double largest = std::max(
                  {1.0, std::abs(row.share_weights), std::abs(row.share_bias), std::abs(row.share_below)});
              EXPECT_NEAR(sum, change, 1e-11 * largest);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(taken_apart, 10U);
  EXPECT_GT(others, 10U);
}

// One example: a step changes z by −ηδ(‖x‖² + 1), of which the weights have ‖x‖² and the bias 1.
TEST(DeathRecord, with_one_example_the_weights_share_is_that_of_the_bias_times_its_square) {
  auto data = std::make_shared<Dataset<double>>();
  data->inputs = 3;
  data->outputs = 1;
  data->train = {1, Buffer<double>(3), Buffer<double>(1)};
  const double x[] = {0.5, -1.25, 2};
  std::copy_n(x, 3, data->train.inputs.data());
  data->train.targets[0] = -40;
  RunSpec run = restless_run();
  run.model.hidden = {8};
  run.train.batch_size = 1;
  run.train.steps = run.record.every = 1;
  run.train.optimizer.learning_rate = 0.5;
  const RunRecord record = trained(pack_of<double>({run}, SharedData<double>(data))).at(0);
  ASSERT_GE(record.deaths.size(), 2U);
  for (const DeathRow& row : record.deaths) {
    EXPECT_NEAR(row.share_weights / row.share_bias, 0.5 * 0.5 + 1.25 * 1.25 + 2 * 2, 1e-12);
    EXPECT_EQ(row.share_below, 0.0);
  }
}

TEST(DeathRecord, frozen_layers_die_of_what_is_below_and_layers_without_bias_not_of_it) {
  const auto data = make_examples<double>(30);
  std::size_t rows = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    RunSpec run = restless_run({}, seed);
    run.train.freeze = {2};
    const RunRecord frozen = trained(pack_of<double>({run}, data)).at(0);
    for (const DeathRow& row : frozen.deaths) {
      if (row.layer != 2) continue;
      ++rows;
      EXPECT_EQ(row.cause, Cause::kBelow);
      EXPECT_EQ(row.share_weights, 0.0);
      EXPECT_EQ(row.share_bias, 0.0);
    }
    run = restless_run({}, seed);
    run.model.bias = false;
    const RunRecord unbiased = trained(pack_of<double>({run}, data)).at(0);
    for (const DeathRow& row : unbiased.deaths) {
      ++rows;
      EXPECT_EQ(row.share_bias, 0.0);
      if (row.layer == 1) {
        EXPECT_EQ(row.cause, Cause::kWeights);
      }
    }
  }
  EXPECT_GT(rows, 5U);
}

// Nothing learns, and the inputs change: whatever dies dies of the data.
TEST(DeathRecord, a_change_of_task_that_nobody_learns_from_is_below_everything) {
  RunSpec run = restless_run();
  run.train.optimizer.learning_rate = 0;
  run.init.hidden.bias.value = -0.6;
  run.init.hidden.bias.kind = BiasInit::kConstant;
  run.model.hidden = {40, 20};
  run.data.tasks = {.change = TaskChange::kPermuteInputs, .steps = 6};
  const RunRecord record = trained(pack_of<double>({run}, make_examples<double>(6))).at(0);
  ASSERT_GT(record.deaths.size(), 5U);
  std::set<std::int64_t> layers;
  for (const DeathRow& row : record.deaths) {
    layers.insert(row.layer);
    EXPECT_EQ(row.cause, Cause::kBelow);
    EXPECT_EQ(row.share_weights, 0.0);
    EXPECT_EQ(row.share_bias, 0.0);
    EXPECT_DOUBLE_EQ(row.share_below, row.max_after - row.max_before);
  }
  EXPECT_EQ(layers.size(), 2U);
}

TEST(DeathRecord, the_last_steps_share_is_that_of_the_update_that_crossed_over) {
  RunSpec run = restless_run();
  const auto data = make_examples<double>(30);
  run.record.deaths = DeathWatch::kEveryStep;
  const RunRecord record = trained(pack_of<double>({run}, data)).at(0);
  run.record.every = 1;
  const auto units = unit_rows(trained(pack_of<double>({run}, data)).at(0));
  ASSERT_GT(record.deaths.size(), 3U);
  int at_one_blow = 0;
  for (const DeathRow& row : record.deaths) {
    const auto at = [&](std::int64_t step) { return units.at({step, row.layer, row.unit}); };
    std::int64_t t = row.to_step;
    while (at(t - 1).dead == at(row.to_step).dead) --t;
    ASSERT_GT(t, row.from_step);
    const double before = at(row.from_step).preactivation_max, after = at(t).preactivation_max;
    EXPECT_EQ(row.last_step_share, (at(t - 1).preactivation_max - after) / (before - after));
    at_one_blow += t == row.from_step + 1;
    if (t == row.from_step + 1) {
      EXPECT_EQ(row.last_step_share, 1);
    }
  }
  EXPECT_GT(at_one_blow, 0);
}

// Who watches changes nothing else.
TEST(DeathRecord, a_run_whose_deaths_are_recorded_has_the_other_tables_of_one_whose_are_not) {
  const auto data = make_examples<float>(30);
  for (const bool layers : {true, false}) {
    RunSpec run = restless_run();
    run.train.precision = Precision::kFloat32;
    run.record.layers = layers;
    run.record.deaths = DeathWatch::kNone;
    const RunRecord without = trained(pack_of<float>({run}, data)).at(0);
    EXPECT_TRUE(without.deaths.empty());
    for (const DeathWatch watch : {DeathWatch::kRecords, DeathWatch::kEveryStep}) {
      run.record.deaths = watch;
      RunRecord with = trained(pack_of<float>({run}, data)).at(0);
      EXPECT_FALSE(with.deaths.empty());
      with.deaths.clear();
      ASSERT_NO_FATAL_FAILURE(expect_same_record(with, without));
    }
  }
}

TEST(DeathRecord, without_hidden_layers_nobody_dies) {
  RunSpec run = restless_run();
  run.model.hidden.clear();
  for (const DeathWatch watch : values_of<DeathWatch>()) {
    run.record.deaths = watch;
    EXPECT_TRUE(trained(pack_of<double>({run}, make_examples<double>(9))).at(0).deaths.empty());
  }
}

}  // namespace
}  // namespace deadrelu
