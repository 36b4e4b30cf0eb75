#include "train/record_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace deadrelu {
namespace {

using ListedSteps = std::vector<std::uint64_t>;

ListedSteps listed(ListedSteps steps, std::uint64_t last) {
  RecordSpec spec;
  spec.every = 0;
  spec.steps = std::move(steps);
  return listed_steps(spec, last);
}

ListedSteps logarithmic(std::size_t count, std::uint64_t last) {
  RecordSpec spec;
  spec.every = 0;
  spec.log_count = count;
  return listed_steps(spec, last);
}

TEST(RecordSpec, step_0_and_the_last_step_are_always_listed) {
  EXPECT_EQ(listed({}, 100), (ListedSteps{0, 100}));
  EXPECT_EQ(listed({10}, 100), (ListedSteps{0, 10, 100}));
  EXPECT_EQ(listed({0, 100}, 100), (ListedSteps{0, 100}));
}

TEST(RecordSpec, listed_steps_are_ascending_and_distinct) {
  EXPECT_EQ(listed({50, 7, 7, 50, 0}, 60), (ListedSteps{0, 7, 50, 60}));
}

TEST(RecordSpec, steps_beyond_the_last_are_left_out) {
  EXPECT_EQ(listed({5, 200, 101}, 100), (ListedSteps{0, 5, 100}));
}

TEST(RecordSpec, no_updates_means_step_0_alone) {
  EXPECT_EQ(listed({0, 5}, 0), (ListedSteps{0}));
  EXPECT_EQ(logarithmic(5, 0), (ListedSteps{0}));
}

TEST(RecordSpec, logarithmic_steps_hit_the_decades) {
  EXPECT_EQ(logarithmic(5, 10'000), (ListedSteps{0, 1, 10, 100, 1000, 10'000}));
  EXPECT_EQ(logarithmic(4, 1'000'000'000), (ListedSteps{0, 1, 1000, 1'000'000, 1'000'000'000}));
}

TEST(RecordSpec, logarithmic_steps_are_rounded_powers) {
  const ListedSteps steps = logarithmic(8, 777);
  ListedSteps expected{0};
  for (int k = 0; k < 8; ++k)
    expected.push_back(static_cast<std::uint64_t>(std::llround(std::pow(777.0, k / 7.0))));
  EXPECT_EQ(steps, expected);
}

TEST(RecordSpec, more_logarithmic_steps_than_steps_are_every_step) {
  EXPECT_EQ(logarithmic(1000, 6), (ListedSteps{0, 1, 2, 3, 4, 5, 6}));
}

TEST(RecordSpec, one_logarithmic_step_is_the_last) {
  EXPECT_EQ(logarithmic(1, 50), (ListedSteps{0, 50}));
  EXPECT_EQ(logarithmic(2, 50), (ListedSteps{0, 1, 50}));
  EXPECT_EQ(logarithmic(3, 1), (ListedSteps{0, 1}));
}

}  // namespace
}  // namespace deadrelu
