#include "train/optimizer_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace deadrelu {
namespace {

TEST(Schedule, constant_is_the_learning_rate) {
  for (const std::uint64_t i : {0, 1, 99, 100}) EXPECT_EQ(scheduled_learning_rate(0.3, {}, i, 100), 0.3);
}

// Andriushchenko et al. 2023: g + (F − 1)·g·i/n up to s·n, then the last of these over a factor.
TEST(Schedule, linear_warmup_rises_then_drops) {
  const ScheduleSpec spec{.kind = Schedule::kLinearWarmup, .factor = 9, .until = 0.5, .then_divide = 2.5};
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 0, 100), 0.1);
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 25, 100), 0.1 * 3);
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 50, 100), 0.1 * 5);
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 51, 100), 0.1 * 5 / 2.5);
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 99, 100), 0.1 * 5 / 2.5);
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.1, spec, 100, 100), 0.1 * 5 / 2.5);
}

TEST(Schedule, linear_warmup_keeps_the_last_rate_that_was_reached) {
  const ScheduleSpec spec{.kind = Schedule::kLinearWarmup, .factor = 11, .until = 0.25, .then_divide = 1};
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(1, spec, 2, 10), 3);  // 2.5 updates: the last one is number 2
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(1, spec, 3, 10), 3);
}

TEST(Schedule, a_warmup_of_everything_ends_at_its_factor) {
  const ScheduleSpec spec{.kind = Schedule::kLinearWarmup, .factor = 4, .until = 1, .then_divide = 7};
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(0.5, spec, 10, 10), 2);
}

TEST(Schedule, step_multiplies_by_gamma_every_so_often) {
  const ScheduleSpec spec{.kind = Schedule::kStep, .every = 30, .gamma = 0.1};
  for (const std::uint64_t i : {0, 1, 29, 30, 31, 59, 60, 299, 300, 1000}) {
    const double expected = 0.7 * std::pow(0.1, static_cast<double>(i / 30));
    EXPECT_NEAR(scheduled_learning_rate(0.7, spec, i, 1000), expected, 1e-14 * expected) << i;
  }
}

TEST(Schedule, cosine_falls_from_the_rate_to_its_final_share) {
  const ScheduleSpec spec{.kind = Schedule::kCosine, .final_factor = 0.2};
  EXPECT_DOUBLE_EQ(scheduled_learning_rate(2, spec, 0, 60), 2);
  EXPECT_NEAR(scheduled_learning_rate(2, spec, 20, 60), 2 * (0.2 + 0.8 * 0.75), 1e-14);
  EXPECT_NEAR(scheduled_learning_rate(2, spec, 30, 60), 2 * (0.2 + 0.8 * 0.5), 1e-14);
  EXPECT_NEAR(scheduled_learning_rate(2, spec, 60, 60), 2 * 0.2, 1e-14);
  for (std::uint64_t i = 0; i <= 60; ++i) {
    const double share = (1 + std::cos(std::numbers::pi * static_cast<double>(i) / 60)) / 2;
    EXPECT_NEAR(scheduled_learning_rate(2, spec, i, 60), 2 * (0.2 + 0.8 * share), 1e-13) << i;
  }
}

TEST(Schedule, cosine_never_goes_below_zero) {
  const ScheduleSpec spec{.kind = Schedule::kCosine, .final_factor = 0};
  for (std::uint64_t i = 0; i <= 997; ++i) ASSERT_GE(scheduled_learning_rate(1, spec, i, 997), 0) << i;
}

TEST(Schedule, phases_change_after_their_share_of_the_steps) {
  const ScheduleSpec spec{.kind = Schedule::kPhases, .phases = {{0.25, 0.5}, {0.5, 1}, {0.9, 0.125}}};
  const auto rate = [&](std::uint64_t i, std::uint64_t n) { return scheduled_learning_rate(2, spec, i, n); };
  for (const std::uint64_t i : {0, 24}) EXPECT_EQ(rate(i, 100), 1);
  for (const std::uint64_t i : {25, 49}) EXPECT_EQ(rate(i, 100), 2);
  for (const std::uint64_t i : {50, 89, 90, 99, 100}) EXPECT_EQ(rate(i, 100), 0.25);  // the last one stays
  EXPECT_EQ(rate(2, 10), 1);  // ⌊2.5 + ½⌋ updates
  EXPECT_EQ(rate(3, 10), 2);
}

TEST(Schedule, no_steps_at_all_have_a_rate) {
  for (const Schedule kind : values_of<Schedule>()) {
    ScheduleSpec spec{.kind = kind};
    spec.phases = {{1, 1}};
    EXPECT_EQ(scheduled_learning_rate(0.1, spec, 0, 0), 0.1);
  }
}

}  // namespace
}  // namespace deadrelu
