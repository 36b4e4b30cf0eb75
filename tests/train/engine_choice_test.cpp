#include "train/pack.h"

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

NetworkShape shape_of(std::vector<std::size_t> hidden, std::size_t inputs, std::size_t outputs) {
  ModelSpec model;
  model.hidden = std::move(hidden);
  return network_shape(model, inputs, outputs);
}

TEST(EngineChoice, a_full_pack_of_small_networks_trains_in_lanes) {
  for (const std::size_t vector : {4, 8, 16}) {
    EXPECT_EQ(faster_engine(shape_of({16, 16}, 2, 1), 32, vector, vector, 4), Engine::kLanes);
    EXPECT_EQ(faster_engine(shape_of(std::vector<std::size_t>(10, 2), 1, 1), 128, vector, vector, 4),
              Engine::kLanes);
  }
}

TEST(EngineChoice, a_single_network_of_some_size_trains_in_wide) {
  for (const std::size_t vector : {8, 16}) {
    EXPECT_EQ(faster_engine(shape_of({64, 64, 64}, 64, 10), 64, 1, vector, 4), Engine::kWide);
    EXPECT_EQ(faster_engine(shape_of({256, 256, 256}, 784, 10), 128, 1, vector, 4), Engine::kWide);
  }
}

// Whose weight gradients go side by side; other activations and doubles go layer by layer.
TEST(EngineChoice, a_few_networks_of_narrow_layers_train_in_wide) {
  const NetworkShape shape = shape_of(std::vector<std::size_t>(10, 2), 1, 1);
  for (const std::size_t vector : {8, 16}) {
    EXPECT_EQ(faster_engine(shape, 128, 3, vector, 4), Engine::kWide);
    EXPECT_EQ(faster_engine(shape, 128, 5, vector, 4), Engine::kLanes);
    EXPECT_EQ(faster_engine(shape, 128, 3, vector, 8), Engine::kLanes);
  }
}

TEST(EngineChoice, wide_never_gets_better_with_more_runs) {
  for (const std::size_t batch : {1, 32, 256}) {
    Engine last = Engine::kWide;
    for (std::size_t runs = 1; runs <= 8; ++runs) {
      const Engine engine = faster_engine(shape_of({48, 48}, 10, 3), batch, runs, 8, 4);
      EXPECT_FALSE(last == Engine::kLanes && engine == Engine::kWide);
      last = engine;
    }
  }
}

}  // namespace
}  // namespace deadrelu
