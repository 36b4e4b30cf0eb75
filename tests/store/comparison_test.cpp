#include "store/comparison.h"

#include <cmath>
#include <limits>

#include "scipy_numbers.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

// Two groups at one point, a seed a pair, one outcome a sample.
ComparedRuns pairs_of(const std::vector<double>& first, const std::vector<double>& second) {
  ComparedRuns runs;
  runs.groups = {{Cell(std::string("a"))}, {Cell(std::string("b"))}};
  runs.points = {{}};
  runs.outcomes = {{"x", {}}};
  for (std::size_t seed = 0; seed < first.size(); ++seed) {
    for (std::size_t group = 0; group < 2; ++group) {
      runs.runs.push_back({group, 0, static_cast<std::int64_t>(seed)});
      runs.outcomes[0].values.push_back(group == 0 ? first[seed] : second[seed]);
    }
  }
  return runs;
}

TEST(Comparison, intervals_and_p_values_are_those_of_scipys_ttest_rel) {
  const auto numbers = scipy_numbers();
  for (const auto& test : numbers["pairs"]) {
    const auto rows = compare_paired(pairs_of(test["first"], test["second"]), 0, false);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_NEAR(rows[0].p / test["p"].get<double>(), 1, 1e-10);
    EXPECT_NEAR(rows[0].interval.low, test["low"], 3e-7 * std::abs(test["low"].get<double>()));
    EXPECT_NEAR(rows[0].interval.high, test["high"], 3e-7 * std::abs(test["high"].get<double>()));
    EXPECT_EQ(rows[0].corrected, rows[0].p);
    EXPECT_EQ(rows[0].pairs, test["first"].size());
    EXPECT_EQ(rows[0].missing + rows[0].unpaired, 0u);
    EXPECT_NEAR(rows[0].difference, rows[0].mean - rows[0].baseline_mean, 1e-15);
    EXPECT_LT(rows[0].interval.low, rows[0].difference);
    EXPECT_NEAR(compare_paired(pairs_of(test["second"], test["first"]), 0, false)[0].p, rows[0].p, 1e-15);
  }
}

TEST(Comparison, where_all_differences_are_the_same_the_sign_test_speaks) {
  const Comparison all = compare_paired(pairs_of({0.1, 0.2, 0.3, 0.4}, {1.1, 1.2, 1.3, 1.4}), 0, false)[0];
  EXPECT_EQ(compare_paired(pairs_of({0, 0, 0, 0}, {1, 1, 1, 1}), 0, false)[0].p, 0.125);
  EXPECT_NEAR(all.difference, 1, 1e-15);
  const Comparison none = compare_paired(pairs_of({1, 2}, {1, 2}), 0, false)[0];
  EXPECT_EQ(none.difference, 0);
  EXPECT_TRUE(std::isnan(none.p) && std::isnan(none.corrected) && std::isnan(none.interval.low));
  const Comparison lone = compare_paired(pairs_of({1}, {3}), 0, false)[0];
  EXPECT_EQ(lone.difference, 2);
  EXPECT_TRUE(std::isnan(lone.p) && std::isnan(lone.interval.high));
}

TEST(Comparison, what_is_missing_and_who_has_no_partner_is_counted) {
  ComparedRuns runs = pairs_of({1, 2, kMissing, 4}, {2, kMissing, kMissing, 7});
  runs.runs.push_back({0, 0, 99});
  runs.outcomes[0].values.push_back(1000);
  const Comparison row = compare_paired(runs, 0, false)[0];
  EXPECT_EQ(row.pairs, 2u);
  EXPECT_EQ(row.missing, 2u);
  EXPECT_EQ(row.unpaired, 1u);
  EXPECT_EQ(row.baseline_mean, 2.5);
  EXPECT_EQ(row.mean, 4.5);
}

// Three groups at two points; every outcome is seed + 10 · point + effect of the group, twice at the second point.
ComparedRuns grid() {
  ComparedRuns runs;
  runs.groups.resize(3);
  runs.points.resize(2);
  runs.outcomes = {{"x", {}}, {"y", {}}};
  for (std::size_t point = 0; point < 2; ++point)
    for (std::int64_t seed = 0; seed < 4; ++seed)
      for (std::size_t group = 0; group < 3; ++group) {
        runs.runs.push_back({group, point, seed});
        const double effect =
            static_cast<double>(group * (point + 1)) * (1 + 0.1 * static_cast<double>(seed * seed));
        runs.outcomes[0].values.push_back(static_cast<double>(seed) + 10.0 * static_cast<double>(point) +
                                          effect);
        runs.outcomes[1].values.push_back(-effect * effect);
      }
  return runs;
}

TEST(Comparison, holms_family_is_one_points_outcomes_and_values) {
  const auto rows = compare_paired(grid(), 1, false);
  ASSERT_EQ(rows.size(), 8u);
  for (std::size_t point = 0; point < 2; ++point) {
    std::vector<double> p;
    for (std::size_t i = 0; i < 4; ++i) p.push_back(rows[4 * point + i].p);
    const std::vector<double> corrected = holm_corrected(p);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(rows[4 * point + i].corrected, corrected[i]);
      EXPECT_EQ(rows[4 * point + i].point, point);
      EXPECT_EQ(rows[4 * point + i].group, i < 2 ? 0u : 2u);
    }
  }
  EXPECT_LT(rows[0].difference, 0);
}

TEST(Comparison, averaging_makes_one_pair_of_a_seed) {
  const auto apart = compare_paired(grid(), 0, false), together = compare_paired(grid(), 0, true);
  ASSERT_EQ(together.size(), 4u);
  EXPECT_EQ(together[0].pairs, 4u);
  EXPECT_NEAR(together[0].difference, (apart[0].difference + apart[4].difference) / 2, 1e-14);
  // The mean effect of a seed is 1.5 of the first point's, and so is the interval.
  EXPECT_NEAR(together[0].interval.high - together[0].interval.low,
              1.5 * (apart[0].interval.high - apart[0].interval.low), 1e-12);
  // Where a point lacks the value of one run, the seed's other pairs count.
  ComparedRuns runs = grid();
  runs.outcomes[0].values[0] = kMissing;
  const Comparison row = compare_paired(runs, 0, true)[0];
  EXPECT_EQ(row.pairs, 4u);
  EXPECT_EQ(row.missing, 1u);
}

}  // namespace
}  // namespace deadrelu
