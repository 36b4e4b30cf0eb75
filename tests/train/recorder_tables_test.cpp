// Every column of metrics, layers and units against the parameters that the network had at each recorded
// step.
#include "train/recorder.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"
#include "probe/recomputed.h"

namespace deadrelu {
namespace {

// Large steps on narrow layers, so that units die and come back.
RunSpec restless(const ActivationSpec& activation, std::uint64_t steps) {
  RunSpec spec = untrained({6, 5}, activation.kind);
  spec.model.activation = activation;
  spec.init.hidden.bias.kind = BiasInit::kNormal;
  spec.init.hidden.bias.std = 0.5;
  spec.train.steps = steps;
  spec.train.optimizer.learning_rate = 0.5;
  spec.record.every = 2;
  spec.record.thresholds = {.rarely_active = 0.3, .dormant = 0.2, .saturated = 1e-7};
  spec.record.parameters_final = true;
  spec.seed = 3;
  return spec;
}

double mean_squared_error(const Matrix& outputs, const Matrix& targets) {
  std::vector<double> squares;
  for (std::size_t o = 0; o < outputs.size(); ++o)
    for (std::size_t n = 0; n < targets.size(); ++n)
      squares.push_back((outputs[o][n] - targets[n][o]) * (outputs[o][n] - targets[n][o]));
  return mean_of(squares);
}

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

std::vector<double> difference(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

// The parameters after 0, 1, … updates: a run's first steps do not depend on how many follow.
std::vector<ParameterSet> parameters_of_steps(RunSpec spec,
                                              const std::shared_ptr<const Dataset<double>>& data) {
  std::vector<ParameterSet> sets;
  const std::uint64_t last = spec.train.steps + 1;
  spec.record.metrics = spec.record.layers = spec.record.units = false;
  for (spec.train.steps = 0; spec.train.steps <= last; ++spec.train.steps)
    sets.push_back(train_one<double>(spec, data).parameters.at(0).parameters);
  return sets;
}

// The gradient, read off a full-batch SGD step.
LayerParameters gradient_between(const LayerParameters& before, const LayerParameters& after,
                                 double learning_rate) {
  LayerParameters gradient{before.rows, before.inputs, {}};
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    gradient.blocks[k] = difference(before.blocks[k], after.blocks[k]);
    for (double& value : gradient.blocks[k]) value /= learning_rate;
  }
  return gradient;
}

std::vector<double> all_values(const LayerParameters& layer) {
  std::vector<double> values;
  for (const auto& block : layer.blocks) values.insert(values.end(), block.begin(), block.end());
  return values;
}

void expect_gradient_columns(const LayerRow& row, const LayerParameters& before, const LayerParameters& after,
                             double learning_rate) {
  const LayerParameters gradient = gradient_between(before, after, learning_rate);
  const std::vector<double> all = all_values(gradient);
  constexpr double kTolerance = 1e-12;
  expect_near(row.grad_norm, norm(all), kTolerance, "grad_norm");
  expect_near(row.grad_norm_weights, norm(gradient[BlockKind::kWeights]), kTolerance, "grad_norm_weights");
  expect_near(row.grad_norm_bias, norm(gradient[BlockKind::kBias]), kTolerance, "grad_norm_bias");
  expect_near(row.grad_rms, norm(all) / std::sqrt(static_cast<double>(all.size())), kTolerance, "grad_rms");
  expect_near(row.weight_norm, norm(before[BlockKind::kWeights]), kTolerance, "weight_norm");
  expect_near(row.bias_mean, mean_of(before[BlockKind::kBias]), kTolerance, "bias_mean");
  expect_near(row.update_ratio,
              norm(difference(after[BlockKind::kWeights], before[BlockKind::kWeights])) /
                  norm(before[BlockKind::kWeights]),
              kTolerance, "update_ratio");
}

// Whether unit u's rows of weights and biases are the same before and after.
bool unmoved(const LayerParameters& before, const LayerParameters& after, std::size_t u, std::size_t pieces) {
  const auto first = static_cast<std::ptrdiff_t>(u * pieces), count = static_cast<std::ptrdiff_t>(pieces);
  const auto inputs = static_cast<std::ptrdiff_t>(before.inputs);
  const auto same = [&](BlockKind kind, std::ptrdiff_t columns) {
    const auto begin = before[kind].begin() + first * columns;
    return std::equal(begin, begin + count * columns, after[kind].begin() + first * columns);
  };
  return same(BlockKind::kWeights, inputs) && same(BlockKind::kBias, 1);
}

// Every column of every table of a run, against what the parameters of each recorded step say.
class TableCheck {
 public:
  TableCheck(const ActivationSpec& activation, double learning_rate, std::uint64_t seed)
      : spec_(restless(activation, 9)), dead_before_(2) {
    spec_.train.optimizer.learning_rate = learning_rate;
    spec_.seed = seed;
    spec_.record.effective_rank = true;
    record_ = train_one<double>(spec_, data_);
  }
  const RunOutcome& outcome() const { return record_.outcome; }

  void run() {
    sets_ = parameters_of_steps(spec_, data_);
    ASSERT_EQ(record_.metrics.size(), 6U);
    ASSERT_EQ(record_.layers.size(), 18U);
    ASSERT_EQ(record_.units.size(), 6U * 11U);
    for (std::size_t i = 0; i < 6; ++i) {
      const std::size_t step = std::min<std::size_t>(2 * i, 9);
      SCOPED_TRACE(testing::Message() << "seed " << spec_.seed << " step " << step);
      const NetworkTrace trace = trace_network(sets_[step], spec_.model.activation, train_.inputs);
      std::int64_t dead = 0;
      for (std::size_t l = 0; l < 3; ++l) dead += check_layer(record_.layers[3 * i + l], step, l, trace);
      check_metrics(record_.metrics[i], step, trace);
      EXPECT_EQ(record_.metrics[i].dead_fraction, static_cast<double>(dead) / 11);
      dead_fraction_max_ = std::max(dead_fraction_max_, record_.metrics[i].dead_fraction);
    }
    check_outcome();
  }

 private:
  // Returns how many of the layer's units are dead.
  std::int64_t check_layer(const LayerRow& row, std::size_t step, std::size_t l, const NetworkTrace& trace) {
    SCOPED_TRACE(testing::Message() << "layer " << l + 1);
    EXPECT_EQ(row.step, static_cast<std::int64_t>(step));
    EXPECT_EQ(row.layer, static_cast<std::int64_t>(l) + 1);
    expect_gradient_columns(row, sets_[step].layers[l], sets_[step + 1].layers[l], rate());
    if (l == 2) return 0;
    expect_same_probe_columns(row, recomputed_layer(trace.hidden[l], spec_.record.thresholds), 1e-10);
    const std::size_t units = trace.hidden[l].z.size();
    std::int64_t dead = 0, died = 0, revived = 0, zero_gradient = 0;
    dead_before_[l].resize(units);
    for (std::size_t u = 0; u < units; ++u) {
      const UnitRow& unit = record_.units[next_unit_row_++];
      check_unit(unit, row, u, trace.hidden[l]);
      zero_gradient += unit.zero_gradient;
      dead += unit.dead;
      if (step > 0 && unit.dead != dead_before_[l][u]) ++(unit.dead == 1 ? died : revived);
      dead_before_[l][u] = unit.dead;
    }
    EXPECT_EQ(row.died, died);
    EXPECT_EQ(row.revived, revived);
    EXPECT_EQ(row.zero_gradient_fraction, static_cast<double>(zero_gradient) / static_cast<double>(units));
    deaths_ += died;
    revivals_ += revived;
    return dead;
  }

  void check_unit(const UnitRow& unit, const LayerRow& row, std::size_t u, const LayerTrace& trace) const {
    const auto step = static_cast<std::size_t>(row.step), l = static_cast<std::size_t>(row.layer) - 1;
    const LayerParameters& before = sets_[step].layers[l];
    EXPECT_EQ(unit.step, row.step);
    EXPECT_EQ(unit.layer, row.layer);
    expect_same_probe_columns(unit, recomputed_unit(trace, u, spec_.record.thresholds), 1e-10);
    EXPECT_EQ(unit.zero_gradient,
              unmoved(before, sets_[step + 1].layers[l], u, before.rows / trace.z.size()));
  }

  void check_metrics(const MetricsRow& row, std::size_t step, const NetworkTrace& trace) const {
    std::vector<double> gradient, weights;
    for (std::size_t l = 0; l < 3; ++l) {
      const LayerParameters& before = sets_[step].layers[l];
      const auto layer_gradient = all_values(gradient_between(before, sets_[step + 1].layers[l], rate()));
      gradient.insert(gradient.end(), layer_gradient.begin(), layer_gradient.end());
      weights.insert(weights.end(), before[BlockKind::kWeights].begin(), before[BlockKind::kWeights].end());
    }
    const NetworkTrace test = trace_network(sets_[step], spec_.model.activation, test_.inputs);
    EXPECT_EQ(row.step, static_cast<std::int64_t>(step));
    EXPECT_EQ(row.epoch, static_cast<double>(step));  // the batch is the training split
    EXPECT_EQ(row.learning_rate, rate());
    expect_near(row.train_loss, mean_squared_error(trace.output, train_.targets), 1e-12, "train_loss");
    expect_near(row.batch_loss, row.train_loss, 1e-14, "batch_loss");
    expect_near(row.test_loss, mean_squared_error(test.output, test_.targets), 1e-12, "test_loss");
    expect_near(row.grad_norm, norm(gradient), 1e-12, "grad_norm");
    expect_near(row.weight_norm, norm(weights), 1e-12, "weight_norm");
    EXPECT_TRUE(std::isnan(row.train_accuracy)) << "a regression has no accuracy";
    EXPECT_TRUE(std::isnan(row.test_accuracy));
  }

  void check_outcome() const {
    const RunOutcome& outcome = record_.outcome;
    EXPECT_EQ(outcome.deaths, deaths_);
    EXPECT_EQ(outcome.revivals, revivals_);
    EXPECT_EQ(outcome.dead_fraction_max, dead_fraction_max_);
    EXPECT_EQ(outcome.dead_fraction_initial, record_.metrics.front().dead_fraction);
    EXPECT_EQ(outcome.dead_fraction, record_.metrics.back().dead_fraction);
    EXPECT_EQ(outcome.train_loss_initial, record_.metrics.front().train_loss);
    EXPECT_EQ(outcome.train_loss, record_.metrics.back().train_loss);
    EXPECT_EQ(outcome.test_loss, record_.metrics.back().test_loss);
    EXPECT_EQ(outcome.steps, 9);
    EXPECT_EQ(outcome.diverged_step, kMissingInteger);
  }

  double rate() const { return spec_.train.optimizer.learning_rate; }

  const TestExamples train_ = waves(30, 1), test_ = waves(11, 2);
  const std::shared_ptr<const Dataset<double>> data_ = make_examples<double>(train_, test_);
  RunSpec spec_;
  RunRecord record_;
  std::vector<ParameterSet> sets_;                      // [step]
  std::vector<std::vector<std::int64_t>> dead_before_;  // [hidden layer][unit]
  std::size_t next_unit_row_ = 0;
  std::int64_t deaths_ = 0, revivals_ = 0;
  double dead_fraction_max_ = 0;
};

TEST(RecorderTables, tables_of_a_relu_network_follow_its_parameters) {
  std::int64_t deaths = 0, revivals = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    TableCheck check({.kind = Activation::kRelu}, 0.3, seed);
    if (check.outcome().status == RunStatus::kDiverged) continue;
    check.run();
    deaths += check.outcome().deaths;
    revivals += check.outcome().revivals;
  }
  EXPECT_GT(deaths, 10) << "the example lost its point: hardly a unit died";
  EXPECT_GT(revivals, 2) << "the example lost its point: hardly a unit came back";
}
TEST(RecorderTables, tables_of_a_leaky_network_follow_its_parameters) {
  TableCheck({.kind = Activation::kLeakyRelu, .slope = 0.1}, 0.03, 1).run();
}
TEST(RecorderTables, tables_of_a_prelu_network_follow_its_parameters) {
  TableCheck({.kind = Activation::kPrelu, .slope = 0.25}, 0.03, 1).run();
}
TEST(RecorderTables, tables_of_a_tanh_network_follow_its_parameters) {
  TableCheck({.kind = Activation::kTanh}, 0.3, 1).run();
}
TEST(RecorderTables, tables_of_a_crelu_network_follow_its_parameters) {
  TableCheck({.kind = Activation::kCrelu}, 0.03, 1).run();
}
TEST(RecorderTables, tables_of_a_maxout_network_follow_its_parameters) {
  TableCheck({.kind = Activation::kMaxout, .pieces = 2}, 0.03, 1).run();
}

}  // namespace
}  // namespace deadrelu
