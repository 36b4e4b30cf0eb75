#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/network_testing.h"

namespace deadrelu {
namespace {

using Networks = LaneNetworks<double>;
constexpr std::size_t kFewSamples = 6;
constexpr double kStep = 1e-4;       // of a parameter
constexpr double kMargin = 4e-3;     // what no step moves a pre-activation by
constexpr double kMostScale = 3;     // of a normalization: what is divided by little bends much
constexpr double kTolerance = 1e-6;  // relative, for gradients from 1e-3 on

std::vector<double> kinks(Activation kind) {
  switch (kind) {
    case Activation::kRelu6: return {0, 6};
    case Activation::kHardSigmoid:
    case Activation::kHardSwish: return {-3, 3};
    case Activation::kHardTanh: return {-1, 1};
    default: return {0};  // the smooth ones have none; keeping off 0 does them no harm
  }
}

// How far the lane's pre-activations are from all kinks (0 where a normalization has too little to divide by), maxout's pieces from a tie and outputs from their
// targets.
double margin(Networks& pack, Loss loss, std::size_t lane) {
  const Network<double>& network = pack.network;
  Activations<double> activations(network, kFewSamples);
  const std::size_t last = network.shape.layers.size() - 1;
  draw_all(network, 0, kFewSamples, activations);
  forward<double>(network, pack.parameters.data(), pack.inputs(), Mode::kTrain, activations);
  double smallest = 1;
  for (std::size_t l = 0; l <= last; ++l) {
    const LayerShape& layer = network.shape.layers[l];
    if (layer.normalization.kind == Normalization::kNone) continue;
    const bool by_batch = layer.couples_samples();
    for (std::size_t i = 0; i < (by_batch ? layer.normalized() : kFewSamples); ++i)
      if ((by_batch ? activations.statistics(l).scale + i * pack.lanes
                    : activations.scale(l, kFewSamples).at(0, i))[lane] > kMostScale)
        return 0;
  }
  const auto see = [&](double distance) { smallest = std::min(smallest, std::abs(distance)); };
  for (std::size_t s = 0; s < kFewSamples; ++s) {
    for (std::size_t l = 0; l <= last; ++l) {
      const Activation kind = network.shape.layers[l].activation.kind;
      if (kind == Activation::kIdentity) continue;
      const LaneMatrix<double> z =
          fuses_relu(network, l) ? activations.activated(l, kFewSamples) : activations.z(l, kFewSamples);
      for (std::size_t r = 0; r < z.rows; ++r) {
        for (const double kink : kinks(kind)) see(z.at(r, s)[lane] - kink);
        if (kind != Activation::kMaxout) continue;
        for (std::size_t other = r / 3 * 3; other < r; ++other) see(z.at(r, s)[lane] - z.at(other, s)[lane]);
      }
    }
    for (std::size_t o = 0; loss == Loss::kMae && o < Networks::kOutputs; ++o)
      see(activations.output(last, kFewSamples).at(o, s)[lane] - pack.targets().at(o, s)[lane]);
  }
  return smallest;
}

Networks pack_away_from_kinks(const ModelSpec& model, Loss loss) {
  Networks pack(model, kFewSamples, available_simd()[0]);
  for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
    for (std::uint32_t seed = 1000 * static_cast<std::uint32_t>(lane);; ++seed) {
      pack.fill_lane(lane, seed, loss);
      if (margin(pack, loss, lane) > kMargin) break;
    }
  }
  return pack;
}

bool is_trained(const NetworkShape& shape, std::size_t parameter) {
  bool trained = true;
  for (const LayerShape& layer : shape.layers)
    for (const ParameterBlock& block : layer.blocks)
      if (parameter >= block.offset && parameter < block.offset + block.size())
        trained = block.info().trained;
  return trained;
}

// Compares every parameter's gradient, in all lanes, with the difference quotient of fourth order.
void expect_gradient_of_loss(const ModelSpec& model, Loss loss) {
  Networks pack = pack_away_from_kinks(model, loss);
  const std::vector<double> gradient = run_pass(pack, loss, Mode::kTrain, kFewSamples).gradient;
  const auto losses_at = [&](std::size_t parameter, double shift) {
    const Buffer<double>& p = pack.parameters;
    const std::vector<double> kept(p.data() + parameter * pack.lanes,
                                   p.data() + (parameter + 1) * pack.lanes);
    for (std::size_t lane = 0; lane < pack.lanes; ++lane)
      pack.parameters[parameter * pack.lanes + lane] += shift;
    const std::vector<double> sums = run_pass(pack, loss, Mode::kTrain, kFewSamples).loss;
    std::copy(kept.begin(), kept.end(), pack.parameters.data() + parameter * pack.lanes);
    return sums;
  };
  for (std::size_t i = 0; i < pack.network.shape.parameter_count; ++i) {
    if (!is_trained(pack.network.shape, i)) {
      for (std::size_t lane = 0; lane < pack.lanes; ++lane) ASSERT_EQ(gradient[i * pack.lanes + lane], 0);
      continue;
    }
    const auto up = losses_at(i, kStep), down = losses_at(i, -kStep);
    const auto far_up = losses_at(i, 2 * kStep), far_down = losses_at(i, -2 * kStep);
    for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
      const double quotient =
          (8 * (up[lane] - down[lane]) - (far_up[lane] - far_down[lane])) / (12 * kStep * kFewSamples);
      const double expected = gradient[i * pack.lanes + lane];
      ASSERT_NEAR(quotient, expected, kTolerance * std::max(std::abs(expected), 1e-3))
          << "parameter " << i << " lane " << lane;
    }
  }
}

class FiniteDifference : public ::testing::TestWithParam<NamedModel> {};

TEST_P(FiniteDifference, is_the_gradient_of_every_loss) {
  for (const auto& [loss, name] : kLosses) {
    SCOPED_TRACE(name);
    expect_gradient_of_loss(GetParam().model, loss);
  }
}

TEST_P(FiniteDifference, is_the_gradient_without_biases) {
  ModelSpec model = GetParam().model;
  model.bias = model.output_bias = false;
  model.biases.clear();
  expect_gradient_of_loss(model, Loss::kMse);
}

INSTANTIATE_TEST_SUITE_P(Models, FiniteDifference, ::testing::ValuesIn(models()),
                         [](const auto& model) { return model.param.name; });

TEST(FiniteDifferenceOfALinearModel, is_the_gradient_of_every_loss) {
  ModelSpec model;
  for (const auto& [loss, name] : kLosses) {
    SCOPED_TRACE(name);
    expect_gradient_of_loss(model, loss);
  }
}

}  // namespace
}  // namespace deadrelu
