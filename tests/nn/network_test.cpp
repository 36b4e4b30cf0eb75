#include "nn/network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "nn/network_testing.h"
#include "reference/reference_network.h"
#include "train/pack.h"

namespace deadrelu {
namespace {

constexpr std::size_t kSamples = 7;

template <class T>
class NetworkOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(NetworkOf, Precisions);

// One lane's network and examples for the reference.
template <class T>
struct Alone {
  Alone(LaneNetworks<T>& pack, std::size_t lane, Mode mode)
      : layers(reference::layers_from(
            lane_parameters(pack.network.shape, pack.parameters.data(), pack.lanes, lane))),
        model(pack.models[lane]),
        inputs(LaneNetworks<T>::kInputs, pack.sample_count),
        targets(LaneNetworks<T>::kOutputs, pack.sample_count) {
    passing.training = mode == Mode::kTrain;
    for (std::size_t l = 0; passing.training && l < pack.network.shape.layers.size(); ++l) {
      const LayerShape& layer = pack.network.shape.layers[l];
      const auto rows = static_cast<Eigen::Index>(layer.drops ? layer.outputs : 0);
      passing.masks.emplace_back(rows, static_cast<Eigen::Index>(pack.sample_count));
      for (Eigen::Index r = 0; r < rows; ++r)
        for (Eigen::Index s = 0; s < passing.masks[l].cols(); ++s)
          passing.masks[l](r, s) = drawn_mask(1 / (1 - model.dropout), l, static_cast<std::size_t>(r),
                                              static_cast<std::size_t>(s));
    }
    fill(inputs, pack.inputs(), lane);
    fill(targets, pack.targets(), lane);
  }
  static void fill(reference::Matrix& to, LaneMatrix<T> from, std::size_t lane) {
    for (Eigen::Index r = 0; r < to.rows(); ++r)
      for (Eigen::Index s = 0; s < to.cols(); ++s)
        to(r, s) =
            static_cast<double>(from.at(static_cast<std::size_t>(r), static_cast<std::size_t>(s))[lane]);
  }
  reference::Layers layers;
  ModelSpec model;
  reference::Passing passing;
  reference::Matrix inputs, targets;
};

// Every loss, and both modes but where rrelu draws its slopes, of which the reference knows the mean alone.
struct Pass {
  Mode mode;
  Loss loss;
  std::string name;
};
std::vector<Pass> passes(const ModelSpec& model) {
  std::vector<Pass> list;
  const NetworkShape shape = network_shape(model, 1, 1);
  const bool draws = std::any_of(shape.layers.begin(), shape.layers.end(), [](const LayerShape& layer) {
    return layer.activation.kind == Activation::kRrelu;
  });
  for (const auto& [loss, name] : kLosses) {
    list.push_back({Mode::kEvaluate, loss, name});
    if (!draws) list.push_back({Mode::kTrain, loss, std::string(name) + " in training"});
  }
  return list;
}

TYPED_TEST(NetworkOf, every_activation_gives_the_references_outputs_and_losses) {
  using T = TypeParam;
  const double tolerance = sizeof(T) == sizeof(double) ? 1e-13 : 1e-5;
  for (const auto& [name, model] : models()) {
    for (const auto& [mode, loss, loss_name] : passes(model)) {
      SCOPED_TRACE(name + " " + loss_name);
      LaneNetworks<T> pack(model, kSamples, available_simd()[0]);
      pack.fill(100, loss);
      const auto result = run_pass(pack, loss, mode, kSamples);
      for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
        const Alone<T> alone(pack, lane, mode);
        const reference::Matrix outputs =
            reference::forward(alone.model, alone.layers, alone.inputs, alone.passing).output;
        const double scale = std::max(1.0, outputs.cwiseAbs().maxCoeff());
        for (std::size_t o = 0; o < LaneNetworks<T>::kOutputs; ++o)
          for (std::size_t s = 0; s < kSamples; ++s)
            ASSERT_NEAR(static_cast<double>(result.outputs[(o * kSamples + s) * pack.lanes + lane]),
                        outputs(static_cast<Eigen::Index>(o), static_cast<Eigen::Index>(s)),
                        tolerance * scale);
        const double value = reference::loss_value(loss, outputs, alone.targets);
        ASSERT_NEAR(result.loss[lane] / kSamples, value, tolerance * scale * std::max(1.0, value));
      }
    }
  }
}

// Gradients of the outputs' linear functions and of the losses: formulas against formulas.
TYPED_TEST(NetworkOf, every_activation_gives_the_references_gradients) {
  using T = TypeParam;
  const double tolerance = sizeof(T) == sizeof(double) ? 1e-12 : 1e-4;
  for (const auto& [name, model] : models()) {
    for (const auto& [mode, loss, loss_name] : passes(model)) {
      SCOPED_TRACE(name + " " + loss_name);
      LaneNetworks<T> pack(model, kSamples, available_simd()[0]);
      pack.fill(200, loss);
      const auto result = run_pass(pack, loss, mode, kSamples);
      for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
        const Alone<T> alone(pack, lane, mode);
        const auto expected =
            reference::gradient(alone.model, loss, alone.layers, alone.inputs, alone.targets, alone.passing);
        const auto given = reference::layers_from(
            lane_parameters(pack.network.shape, result.gradient.data(), pack.lanes, lane));
        const double norm = std::max(1.0, std::sqrt(reference::squared_norm(expected)));
        ASSERT_LT(reference::largest_difference(given, expected), tolerance * norm) << "lane " << lane;
      }
    }
  }
}

TYPED_TEST(NetworkOf, blocks_of_samples_in_pieces_are_one_block) {
  using T = TypeParam;
  for (const auto& [name, model] : models()) {
    SCOPED_TRACE(name);
    LaneNetworks<T> pack(model, kSamples, available_simd()[0]);
    pack.fill(300, Loss::kMse);
    const Mode mode = pack.network.shape.couples_samples() ? Mode::kEvaluate : Mode::kTrain;
    const auto whole = run_pass(pack, Loss::kMse, mode, kSamples);
    for (const std::size_t block : {1, 2, 3, 6, 100}) {
      const auto pieces = run_pass(pack, Loss::kMse, mode, block);
      ASSERT_EQ(pieces.outputs, whole.outputs) << block;
      ASSERT_EQ(pieces.loss, whole.loss) << block;
      ASSERT_EQ(pieces.gradient, whole.gradient) << block;
    }
  }
}

TYPED_TEST(NetworkOf, lanes_side_by_side_are_each_alone) {
  using T = TypeParam;
  for (const SimdTarget target : available_simd()) {
    for (const auto& [name, model] : models()) {
      SCOPED_TRACE(name);
      LaneNetworks<T> pack(model, kSamples, target);
      pack.fill(400, Loss::kCrossEntropy);
      const auto together = run_pass(pack, Loss::kCrossEntropy, Mode::kTrain, kSamples);
      for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
        LaneNetworks<T> alone(model, kSamples, target);
        for (std::size_t copy = 0; copy < pack.lanes; ++copy) alone.copy_lane(copy, pack, lane);
        const auto expected = run_pass(alone, Loss::kCrossEntropy, Mode::kTrain, kSamples);
        for (std::size_t i = 0; i < pack.network.shape.parameter_count; ++i)
          ASSERT_EQ(together.gradient[i * pack.lanes + lane], expected.gradient[i * pack.lanes]);
        for (std::size_t i = 0; i < LaneNetworks<T>::kOutputs * kSamples; ++i)
          ASSERT_EQ(together.outputs[i * pack.lanes + lane], expected.outputs[i * pack.lanes]);
        ASSERT_EQ(together.loss[lane], expected.loss[0]);
      }
    }
  }
}

TYPED_TEST(NetworkOf, every_target_gives_the_same_bits) {
  using T = TypeParam;
  for (const auto& [name, model] : models()) {
    SCOPED_TRACE(name);
    LaneNetworks<T> first(model, kSamples, available_simd()[0]);
    first.fill(500, Loss::kBinaryCrossEntropy);
    const auto expected = run_pass(first, Loss::kBinaryCrossEntropy, Mode::kTrain, kSamples);
    for (const SimdTarget target : available_simd()) {
      LaneNetworks<T> other(model, kSamples, target);
      for (std::size_t lane = 0; lane < other.lanes; ++lane) other.copy_lane(lane, first, lane % first.lanes);
      const auto result = run_pass(other, Loss::kBinaryCrossEntropy, Mode::kTrain, kSamples);
      for (std::size_t lane = 0; lane < other.lanes; ++lane)
        for (std::size_t i = 0; i < other.network.shape.parameter_count; ++i)
          ASSERT_EQ(result.gradient[i * other.lanes + lane],
                    expected.gradient[i * first.lanes + lane % first.lanes]);
    }
  }
}

TYPED_TEST(NetworkOf, a_lane_full_of_nan_leaves_its_neighbours_alone) {
  using T = TypeParam;
  for (const auto& [name, model] : models()) {
    SCOPED_TRACE(name);
    LaneNetworks<T> pack(model, kSamples, available_simd()[0]);
    pack.fill(600, Loss::kMse);
    const auto expected = run_pass(pack, Loss::kMse, Mode::kTrain, kSamples);
    for (std::size_t i = 1; i < pack.parameters.size(); i += pack.lanes)
      pack.parameters[i] = std::numeric_limits<T>::quiet_NaN();
    const auto result = run_pass(pack, Loss::kMse, Mode::kTrain, kSamples);
    EXPECT_TRUE(std::isnan(result.loss[1]));
    for (std::size_t i = 0; i < pack.parameters.size(); ++i) {
      if (i % pack.lanes == 1) continue;
      ASSERT_EQ(result.gradient[i], expected.gradient[i]);
    }
  }
}

TEST(Network, a_layer_without_inputs_is_our_own_mistake) {
  EXPECT_DEBUG_DEATH(network_shape(small_model(Activation::kRelu), 0, 1), "inputs > 0");
}

// All pre-activations 0: the derivative at the kink is the lane's own at_zero.
TYPED_TEST(NetworkOf, the_derivative_at_zero_is_each_lanes_own) {
  using T = TypeParam;
  ModelSpec model = small_model(Activation::kRelu);
  model.hidden = {1};
  LaneNetworks<T> pack(model, 1, available_simd()[0]);
  pack.fill(700, Loss::kHalfMse);
  const LayerShape &hidden = pack.network.shape.layers[0], &output = pack.network.shape.layers[1];
  for (std::size_t i = 0; i < output[BlockKind::kWeights].offset * pack.lanes; ++i) pack.parameters[i] = 0;
  const auto result = run_pass(pack, Loss::kHalfMse, Mode::kTrain, 1);
  for (std::size_t lane = 0; lane < pack.lanes; ++lane) {
    double expected = 0;
    for (std::size_t o = 0; o < output.rows; ++o)
      expected +=
          static_cast<double>(pack.parameters[(output[BlockKind::kWeights].offset + o) * pack.lanes + lane]) /
          3 *
          static_cast<double>(pack.parameters[(output[BlockKind::kBias].offset + o) * pack.lanes + lane] -
                              pack.targets().at(o, 0)[lane]);
    expected *= static_cast<double>(pack.network.numbers[0].at_zero[lane]);
    EXPECT_NEAR(static_cast<double>(result.gradient[hidden[BlockKind::kBias].offset * pack.lanes + lane]),
                expected, 1e-6);
  }
}

}  // namespace
}  // namespace deadrelu
