#include "base/enum_names.h"

#include <gtest/gtest.h>

#include <vector>

namespace deadrelu {
namespace {

const std::vector<std::string> kNames = {"relu",          "leaky_relu",    "prelu", "selu",
                                         "learning_rate", "linear_warmup", "x"};

TEST(NearestName, a_slip_of_the_finger_finds_the_name_that_was_meant) {
  EXPECT_EQ(nearest_name("rleu", kNames), "relu");
  EXPECT_EQ(nearest_name("learing_rate", kNames), "learning_rate");
  EXPECT_EQ(nearest_name("learning-rate", kNames), "learning_rate");
  EXPECT_EQ(nearest_name("leakyrelu", kNames), "leaky_relu");
}

TEST(NearestName, letter_case_does_not_matter) {
  EXPECT_EQ(nearest_name("ReLU", kNames), "relu");
  EXPECT_EQ(nearest_name("X", kNames), "x");
}

TEST(NearestName, a_beginning_is_near) {
  EXPECT_EQ(nearest_name("lin", kNames), "linear_warmup");
  EXPECT_EQ(nearest_name("relu_layer", kNames), "relu");
}

TEST(NearestName, nothing_is_better_than_a_wild_guess) {
  EXPECT_EQ(nearest_name("batch_size", kNames), "");
  EXPECT_EQ(nearest_name("y", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("relu", {}), "");
  EXPECT_EQ(nearest_name(std::string(1000000, 'r'), kNames), "");
}

TEST(NearestName, the_nearest_wins_and_then_the_first) {
  EXPECT_EQ(nearest_name("prel", kNames), "prelu");
  EXPECT_EQ(nearest_name("zelu", kNames), "relu");
}

}  // namespace
}  // namespace deadrelu
