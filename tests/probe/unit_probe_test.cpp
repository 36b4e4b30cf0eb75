#include "probe/unit_probe.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"
#include "probe/recomputed.h"

namespace deadrelu {
namespace {

// A probe's rows for every used lane: describe() after the probe set has passed in blocks of `block` samples.
template <class T>
struct Probed {
  std::vector<std::vector<LayerRow>> layers;             // [lane][hidden layer]
  std::vector<std::vector<std::vector<UnitRow>>> units;  // [lane][hidden layer][unit]
};

template <class T>
Probed<T> probe_in_blocks(const std::vector<RunSpec>& specs, const std::shared_ptr<const Dataset<T>>& data,
                          std::size_t block) {
  const Pack<T> pack = probed_pack<T>(specs, data);
  const std::size_t samples = data->train.samples;
  const Buffer<T> parameters = initial_parameters(pack);
  const Activations<T> activations(pack.network, block);
  const BlockBuffer<T> memory(pack.network, block);
  const std::vector<const Split<T>*> splits(pack.runs.size(), &data->train);
  std::vector<UnitProbe<T>> probes;
  Buffer<double> saturated_below(pack.runs.size());
  for (std::size_t lane = 0; lane < pack.runs.size(); ++lane)
    saturated_below[lane] = pack.runs[lane]->record.thresholds.saturated;
  for (std::size_t l = 0; l + 1 < pack.network.shape.layers.size(); ++l) {
    probes.emplace_back(pack.network, l, samples, saturated_below, samples);
    probes.back().begin();
  }
  for (std::size_t from = 0; from < samples; from += block) {
    const std::size_t count = std::min(block, samples - from);
    std::vector<std::uint32_t> indices(count * pack.runs.size());
    for (std::size_t i = 0; i < indices.size(); ++i)
      indices[i] = static_cast<std::uint32_t>(from + i / pack.runs.size());
    const Block<T> examples = memory.block(count);
    gather<T>(pack.network.kernels, splits, indices.data(), examples.inputs, examples.targets);
    forward<T>(pack.network, parameters.data(), examples.inputs, Mode::kEvaluate, activations);
    for (UnitProbe<T>& probe : probes) probe.add(pack.network, parameters.data(), activations, count);
  }
  Probed<T> result{std::vector<std::vector<LayerRow>>(specs.size()),
                   std::vector<std::vector<std::vector<UnitRow>>>(specs.size())};
  for (std::size_t lane = 0; lane < specs.size(); ++lane) {
    for (const UnitProbe<T>& probe : probes) {
      LayerRow row;
      row.units = static_cast<std::int64_t>(probe.units());
      probe.describe(lane, specs[lane].record.thresholds, row, &result.units[lane].emplace_back());
      result.layers[lane].push_back(row);
    }
  }
  return result;
}

template <class T>
Probed<T> probe_at_once(const RunSpec& spec, const TestExamples& examples) {
  return probe_in_blocks<T>({spec}, make_examples<T>(examples), examples.inputs.size());
}

// Three runs side by side, each drawn with its own seed, biases low enough that some units die, in blocks
// of 7.
template <class T>
void expect_the_definitions(ActivationSpec activation, const Thresholds& thresholds) {
  const TestExamples examples{random_matrix(50, 3, 1), Matrix(50, {0.0})};
  std::vector<RunSpec> specs;
  for (const std::uint64_t seed : {1, 2, 3}) {
    RunSpec spec = untrained({9, 6}, activation.kind);
    spec.model.activation = activation;
    spec.init.hidden.bias.kind = BiasInit::kNormal;
    spec.init.hidden.bias.std = 1.5;
    spec.record.thresholds = thresholds;
    spec.seed = seed;
    specs.push_back(spec);
  }
  const auto data = make_examples<T>(examples);
  const Probed<T> probed = probe_in_blocks<T>(specs, data, 7);
  const Pack<T> pack = probed_pack<T>(specs, data);
  const Buffer<T> parameters = initial_parameters(pack);
  Matrix inputs = examples.inputs;
  for (auto& row : inputs)
    for (double& value : row) value = static_cast<double>(static_cast<T>(value));
  const double tolerance = sizeof(T) == sizeof(float) ? 3e-6 : 1e-12;
  for (std::size_t lane = 0; lane < specs.size(); ++lane) {
    const NetworkTrace trace = trace_network(
        lane_parameters(pack.network.shape, parameters.data(), pack.network.kernels.lanes, lane), activation,
        inputs);
    for (std::size_t l = 0; l < trace.hidden.size(); ++l) {
      SCOPED_TRACE(testing::Message() << "lane " << lane << " layer " << l);
      expect_same_probe_columns(probed.layers[lane][l], recomputed_layer(trace.hidden[l], thresholds),
                                tolerance);
      ASSERT_EQ(probed.units[lane][l].size(), trace.hidden[l].z.size());
      for (std::size_t u = 0; u < trace.hidden[l].z.size(); ++u)
        expect_same_probe_columns(probed.units[lane][l][u], recomputed_unit(trace.hidden[l], u, thresholds),
                                  tolerance);
    }
  }
}

// One layer of units on the single input 1, with the given weights and no bias.
RunSpec one_layer(const std::vector<double>& weights, Activation kind = Activation::kRelu) {
  RunSpec spec = untrained({weights.size()}, kind);
  Matrix rows;
  for (const double weight : weights) rows.push_back({weight});
  const std::size_t outputs = kind == Activation::kCrelu ? 2 * weights.size() : weights.size();
  spec.initial = network_of({layer_of(rows, std::vector<double>(weights.size(), 0)),
                             layer_of({std::vector<double>(outputs, 1)}, {0})});
  return spec;
}

template <class T>
class UnitProbeColumns : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(UnitProbeColumns, Precisions);

TYPED_TEST(UnitProbeColumns, relu_units_follow_the_definitions) {
  expect_the_definitions<TypeParam>({.kind = Activation::kRelu}, {.rarely_active = 0.3, .dormant = 0.2});
}
TYPED_TEST(UnitProbeColumns, leaky_units_follow_the_definitions) {
  expect_the_definitions<TypeParam>({.kind = Activation::kLeakyRelu, .slope = 0.2},
                                    {.rarely_active = 0.3, .dormant = 0.2, .saturated = 0.5});
}
TYPED_TEST(UnitProbeColumns, tanh_units_follow_the_definitions) {
  expect_the_definitions<TypeParam>({.kind = Activation::kTanh}, {.dormant = 0.9, .saturated = 0.5});
}
TYPED_TEST(UnitProbeColumns, sigmoid_units_follow_the_definitions) {
  expect_the_definitions<TypeParam>({.kind = Activation::kSigmoid}, {.dormant = 0.5, .saturated = 0.2});
}
TYPED_TEST(UnitProbeColumns, crelu_units_count_both_outputs) {
  expect_the_definitions<TypeParam>({.kind = Activation::kCrelu}, {.rarely_active = 0.3, .dormant = 0.5});
}
TYPED_TEST(UnitProbeColumns, maxout_units_are_seen_at_their_largest_piece) {
  expect_the_definitions<TypeParam>({.kind = Activation::kMaxout, .pieces = 3},
                                    {.rarely_active = 0.7, .dormant = 0.5});
}

TEST(UnitProbe, blocks_of_any_size_give_the_same_bits) {
  const auto data = make_examples<float>({random_matrix(61, 4, 3), Matrix(61, {0.0})});
  const RunSpec spec = untrained({8, 8});
  const Probed<float> whole = probe_in_blocks<float>({spec}, data, 61);
  for (const std::size_t block : {1, 12, 60}) {
    const Probed<float> pieces = probe_in_blocks<float>({spec}, data, block);
    for (std::size_t l = 0; l < 2; ++l) {
      EXPECT_EQ(pieces.layers[0][l].activation_mean, whole.layers[0][l].activation_mean);
      EXPECT_EQ(pieces.layers[0][l].activation_std, whole.layers[0][l].activation_std);
      EXPECT_EQ(pieces.layers[0][l].preactivation_std, whole.layers[0][l].preactivation_std);
      EXPECT_EQ(pieces.layers[0][l].effective_rank, whole.layers[0][l].effective_rank);
    }
  }
}

TEST(UnitProbe, a_unit_that_puts_out_zero_on_all_but_one_input_is_alive) {
  const Matrix inputs{{-1}, {-2}, {1e-30}, {-3}};
  const auto probed = probe_at_once<float>(one_layer({1}), {inputs, Matrix(4, {0.0})});
  EXPECT_EQ(probed.units[0][0][0].dead, 0);
  EXPECT_EQ(probed.units[0][0][0].active_fraction, 0.25);
  EXPECT_EQ(probed.layers[0][0].dead_fraction, 0);
}

TEST(UnitProbe, a_preactivation_of_zero_is_not_active) {
  const auto probed = probe_at_once<double>(one_layer({0}), {{{1}, {-1}}, Matrix(2, {0.0})});
  EXPECT_EQ(probed.units[0][0][0].dead, 1);
  EXPECT_EQ(probed.units[0][0][0].never_active, 1);
  EXPECT_EQ(probed.layers[0][0].dead_input_fraction, 1);
}

TEST(UnitProbe, a_leaky_unit_may_be_never_active_and_is_not_dead) {
  const auto probed =
      probe_at_once<double>(one_layer({-1}, Activation::kLeakyRelu), {{{1}, {2}}, Matrix(2, {0.0})});
  EXPECT_EQ(probed.units[0][0][0].dead, 0);
  EXPECT_EQ(probed.units[0][0][0].never_active, 1);
  EXPECT_EQ(probed.units[0][0][0].dormant_score, 1);
}

TEST(UnitProbe, a_gaussian_unit_may_be_dead_where_it_is_active) {
  const auto probed =
      probe_at_once<float>(one_layer({20}, Activation::kGaussian), {{{1}, {2}}, Matrix(2, {0.0})});
  EXPECT_EQ(probed.units[0][0][0].dead, 1);
  EXPECT_EQ(probed.units[0][0][0].never_active, 0);
}

TEST(UnitProbe, a_crelu_unit_is_dead_only_where_its_preactivation_is_zero_everywhere) {
  const auto probed =
      probe_at_once<double>(one_layer({0, -1}, Activation::kCrelu), {{{1}, {2}}, Matrix(2, {0.0})});
  EXPECT_EQ(probed.units[0][0][0].dead, 1);
  EXPECT_EQ(probed.units[0][0][1].dead, 0);
  EXPECT_EQ(probed.units[0][0][1].never_active, 1);
  EXPECT_EQ(probed.units[0][0][1].activation_mean, 0.75);
}

TEST(UnitProbe, a_unit_active_on_exactly_one_in_a_hundred_is_not_rarely_active) {
  Matrix inputs(200, {-1.0});
  inputs[3] = inputs[77] = {1.0};
  EXPECT_EQ(probe_at_once<float>(one_layer({1}), {inputs, Matrix(200, {0.0})}).units[0][0][0].rarely_active,
            0);
  inputs[77] = {-1.0};
  EXPECT_EQ(probe_at_once<float>(one_layer({1}), {inputs, Matrix(200, {0.0})}).units[0][0][0].rarely_active,
            1);
}

TEST(UnitProbe, saturated_means_a_slope_below_the_threshold_on_every_input) {
  // tanh'(z) = 1 − tanh²(z): 4·exp(−2z) for large z, 7.6e-8 at 8.9 and 1.1e-7 at 8.7.
  const auto saturated = [](double z) {
    const auto probed =
        probe_at_once<double>(one_layer({1}, Activation::kTanh), {{{20}, {-z}}, Matrix(2, {0.0})});
    return probed.units[0][0][0].saturated;
  };
  EXPECT_EQ(saturated(8.9), 1);
  EXPECT_EQ(saturated(8.7), 0);
}

TEST(UnitProbe, a_dead_input_is_one_on_which_no_unit_fires) {
  // x = −1 fires the second unit, x = 1 the first, x = 0 none.
  const auto probed = probe_at_once<float>(one_layer({1, -1}), {{{-1}, {0}, {1}, {0}}, Matrix(4, {0.0})});
  EXPECT_EQ(probed.layers[0][0].dead_input_fraction, 0.5);
  EXPECT_EQ(probed.layers[0][0].dead_fraction, 0);
}

TEST(UnitProbe, preactivation_max_min_is_the_smallest_of_the_units_largest) {
  const auto probed = probe_at_once<double>(one_layer({1, -3, 0.5}), {{{-1}, {2}}, Matrix(2, {0.0})});
  EXPECT_EQ(probed.layers[0][0].preactivation_max_min, 1);  // the units' largest: 2, 3, 1
  const auto dead = probe_at_once<double>(one_layer({1, -3}), {{{2}, {1}}, Matrix(2, {0.0})});
  EXPECT_EQ(dead.layers[0][0].preactivation_max_min, -3);
}

TEST(UnitProbe, a_spread_far_below_the_mean_is_right) {
  // Activations 1000 and 1000.5: spread 0.25.
  const auto probed = probe_at_once<float>(one_layer({1}), {{{1000}, {1000.5}}, Matrix(2, {0.0})});
  EXPECT_NEAR(probed.layers[0][0].activation_std, 0.25, 1e-8);
}

TEST(DeathCounter, the_first_count_knows_no_change) {
  const auto data = make_examples<double>({{{1}}, {{0.0}}});
  const auto probe_of = [&](const std::vector<double>& weights) {
    const std::vector<RunSpec> specs{one_layer(weights)};
    const Pack<double> pack = probed_pack<double>(specs, data);
    const Buffer<double> parameters = initial_parameters(pack);
    const Activations<double> activations(pack.network, 1);
    const BlockBuffer<double> memory(pack.network, 1);
    const Block<double> block = memory.block(1);
    for (std::size_t lane = 0; lane < pack.network.kernels.lanes; ++lane) block.inputs.at(0, 0)[lane] = 1;
    forward<double>(pack.network, parameters.data(), block.inputs, Mode::kEvaluate, activations);
    UnitProbe<double> probe(pack.network, 0, 1, Buffer<double>(pack.runs.size()), 0);
    probe.begin();
    probe.add(pack.network, parameters.data(), activations, 1);
    return probe;
  };
  const auto nobody = [](std::size_t) { return false; };
  DeathCounter counter(4);
  const auto first = counter.count(probe_of({1, 1, -1, -1}), 0, nobody);
  EXPECT_EQ(first.dead, 2);
  EXPECT_EQ(first.died, 0);
  EXPECT_EQ(first.revived, 0);
  const auto second = counter.count(probe_of({-1, -1, 1, -1}), 0, nobody);
  EXPECT_EQ(second.dead, 3);
  EXPECT_EQ(second.died, 2);
  EXPECT_EQ(second.revived, 1);
  EXPECT_EQ((std::array{counter.change(0), counter.change(1), counter.change(2), counter.change(3)}),
            (std::array{1, 1, -1, 0}));
  // The first two were reset and live, the third one was reset and died anew.
  const auto third = counter.count(probe_of({1, 1, -1, 1}), 0, [](std::size_t unit) { return unit < 3; });
  EXPECT_EQ(third.died, 1);
  EXPECT_EQ(third.revived, 1);
}

}  // namespace
}  // namespace deadrelu
