// The walk over a sweep's points.
#include "sweep/sweep_shape.h"

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

struct Step {
  std::vector<std::uint64_t> indices;
  std::uint64_t seed, position, point;
  bool operator==(const Step&) const = default;
};

std::vector<Step> walk(const SweepShape& shape) {
  std::vector<Step> steps;
  for (SweepCursor cursor(shape); cursor.next();)
    steps.push_back({cursor.indices(), cursor.seed(), cursor.position(), cursor.point()});
  return steps;
}

TEST(Sweep, without_axes_there_is_one_point) {
  EXPECT_EQ(walk({}), (std::vector<Step>{{{}, 0, 0, 0}}));
  EXPECT_EQ(sweep_size({}), 1u);
}

TEST(Sweep, a_walk_that_has_ended_stays_at_its_end) {
  const SweepShape shape{{2}, {}, {}};
  SweepCursor cursor(shape);
  while (cursor.next()) {
  }
  EXPECT_FALSE(cursor.next());
  EXPECT_EQ(cursor.position(), 1u);
}

TEST(Sweep, the_last_axis_is_fastest_and_seeds_are_innermost) {
  const SweepShape shape{{2, 2}, {}, {{}, 5, 2}};
  EXPECT_EQ(walk(shape), (std::vector<Step>{{{0, 0}, 5, 0, 0},
                                            {{0, 0}, 6, 1, 0},
                                            {{0, 1}, 5, 2, 1},
                                            {{0, 1}, 6, 3, 1},
                                            {{1, 0}, 5, 4, 2},
                                            {{1, 0}, 6, 5, 2},
                                            {{1, 1}, 5, 6, 3},
                                            {{1, 1}, 6, 7, 3}}));
}

TEST(Sweep, listed_seeds_come_in_their_order) {
  const SweepShape shape{{1}, {}, {{9, 3}, 0, 1}};
  EXPECT_EQ(walk(shape), (std::vector<Step>{{{0}, 9, 0, 0}, {{0}, 3, 1, 0}}));
}

TEST(Sweep, values_of_one_axis_may_have_seeds_of_their_own) {
  SweepShape shape{{2, 3}, {{{1}, {0}}}, {}};
  shape.own_seeds = {{{}, 4, 2}, {{9}, 0, 1}, {{}, 0, 3}};
  shape.seeded_axis = 1;
  shape.repeated = {4};  // (1, 1)
  EXPECT_EQ(walk(shape), (std::vector<Step>{{{0, 0}, 4, 0, 0},
                                            {{0, 0}, 5, 1, 0},
                                            {{0, 1}, 9, 2, 1},
                                            {{0, 2}, 0, 3, 2},
                                            {{0, 2}, 1, 4, 2},
                                            {{0, 2}, 2, 5, 2},
                                            {{1, 2}, 0, 6, 3},
                                            {{1, 2}, 1, 7, 3},
                                            {{1, 2}, 2, 8, 3}}));
  EXPECT_EQ(sweep_size(shape), 9u);
}

TEST(Sweep, excluded_points_are_skipped_and_not_counted) {
  const SweepShape shape{{2, 3}, {{{0}, {0, 2}}, {{}, {1}}}, {}};
  EXPECT_EQ(walk(shape), (std::vector<Step>{{{1, 0}, 0, 0, 0}, {{1, 2}, 0, 1, 1}}));
  EXPECT_EQ(sweep_size(shape), 2u);
}

TEST(Sweep, repeated_points_are_skipped_and_not_counted) {
  const SweepShape shape{{2, 3}, {{{0}, {0}}}, {{}, 0, 2}, {2, 3}};
  const auto steps = walk(shape);
  EXPECT_EQ(sweep_size(shape), 6u);
  ASSERT_EQ(steps.size(), 6u);
  EXPECT_EQ(steps[0].indices, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(steps[2].indices, (std::vector<std::uint64_t>{1, 1}));
  EXPECT_EQ(steps[5], (Step{{1, 2}, 1, 5, 2}));
}

TEST(Sweep, nothing_is_left_where_everything_is_excluded) {
  EXPECT_TRUE(walk({{2}, {{{}}}, {}}).empty());
  EXPECT_EQ(sweep_size({{2}, {{{}}}, {}}), 0u);
}

TEST(Sweep, the_size_is_what_the_walk_finds) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    SweepShape shape{{2 + trial % 3, 1 + trial % 4, 3}, {}, {{}, 0, 1 + trial % 2}};
    std::uint64_t state = trial * 2654435761u + 1;
    const auto random = [&](std::uint64_t bound) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      return (state >> 33u) % bound;
    };
    for (std::uint64_t e = random(5); e > 0; --e) {
      SweepShape::Exclusion exclusion;
      for (const std::uint64_t size : shape.axis_sizes) {
        auto& values = exclusion.emplace_back();
        for (std::uint64_t i = 0; i < size; ++i)
          if (random(3) == 0) values.push_back(i);
      }
      shape.exclusions.push_back(exclusion);
    }
    EXPECT_EQ(sweep_size(shape), walk(shape).size()) << trial;
  }
}

TEST(Sweep, axes_that_no_exclusion_mentions_are_counted_without_a_walk) {
  const SweepShape shape{{1000000, 20, 20}, {{{}, {5}, {7, 8}}, {{}, {5, 6}, {}}}, {{}, 0, 10}};
  EXPECT_EQ(sweep_size(shape), (20u * 20 - 2 * 20) * std::uint64_t{1000000} * 10);
}

}  // namespace
}  // namespace deadrelu
