// How the size of the signal changes from layer to layer of an untrained relu network without biases.
#include <gtest/gtest.h>

#include <cmath>

#include "closed_forms/ensemble.h"

namespace deadrelu {
namespace {

// Weights of variance κ/fan_in on one input: the layers table tells M_l = ‖h_l‖²/n_l as mean² + spread².
RunSpec weights_of_variance(double kappa, std::vector<std::size_t> hidden) {
  RunSpec spec = born(std::move(hidden), {{0.6, -1.2, 2.0}});
  spec.init.hidden.weights.kind = WeightInit::kLecunNormal;
  spec.init.hidden.gain = std::sqrt(kappa);
  spec.record.layers = true;
  return spec;
}

constexpr double kInputSize = (0.36 + 1.44 + 4.0) / 3;  // ‖x‖²/d

double size_of(const LayerRow& row) {
  return row.activation_mean * row.activation_mean + row.activation_std * row.activation_std;
}

TEST(SignalSize, grows_by_half_of_kappa_a_layer) {
  for (const double kappa : {1.0, 2.0, 3.0}) {
    const std::vector<std::size_t> hidden{20, 30, 25};
    std::vector<Sample> sizes(hidden.size());
    for_each_network(weights_of_variance(kappa, hidden), kManyNetworks / 8, [&](const RunRecord& run) {
      for (std::size_t l = 0; l < hidden.size(); ++l) sizes[l].add(size_of(run.layers[l]));
    });
    for (std::size_t l = 0; l < hidden.size(); ++l) {
      SCOPED_TRACE(testing::Message() << "kappa " << kappa << " layer " << l + 1);
      const double expected = std::pow(kappa / 2, static_cast<double>(l + 1)) * kInputSize;
      expect_mean(sizes[l], expected);
      EXPECT_LT(sizes[l].standard_error(), 0.012 * expected) << "too few networks to tell a wrong factor";
    }
  }
}

TEST(SignalSize, fluctuates_by_one_plus_five_over_the_width_a_layer) {
  // E[M_l²] = ∏(1 + 5/n) M_0² at κ = 2 (Hanin, Rolnick 2018).
  const std::vector<std::size_t> hidden{10, 40, 20};
  std::vector<Sample> squares(hidden.size());
  for_each_network(weights_of_variance(2, hidden), kManyNetworks / 2, [&](const RunRecord& run) {
    for (std::size_t l = 0; l < hidden.size(); ++l)
      squares[l].add(size_of(run.layers[l]) * size_of(run.layers[l]));
  });
  double expected = kInputSize * kInputSize;
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    SCOPED_TRACE(testing::Message() << "layer " << l + 1);
    expected *= 1 + 5 / static_cast<double>(hidden[l]);
    expect_mean(squares[l], expected);
    EXPECT_LT(squares[l].standard_error(), 0.015 * expected) << "too few networks to tell 5 from 4";
  }
}

TEST(SignalSize, he_normal_is_kappa_two) {
  RunSpec he = born({15, 15}, {{0.6, -1.2, 2.0}});
  he.record.layers = true;
  Sample last;
  for_each_network(he, kManyNetworks / 4, [&](const RunRecord& run) { last.add(size_of(run.layers[1])); });
  expect_mean(last, kInputSize);
}

}  // namespace
}  // namespace deadrelu
