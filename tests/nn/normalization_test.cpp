// What must hold of normalized and skipping layers whatever their weights are.
#include <gtest/gtest.h>

#include "nn/network_testing.h"

namespace deadrelu {
namespace {

using Networks = LaneNetworks<double>;

ModelSpec normalized_model(std::vector<std::size_t> hidden, Normalization kind) {
  ModelSpec model;
  model.hidden = std::move(hidden);
  model.normalization.kind = kind;
  model.normalization.affine = false;
  return model;
}

// Calls look(pack, activations, lane) for many random networks after a forward pass.
template <class Look>
void for_each_network(const ModelSpec& model, std::size_t samples, Mode mode, const Look& look) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    Networks pack(model, samples, available_simd()[0]);
    pack.fill(100 * seed, Loss::kMse);
    const Activations<double> activations(pack.network, samples);
    forward<double>(pack.network, pack.parameters.data(), pack.inputs(), mode, activations);
    for (std::size_t lane = 0; lane < pack.lanes; ++lane) look(pack, activations, lane);
  }
}

// Of the numbers that were normalized together: some are positive, and the largest is as large as it has to be.
void expect_some_active(const std::vector<double>& together, double scale, double epsilon) {
  const double variance = 1 / (scale * scale) - epsilon;
  const double largest = *std::max_element(together.begin(), together.end());
  const double bound =
      std::sqrt(variance * scale * scale) / std::sqrt(static_cast<double>(together.size()) - 1);
  EXPECT_GE(largest, bound * (1 - 1e-9));
  EXPECT_GT(bound, 0);
}

TEST(LayerNorm, leaves_no_example_without_an_active_unit) {
  constexpr std::size_t kOnce = 5;
  for (const std::size_t width : {2, 3, 10}) {
    const auto look = [&](const Networks& pack, const Activations<double>& activations, std::size_t lane) {
      for (std::size_t l = 0; l < 2; ++l) {
        for (std::size_t s = 0; s < kOnce; ++s) {
          std::vector<double> z;
          for (std::size_t u = 0; u < width; ++u) z.push_back(activations.z(l, kOnce).at(u, s)[lane]);
          expect_some_active(z, activations.scale(l, kOnce).at(0, s)[lane], pack.network.epsilon[lane]);
          const auto active = std::count_if(z.begin(), z.end(), [](double v) { return v > 0; });
          if (width == 2) {
            EXPECT_EQ(active, 1);
          }
        }
      }
    };
    for_each_network(normalized_model({width, width}, Normalization::kLayerNorm), kOnce, Mode::kTrain, look);
  }
}

TEST(LayerNorm, kills_a_layer_of_one_unit) {
  for_each_network(normalized_model({1}, Normalization::kLayerNorm), 4, Mode::kEvaluate,
                   [](const Networks&, const Activations<double>& activations, std::size_t lane) {
                     for (std::size_t s = 0; s < 4; ++s) EXPECT_EQ(activations.z(0, 4).at(0, s)[lane], 0);
                   });
}

TEST(RmsNorm, lets_the_same_units_fire) {
  ModelSpec model = normalized_model({4, 6, 3}, Normalization::kRmsNorm);
  model.bias = false;
  ModelSpec plain = model;
  plain.normalization.kind = Normalization::kNone;
  std::size_t silent = 0;
  for_each_network(model, 5, Mode::kEvaluate,
                   [&](Networks& pack, const Activations<double>& normalized, std::size_t lane) {
                     Networks other(plain, 5, available_simd()[0]);
                     std::copy_n(pack.parameters.data(), pack.parameters.size(), other.parameters.data());
                     const Activations<double> activations(other.network, 5);
                     forward<double>(other.network, other.parameters.data(), pack.inputs(), Mode::kEvaluate,
                                     activations);
                     for (std::size_t l = 0; l < 3; ++l)
                       for (std::size_t u = 0; u < model.hidden[l]; ++u)
                         for (std::size_t s = 0; s < 5; ++s) {
                           const double z = activations.z(l, 5).at(u, s)[lane];
                           EXPECT_EQ(normalized.z(l, 5).at(u, s)[lane] > 0, z > 0);
                           silent += z <= 0;
                         }
                   });
  EXPECT_GT(silent, 100U);
}

TEST(BatchNorm, leaves_no_unit_dead_on_its_batch) {
  constexpr std::size_t kOnce = 32;
  EXPECT_NEAR(1 / std::sqrt(kOnce - 1.0), 0.1796, 5e-5);
  for_each_network(normalized_model({4, 3}, Normalization::kBatchNorm), kOnce, Mode::kTrain,
                   [](const Networks& pack, const Activations<double>& activations, std::size_t lane) {
                     for (std::size_t l = 0; l < 2; ++l)
                       for (std::size_t u = 0; u < pack.network.shape.layers[l].units; ++u) {
                         std::vector<double> z;
                         for (std::size_t s = 0; s < kOnce; ++s)
                           z.push_back(activations.z(l, kOnce).at(u, s)[lane]);
                         expect_some_active(z, activations.statistics(l).scale[u * pack.lanes + lane],
                                            pack.network.epsilon[lane]);
                       }
                   });
}

// A dead layer that is skipped is not there: neither forward nor back.
TEST(Skip, passes_the_gradient_by_a_dead_layer) {
  ModelSpec model = normalized_model({4, 4}, Normalization::kNone), shallow = model;
  model.skip = true;
  shallow.hidden = {4};
  Networks deep(model, 6, available_simd()[0]), direct(shallow, 6, available_simd()[0]);
  deep.fill(7, Loss::kMse);
  const ParameterBlock& bias = deep.network.shape.layers[1][BlockKind::kBias];
  for (std::size_t i = 0; i < bias.size() * deep.lanes; ++i)
    deep.parameters[bias.offset * deep.lanes + i] = -1e4;
  for (std::size_t lane = 0; lane < deep.lanes; ++lane) {
    direct.models[lane] = deep.models[lane];
    direct.models[lane].hidden = {4};
    direct.set_numbers(lane);
  }
  const auto copied = [&](const auto& from, auto to) {  // the first layer and the output layer
    for (const std::size_t l : {0, 1}) {
      const std::size_t of = deep.network.shape.layers[2 * l].blocks[0].offset,
                        at = direct.network.shape.layers[l].blocks[0].offset;
      const std::size_t count = direct.network.shape.layers[l].parameter_count() * deep.lanes;
      std::copy_n(from + of * deep.lanes, count, to + at * deep.lanes);
    }
  };
  copied(deep.parameters.data(), direct.parameters.data());
  std::copy_n(deep.input_values.data(), deep.input_values.size(), direct.input_values.data());
  std::copy_n(deep.target_values.data(), deep.target_values.size(), direct.target_values.data());
  const auto with = run_pass(deep, Loss::kMse, Mode::kTrain, 6),
             without = run_pass(direct, Loss::kMse, Mode::kTrain, 6);
  std::vector<double> gradient(without.gradient.size());
  copied(with.gradient.data(), gradient.data());
  EXPECT_EQ(with.outputs, without.outputs);
  EXPECT_EQ(gradient, without.gradient);
}

}  // namespace
}  // namespace deadrelu
