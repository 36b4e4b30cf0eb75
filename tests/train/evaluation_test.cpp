#include "train/batches.h"

#include <gtest/gtest.h>

#include <set>

#include "probe/pack_testing.h"
#include "probe/recomputed.h"

namespace deadrelu {
namespace {

using Indices = std::vector<std::uint32_t>;

TEST(EvaluatedExamples, all_of_a_split_are_taken_in_order) {
  for (const std::size_t count : {0, 5, 6, 1000})
    EXPECT_EQ(evaluated_examples(1, 5, count), (Indices{0, 1, 2, 3, 4}));
}

TEST(EvaluatedExamples, some_of_a_split_are_distinct_ascending_and_fixed_by_the_seed) {
  const Indices examples = evaluated_examples(1, 1000, 100);
  ASSERT_EQ(examples.size(), 100U);
  EXPECT_TRUE(std::is_sorted(examples.begin(), examples.end()));
  EXPECT_EQ(std::set<std::uint32_t>(examples.begin(), examples.end()).size(), 100U);
  EXPECT_LT(examples.back(), 1000U);
  EXPECT_EQ(evaluated_examples(1, 1000, 100), examples);
  EXPECT_NE(evaluated_examples(2, 1000, 100), examples);
}

TEST(EvaluatedExamples, every_example_is_as_likely_as_any_other) {
  std::vector<int> chosen(50);
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    for (const std::uint32_t example : evaluated_examples(seed, 50, 10)) ++chosen[example];
  // 800 expected, standard deviation √(4000 · 0.2 · 0.8) = 25.3.
  for (const int count : chosen) EXPECT_NEAR(count, 800, 5 * 25.3);
}

// y = weight·x + bias, on the given inputs.
RunOutcome line(double weight, double bias, const Matrix& inputs) {
  RunSpec spec = untrained({});
  spec.initial = network_of({layer_of({{weight}}, {bias})});
  return train_one<double>(spec, make_examples<double>({inputs, Matrix(inputs.size(), {0.0})})).outcome;
}

TEST(Evaluation, an_output_is_constant_up_to_a_millionth_of_its_size) {
  const Matrix inputs{{0}, {1}};
  EXPECT_EQ(line(0, 7, inputs).collapsed, 1);
  EXPECT_EQ(line(0.99e-6, 0, inputs).collapsed, 1);
  EXPECT_EQ(line(-0.99e-6, 0, inputs).collapsed, 1);
  EXPECT_EQ(line(1.01e-6, 0, inputs).collapsed, 0);
  EXPECT_EQ(line(0.9e-3, 1000, inputs).collapsed, 1);
  EXPECT_EQ(line(0.9e-3, -1000, inputs).collapsed, 1);
  EXPECT_EQ(line(1.1e-3, 1000, inputs).collapsed, 0);
}

// Two passes over the outputs of the Evaluation's own network.
TEST(Evaluation, outputs_are_described_over_the_probe_set) {
  const std::vector<RunSpec> specs{untrained({5})};
  const TestExamples examples{random_matrix(300, 2, 7), Matrix(300, {0.0, 0.0, 0.0})};
  const RunRecord record = train_one<double>(specs[0], make_examples<double>(examples));
  const Pack<double> pack = probed_pack<double>(specs, make_examples<double>(examples));
  const NetworkTrace trace = trace_network(
      lane_parameters(pack.network.shape, initial_parameters(pack).data(), pack.network.kernels.lanes, 0),
      specs[0].model.activation, examples.inputs);
  double variances = 0;
  for (const auto& output : trace.output) variances += spread_of(output) * spread_of(output);
  const std::vector<double> all = flattened(trace.output);
  EXPECT_NEAR(record.metrics[0].output_std, std::sqrt(variances / 3), 1e-13);
  EXPECT_NEAR(record.metrics[0].output_min, *std::min_element(all.begin(), all.end()), 1e-13);
  EXPECT_NEAR(record.metrics[0].output_max, *std::max_element(all.begin(), all.end()), 1e-13);
}

TEST(Evaluation, a_constant_network_has_outputs_of_spread_0_however_far_apart) {
  RunSpec spec = untrained({});
  spec.initial = network_of({layer_of({{0}, {0}}, {0.1, 1e8 / 3})});
  const auto data = make_examples<float>({{{0}, {1}, {5}}, {{0, 0}, {0, 0}, {0, 0}}});
  const RunRecord record = train_one<float>(spec, data);
  EXPECT_EQ(record.metrics[0].output_std, 0);
  EXPECT_EQ(record.metrics[0].output_min, double(0.1F));
  EXPECT_EQ(record.metrics[0].output_max, double(1e8F / 3));
}

// A network of two biases that answers with the best constants has that loss, and one beside them a larger one.
TEST(Evaluation, no_constant_answer_has_a_smaller_loss) {
  const Matrix inputs = random_matrix(40, 1, 3);
  Matrix values = random_matrix(40, 2, 8), classes(40, {0.0, 0.0});
  for (std::size_t i = 0; i < 40; ++i) classes[i][i < 25 ? 0 : 1] = 1;
  for (const Loss loss : values_of<Loss>()) {
    SCOPED_TRACE(name_of(loss));
    const bool entropy = loss == Loss::kCrossEntropy || loss == Loss::kBinaryCrossEntropy;
    const Matrix& targets = entropy ? classes : values;
    std::vector<double> best;
    for (const std::vector<double>& column : transposed(targets)) {
      std::vector<double> sorted = column;
      std::sort(sorted.begin(), sorted.end());
      const double p = mean_of(column);
      best.push_back(loss == Loss::kMae                  ? (sorted[19] + sorted[20]) / 2
                     : loss == Loss::kCrossEntropy       ? std::log(p)
                     : loss == Loss::kBinaryCrossEntropy ? std::log(p / (1 - p))
                                                         : p);
    }
    const auto answering = [&](double first, double second) {
      RunSpec spec = untrained({});
      spec.train.loss = loss;
      spec.initial = network_of({layer_of({{0}, {0}}, {first, second})});
      return train_one<double>(spec, make_examples<double>({inputs, targets})).outcome;
    };
    const RunOutcome outcome = answering(best[0], best[1]);
    EXPECT_NEAR(outcome.train_loss, outcome.constant_loss, 1e-14);
    for (const double beside : {-0.1, 0.1}) {
      EXPECT_GT(answering(best[0] + beside, best[1]).train_loss, outcome.constant_loss);
      EXPECT_GT(answering(best[0], best[1] + beside).train_loss, outcome.constant_loss);
    }
  }
}

TEST(Evaluation, one_output_that_moves_is_enough_not_to_be_collapsed) {
  RunSpec spec = untrained({});
  spec.initial = network_of({layer_of({{0}, {1}}, {3, 0})});
  const auto data = make_examples<float>({{{0}, {1}}, {{0, 0}, {0, 0}}});
  EXPECT_EQ(train_one<float>(spec, data).outcome.collapsed, 0);
}

TEST(Evaluation, the_loss_is_the_mean_over_the_evaluated_examples_alone) {
  const TestExamples examples{random_matrix(700, 1, 4), random_matrix(700, 1, 5)};
  for (const std::size_t count : {0, 1, 100, 699}) {  // more than one block of samples, and less
    RunSpec spec = untrained({});
    spec.initial = network_of({layer_of({{2}}, {0.5})});
    spec.record.probe_samples = count;
    spec.seed = 9;
    double sum = 0;
    const Indices indices = evaluated_examples(9, 700, count);
    for (const std::uint32_t i : indices) {
      const double error = 2 * examples.inputs[i][0] + 0.5 - examples.targets[i][0];
      sum += error * error;
    }
    const RunRecord record = train_one<double>(spec, make_examples<double>(examples));
    EXPECT_NEAR(record.outcome.train_loss, sum / static_cast<double>(indices.size()), 1e-13) << count;
  }
}

TEST(Evaluation, a_data_seed_fixes_the_probe_set_whatever_the_runs_seed) {
  const auto data = make_examples<double>({random_matrix(200, 1, 4), random_matrix(200, 1, 5)});
  const auto loss = [&](std::uint64_t seed, std::optional<std::uint64_t> data_seed) {
    RunSpec spec = untrained({});
    spec.initial = network_of({layer_of({{2}}, {0.5})});
    spec.record.probe_samples = 20;
    spec.seed = seed;
    spec.data.seed = data_seed;
    return train_one<double>(spec, data).outcome.train_loss;
  };
  EXPECT_EQ(loss(1, 5), loss(2, 5));
  EXPECT_NE(loss(1, {}), loss(2, {}));
}

TEST(Evaluation, accuracies_are_shares_of_examples_classified_right) {
  // Class 1 where x > 0; the third training example and one test example of two are wrong.
  RunSpec spec = untrained({});
  spec.train.loss = Loss::kCrossEntropy;
  spec.initial = network_of({layer_of({{0}, {1}}, {0, 0})});
  const Matrix first{{1, 0}}, second{{0, 1}};
  const auto data = make_examples<float>({{{-1}, {2}, {3}, {4}}, {first[0], second[0], first[0], second[0]}},
                                         {{{-1}, {1}}, {second[0], second[0]}}, 2);
  const RunOutcome outcome = train_one<float>(spec, data).outcome;
  EXPECT_EQ(outcome.train_accuracy, 0.75);
  EXPECT_EQ(outcome.test_accuracy, 0.5);
}

TEST(Evaluation, probes_see_a_probe_set_larger_than_a_block) {
  const TestExamples examples{random_matrix(1500, 2, 4), Matrix(1500, {0.0})};
  RunSpec spec = untrained({4});
  spec.record.effective_rank = true;
  const auto data = make_examples<double>(examples);
  const RunRecord record = train_one<double>(spec, data);
  const std::vector<RunSpec> specs{spec};
  const Pack<double> pack = probed_pack<double>(specs, data);
  const NetworkTrace trace = trace_network(
      lane_parameters(pack.network.shape, initial_parameters(pack).data(), pack.network.kernels.lanes, 0),
      spec.model.activation, examples.inputs);
  expect_same_probe_columns(record.layers[0], recomputed_layer(trace.hidden[0], spec.record.thresholds),
                            1e-12);
}

}  // namespace
}  // namespace deadrelu
