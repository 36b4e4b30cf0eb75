// Which activations can leave a unit without any gradient on all data.
#include <gtest/gtest.h>

#include "closed_forms/ensemble.h"

namespace deadrelu {
namespace {

// The share of hidden units whose gradient is exactly zero on the whole data set, over untrained networks.
Sample zero_gradient_share(const ActivationSpec& activation) {
  RunSpec spec = born({4, 4, 4}, {{-1.0, 0.3}, {0.5, 0.4}, {2.0, -0.7}, {-0.2, -0.9}});
  spec.data.targets = PointList{{1.0}, {-2.0}, {0.5}, {3.0}};
  spec.model.activation = activation;
  spec.init.hidden.bias.kind = BiasInit::kNormal;
  spec.init.hidden.bias.std = 1;
  spec.record.layers = true;
  Sample share;
  for_each_network(spec, kManyNetworks / 10, [&](const RunRecord& run) {
    for (std::size_t l = 0; l < 3; ++l) share.add(run.layers[l].zero_gradient_fraction);
  });
  return share;
}

TEST(ZeroGradient, never_befalls_a_crelu_unit) {
  EXPECT_EQ(zero_gradient_share({.kind = Activation::kCrelu}).mean(), 0);
}
TEST(ZeroGradient, never_befalls_a_maxout_unit) {
  EXPECT_EQ(zero_gradient_share({.kind = Activation::kMaxout, .pieces = 2}).mean(), 0);
}
TEST(ZeroGradient, never_befalls_a_leaky_unit) {
  EXPECT_EQ(zero_gradient_share({.kind = Activation::kLeakyRelu, .slope = 0.01}).mean(), 0);
  EXPECT_EQ(zero_gradient_share({.kind = Activation::kPrelu, .slope = 0.25}).mean(), 0);
}
TEST(ZeroGradient, befalls_many_relu_units) {
  EXPECT_GT(zero_gradient_share({.kind = Activation::kRelu}).mean(), 0.02);
}

}  // namespace
}  // namespace deadrelu
