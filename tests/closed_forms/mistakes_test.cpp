// Mistakes that others made in counting dead units, each as the name of the test that catches it.
#include <gtest/gtest.h>

#include <cmath>

#include "probe/columns.h"
#include "probe/pack_testing.h"

namespace deadrelu {
namespace {

// One hidden layer without biases on the given inputs; targets are 0 and all output weights 1.
RunRecord layer_on(const std::vector<double>& weights, const PointList& inputs,
                   RunSpec spec = untrained({})) {
  spec.model.hidden = {weights.size()};
  PointList rows;
  for (const double weight : weights) rows.push_back({weight});
  spec.initial = network_of({layer_of(rows, std::vector<double>(weights.size(), 0)),
                             layer_of({std::vector<double>(weights.size(), 1)}, {0})});
  return train_one<double>(spec, make_examples<double>({inputs, PointList(inputs.size(), {0.0})}));
}

TEST(Mistakes, counting_before_the_relu) {
  // The first unit's pre-activation is −100: far from 0, and dead.
  const RunRecord record = layer_on({-100, 1}, {{1}, {2}});
  EXPECT_EQ(record.units[0].dead, 1);
  EXPECT_EQ(record.units[0].active_fraction, 0);
  EXPECT_EQ(record.units[0].dormant_score, 0);
  EXPECT_EQ(record.units[0].dormant, 1);
  EXPECT_EQ(record.layers[0].dead_fraction, 0.5);
  EXPECT_EQ(record.layers[0].sparsity, 0.5);
}

TEST(Mistakes, a_strict_less_than_against_the_layer_mean) {
  RunSpec spec = untrained({});
  spec.record.thresholds.dormant = 0;
  const RunRecord dead = layer_on({-1, -2, -3}, {{1}, {2}}, spec);
  EXPECT_EQ(dead.layers[0].dormant_fraction, 1)
      << "0 < 0 would report no dormant unit in a wholly dead layer";
  EXPECT_EQ(layer_on({-1, 2, 3, 1}, {{1}, {2}}, spec).layers[0].dormant_fraction, 0.25);
}

TEST(Mistakes, zero_divided_by_zero_in_the_dormant_score) {
  RunSpec spec = untrained({});
  spec.record.effective_rank = true;
  const RunRecord record = layer_on({-1, -2}, {{1}, {2}}, spec);
  for (const UnitRow& unit : record.units) {
    EXPECT_EQ(unit.dormant_score, 0);
    EXPECT_EQ(unit.dormant, 1);
  }
  EXPECT_EQ(record.layers[0].effective_rank, 0);
}

TEST(Mistakes, calling_the_share_of_zero_activations_dead_fraction) {
  // Both units are silent on half of the inputs, and neither is dead.
  const RunRecord record = layer_on({1, -1}, {{1}, {-1}, {2}, {-2}});
  EXPECT_EQ(record.layers[0].sparsity, 0.5);
  EXPECT_EQ(record.layers[0].dead_fraction, 0);
  EXPECT_EQ(record.outcome.dead_fraction, 0);
}

TEST(Mistakes, a_percentage_in_a_column_called_fraction) {
  const RunRecord record = layer_on({-1, -2, -3, 1}, {{1}, {2}});
  EXPECT_EQ(record.layers[0].dead_fraction, 0.75);
  EXPECT_EQ(record.metrics[0].dead_fraction, 0.75);
  const RunRecord dead = layer_on({-1, -2}, {{1}, {2}});
  const Table& layers = result_tables()[2];
  ASSERT_EQ(layers.name, "layers");
  for (const Column& column : layers.columns) {
    const std::string& name = column.info.name;
    if (!name.ends_with("_fraction") && name != "sparsity") continue;
    if (name.starts_with("certified_")) continue;  // missing: nobody asked for certificates
    const double share = name == "always_active_fraction" ? 0 : 1;
    EXPECT_EQ(column.read(dead.layers.data()), Cell(share)) << name << " of a layer where all is dead";
    EXPECT_EQ(column.info.unit, "1") << name;
  }
}

TEST(Mistakes, measuring_on_one_batch) {
  // The unit fires on the last of 50 inputs alone: nearly every batch of 2 would call it dead.
  PointList inputs(50, {-1.0});
  inputs[49] = {1.0};
  for (const Sampling sampling : values_of<Sampling>()) {
    RunSpec spec = untrained({});
    spec.train.batch_size = 2;
    spec.train.sampling = sampling;
    spec.train.steps = 5;
    spec.train.optimizer.learning_rate = 0;
    spec.record.every = 1;
    const RunRecord record = layer_on({1}, inputs, spec);
    ASSERT_EQ(record.layers.size(), 12U);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(record.layers[2 * i].dead_fraction, 0);
      EXPECT_EQ(record.units[i].active_fraction, 0.02)
          << "the probe set is fixed and does not follow the batches";
    }
  }
}

TEST(Mistakes, measuring_in_training_mode) {
  // rrelu draws its slopes while training; measured, it has their mean.
  RunSpec spec = untrained({}, Activation::kRrelu);
  spec.model.activation.lower = 0.1;
  spec.model.activation.upper = 0.5;
  const RunRecord record = layer_on({1, -1}, {{1}, {2}, {3}}, spec);
  EXPECT_EQ(record.units[0].activation_mean, 2);
  EXPECT_NEAR(record.units[1].activation_mean, -2 * 0.3, 1e-15);
  double loss = 0;
  for (const double x : {1, 2, 3}) loss += 0.7 * 0.7 * x * x / 3;
  EXPECT_NEAR(record.outcome.train_loss, loss, 1e-14);
  EXPECT_GT(std::abs(record.metrics[0].batch_loss - loss), 1e-6)
      << "the batch is trained on with drawn slopes";
}

TEST(Mistakes, no_seed) {
  const auto data = make_examples<float>({random_matrix(40, 3, 1), random_matrix(40, 1, 2)});
  RunSpec spec = untrained({5});
  EXPECT_EQ(spec.seed, 0U) << "without a seed, the seed is 0: nothing is drawn from a clock";
  spec.train.steps = 20;
  spec.train.batch_size = 7;
  const auto loss = [&](std::uint64_t seed) {
    spec.seed = seed;
    return train_one<float>(spec, data).outcome.train_loss;
  };
  EXPECT_EQ(loss(0), loss(0));
  EXPECT_EQ(loss(7), loss(7));
  EXPECT_NE(loss(0), loss(7));
  EXPECT_NE(loss(1), loss(1 + (std::uint64_t{1} << 32))) << "all 64 bits of the seed count";
}

}  // namespace
}  // namespace deadrelu
