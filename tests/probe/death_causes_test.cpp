// Shares and causes of one unit's change: planted ones, and the eight versions against plain loops.
#include "probe/death_causes.h"

#include <gtest/gtest.h>

#include "nn/network.h"
#include "probe/pack_testing.h"
#include "probe/recomputed.h"

namespace deadrelu {
namespace {

// What a unit's change from one parameter set to another comes from, on these inputs [sample][input].
template <class T>
DeathRow change_of(const RunSpec& spec, const std::vector<LayerParameters>& before,
                   const std::vector<LayerParameters>& after, const Matrix& inputs, std::size_t layer,
                   std::size_t unit, UnitEvent event, SimdTarget target = available_simd()[0],
                   Engine engine = Engine::kLanes) {
  const TestExamples examples{inputs, Matrix(inputs.size(), std::vector<double>(before.back().rows))};
  const auto data = make_examples<T>(examples);
  std::vector<RunSpec> specs(2, spec);
  specs[0].initial = network_of(before);
  specs[1].initial = network_of(after);
  const auto pack_of = [&](const RunSpec& run) {
    const std::vector<const RunSpec*> runs{&run};
    return make_pack<T>(runs, std::vector{data}, target, engine);
  };
  const Pack<T> packs[]{pack_of(specs[0]), pack_of(specs[1])};
  const Buffer<T> parameters[]{initial_parameters(packs[0]), initial_parameters(packs[1])};
  const Network<T>& network = packs[0].network;
  constexpr std::size_t kBlock = 7;
  const Activations<T> activations(network, kBlock);
  UnitVersions<T> versions(network, kBlock);
  versions.begin({{layer, unit}});
  for (const bool is_now : {false, true}) {
    Evaluation<T> evaluation(packs[0], false, false, kBlock);
    const T* const parameters_there = parameters[is_now ? 1 : 0].data();
    evaluation.for_each_block(packs[0], kBlock, [&](const Block<T>& block) {
      forward<T>(network, parameters_there, block.inputs, Mode::kEvaluate, activations);
      versions.add(network, parameters[0].data(), parameters[1].data(), is_now, block.inputs, activations);
    });
  }
  DeathRow row;
  row.event = event;
  describe_change(versions.versions(0, 0), row);
  return row;
}

// One input, one unit below with weight c, one unit above with weight w and bias b; x from 0 to 3, so that the unit's
// largest pre-activation is 3·w·c + b where w and c are above 0.
DeathRow planted(std::array<double, 3> before, std::array<double, 3> after,
                 UnitEvent event = UnitEvent::kDeath) {
  const auto network = [](const std::array<double, 3>& numbers) {
    const auto& [w, b, c] = numbers;
    return std::vector{layer_of({{c}}, {0}), layer_of({{w}}, {b}), layer_of({{1}}, {0})};
  };
  return change_of<double>(untrained({1, 1}), network(before), network(after), {{0}, {3}, {1}}, 1, 0, event);
}

void expect_shares(const DeathRow& row, double weights, double bias, double below) {
  EXPECT_DOUBLE_EQ(row.share_weights, weights);
  EXPECT_DOUBLE_EQ(row.share_bias, bias);
  EXPECT_DOUBLE_EQ(row.share_below, below);
}

TEST(PlantedDeaths, a_lowered_bias_is_the_cause) {
  const DeathRow row = planted({1, 0, 1}, {1, -5, 1});
  EXPECT_EQ(row.cause, Cause::kBias);
  EXPECT_EQ(row.max_before, 3);
  EXPECT_EQ(row.max_after, -2);
  expect_shares(row, 0, -5, 0);
}

TEST(PlantedDeaths, scaled_weights_are_the_cause) {
  const DeathRow row = planted({1, -1, 1}, {0.25, -1, 1});
  EXPECT_EQ(row.cause, Cause::kWeights);
  EXPECT_EQ(row.max_before, 2);
  EXPECT_EQ(row.max_after, -0.25);
  expect_shares(row, (0.25 - 1) * 3, 0, 0);
}

TEST(PlantedDeaths, a_layer_below_that_has_shrunk_is_the_cause) {
  const DeathRow row = planted({1, -1, 1}, {1, -1, 0.25});
  EXPECT_EQ(row.cause, Cause::kBelow);
  expect_shares(row, 0, 0, (0.25 - 1) * 3);  // (c − 1)·w·a
}

TEST(PlantedDeaths, what_suffices_twice_is_any_and_what_never_does_is_joint) {
  EXPECT_EQ(planted({1, 0, 1}, {-1, -5, 1}).cause, Cause::kAny);
  EXPECT_EQ(planted({1, -1, 1}, {0.5, -2, 1}).cause, Cause::kJoint);  // 2; 0.5, 1 alone; −0.5
  // 3·w·c + b with w·c from 1 to 0.25: both factors have half of the change.
  const DeathRow row = planted({1, -1, 1}, {0.5, -1, 0.5});
  EXPECT_EQ(row.cause, Cause::kJoint);
  expect_shares(row, -1.125, 0, -1.125);
}

TEST(PlantedRevivals, have_the_causes_of_the_deaths_turned_round) {
  const auto revived = [](std::array<double, 3> before, std::array<double, 3> after) {
    return planted(before, after, UnitEvent::kRevival);
  };
  const DeathRow row = revived({1, -5, 1}, {1, 0, 1});
  EXPECT_EQ(row.cause, Cause::kBias);
  expect_shares(row, 0, 5, 0);
  EXPECT_EQ(revived({0.25, -1, 1}, {1, -1, 1}).cause, Cause::kWeights);
  EXPECT_EQ(revived({1, -1, 0.25}, {1, -1, 1}).cause, Cause::kBelow);
  EXPECT_EQ(revived({0.5, -2, 1}, {1, -1, 1}).cause, Cause::kAny);
  EXPECT_EQ(revived({-1, -5, 1}, {1, 0, 1}).cause, Cause::kJoint);
}

TEST(PlantedResets, have_shares_and_no_cause) {
  const DeathRow row = planted({1, 0, 1}, {1, -5, 1}, UnitEvent::kReset);
  EXPECT_EQ(row.cause, Cause::kNone);
  expect_shares(row, 0, -5, 0);
}

TEST(PlantedDeaths, a_change_that_is_no_number_has_no_shares) {
  std::array<UnitVersion, kVersions> versions;
  for (std::size_t v = 0; v < kVersions; ++v) versions[v] = {v == 0 ? 1.0 : -1.0, v != 0};
  versions[kOwnWeights].peak = std::numeric_limits<double>::quiet_NaN();
  DeathRow row;
  describe_change(versions, row);
  EXPECT_TRUE(std::isnan(row.share_weights) && std::isnan(row.share_bias) && std::isnan(row.share_below));
  EXPECT_EQ(row.cause, Cause::kNone);
  EXPECT_EQ(row.max_after, -1);
}

// The mean over the six orders, word by word.
std::array<double, 3> mean_over_orders(const std::array<double, kVersions>& peaks) {
  std::array<std::size_t, 3> order{0, 1, 2};
  std::array<double, 3> shares{};
  do {
    std::size_t there = 0;
    for (const std::size_t player : order) {
      const std::size_t with = there | std::size_t{1} << player;
      shares[player] += (peaks[with] - peaks[there]) / 6;
      there = with;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return shares;
}

std::vector<LayerParameters> random_layers(const RunSpec& spec, std::size_t inputs, std::uint32_t seed) {
  std::vector<LayerParameters> layers;
  const NetworkShape shape = network_shape(spec.model, inputs, 1);
  for (const LayerShape& layer : shape.layers) {
    const std::uint32_t start = seed * 100 + static_cast<std::uint32_t>(layers.size());
    LayerParameters& one = layers.emplace_back();
    one = layer_of(random_matrix(layer.rows, layer.inputs, start, 1));
    if (layer.has(BlockKind::kBias)) one[BlockKind::kBias] = random_matrix(1, layer.rows, start + 50, 0.5)[0];
    if (layer.has(BlockKind::kSlope)) one[BlockKind::kSlope] = {0.25};
  }
  return layers;
}

// The peaks of all versions of a unit, from what the traces say is below it.
std::array<double, kVersions> recomputed_peaks(const LayerParameters (&own)[2], const Matrix (&below)[2],
                                               std::size_t units, std::size_t unit) {
  std::array<double, kVersions> peaks{};
  for (std::size_t v = 0; v < kVersions; ++v) {
    LayerParameters layer = own[v & 1];
    layer[BlockKind::kBias] = own[v >> 1 & 1][BlockKind::kBias];
    const Matrix z = affine(layer, below[v >> 2]);
    const std::size_t pieces = z.size() / units;
    peaks[v] = -std::numeric_limits<double>::infinity();
    for (std::size_t row = unit * pieces; row < (unit + 1) * pieces; ++row)
      for (const double value : z[row]) peaks[v] = std::max(peaks[v], value);
  }
  return peaks;
}

TEST(DeathCauses, shares_are_those_of_eight_forward_passes_whatever_the_activation) {
  for (const Activation kind : {Activation::kRelu, Activation::kCrelu, Activation::kMaxout,
                                Activation::kPrelu, Activation::kTanh, Activation::kSigmoid}) {
    for (const bool bias : {true, false}) {
      RunSpec spec = untrained({4, 3}, kind);
      spec.model.activation.slope = 0.25;
      spec.model.bias = bias;
      const Matrix inputs = random_matrix(20, 2, 3, 2);
      const std::vector<LayerParameters> layers[2]{random_layers(spec, 2, 1), random_layers(spec, 2, 2)};
      for (std::size_t l = 0; l < 2; ++l) {
        const std::size_t units = spec.model.hidden[l];
        const LayerParameters own[2]{layers[0][l], layers[1][l]};
        Matrix below[2];
        for (std::size_t i = 0; i < 2; ++i) {
          below[i] = transposed(inputs);
          for (std::size_t under = 0; under < l; ++under)
            below[i] = trace_layer(spec.model.activation, affine(layers[i][under], below[i])).a;
        }
        for (std::size_t u = 0; u < units; ++u) {
          const DeathRow row = change_of<double>(spec, layers[0], layers[1], inputs, l, u, UnitEvent::kDeath);
          const auto peaks = recomputed_peaks(own, below, units, u);
          const auto shares = mean_over_orders(peaks);
          const std::string where =
              std::string(name_of(kind)) + ", layer " + std::to_string(l) + ", unit " + std::to_string(u);
          EXPECT_NEAR(row.max_before, peaks[0], 1e-13) << where;
          EXPECT_NEAR(row.max_after, peaks[7], 1e-13) << where;
          EXPECT_NEAR(row.share_weights, shares[0], 1e-13) << where;
          EXPECT_NEAR(row.share_bias, shares[1], 1e-13) << where;
          EXPECT_NEAR(row.share_below, shares[2], 1e-13) << where;
          EXPECT_NEAR(row.share_weights + row.share_bias + row.share_below, row.max_after - row.max_before,
                      1e-14)
              << where;
          if (l == 0) {
            EXPECT_EQ(row.share_below, 0.0) << where;
          }
          if (!bias) {
            EXPECT_EQ(row.share_bias, 0.0) << where;
          }
        }
      }
    }
  }
}

// The same bits in every engine and on every target.
template <class T>
void expect_same_everywhere() {
  const RunSpec spec = untrained({9, 6});
  const Matrix inputs = random_matrix(40, 5, 3, 2);
  const auto before = random_layers(spec, 5, 1), after = random_layers(spec, 5, 2);
  for (std::size_t u = 0; u < 6; ++u) {
    const DeathRow row = change_of<T>(spec, before, after, inputs, 1, u, UnitEvent::kDeath);
    for (const SimdTarget target : available_simd()) {
      for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
        const DeathRow other =
            change_of<T>(spec, before, after, inputs, 1, u, UnitEvent::kDeath, target, engine);
        EXPECT_EQ(row.max_before, other.max_before);
        EXPECT_EQ(row.max_after, other.max_after);
        EXPECT_EQ(row.share_weights, other.share_weights);
        EXPECT_EQ(row.share_bias, other.share_bias);
        EXPECT_EQ(row.share_below, other.share_below);
      }
    }
  }
}

TEST(DeathCauses, are_the_same_bits_in_every_engine_and_on_every_target) {
  expect_same_everywhere<float>();
  expect_same_everywhere<double>();
}

}  // namespace
}  // namespace deadrelu
