// Dormant scores: a unit's mean |activation| over its layer's mean of it (Sokar et al. 2023).
#include <gtest/gtest.h>

#include <cmath>

#include "closed_forms/ensemble.h"
#include "probe/pack_testing.h"

namespace deadrelu {
namespace {

// Four relu units with activations 0, 0.1, 1 and 2.9 on the one input; the layer's mean is 1.
double dormant_units(double threshold) {
  RunSpec spec = untrained({4});
  spec.initial =
      network_of({layer_of({{-1}, {0.1}, {1}, {2.9}}, {0, 0, 0, 0}), layer_of({{1, 1, 1, 1}}, {0})});
  spec.record.thresholds.dormant = threshold;
  return 4 * train_one<double>(spec, make_examples<double>({{{1}}, {{0}}})).layers[0].dormant_fraction;
}

TEST(DormantScore, counts_units_at_or_below_the_threshold) {
  EXPECT_EQ(dormant_units(0), 1);
  EXPECT_EQ(dormant_units(0.025), 1);
  EXPECT_EQ(dormant_units(0.1), 2);
  EXPECT_EQ(dormant_units(0.0999), 1);
  EXPECT_EQ(dormant_units(2.9), 4);
}

TEST(DormantScore, averages_to_one_in_every_layer_that_is_not_wholly_dormant) {
  std::size_t living = 0, silent = 0;
  for (const Activation kind :
       {Activation::kRelu, Activation::kTanh, Activation::kCrelu, Activation::kMaxout}) {
    RunSpec spec = born({3, 3, 3}, {{-1.0}, {0.5}, {2.0}});
    spec.model.activation.kind = kind;
    spec.record.units = spec.record.layers = true;
    for_each_network(spec, 500, [&](const RunRecord& run) {
      for (std::size_t l = 0; l < 3; ++l) {
        double sum = 0;
        for (std::size_t u = 0; u < 3; ++u) sum += run.units[3 * l + u].dormant_score;
        if (run.layers[l].dead_fraction == 1) {
          ++silent;
          EXPECT_EQ(sum, 0);
          EXPECT_EQ(run.layers[l].dormant_fraction, 1);
        } else {
          ++living;
          EXPECT_NEAR(sum / 3, 1, 1e-12);
          EXPECT_LT(run.layers[l].dormant_fraction, 1);
        }
      }
    });
  }
  EXPECT_GT(living, 1000U);
  EXPECT_GT(silent, 50U);
}

}  // namespace
}  // namespace deadrelu
