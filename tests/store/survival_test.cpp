#include "store/survival.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "scipy_numbers.h"

namespace deadrelu {
namespace {

Lifetimes lives_of(std::vector<LifeRow> rows) {
  Lifetimes lives;
  std::stable_sort(rows.begin(), rows.end(), [](const LifeRow& a, const LifeRow& b) {
    return std::pair(a.run, a.group) < std::pair(b.run, b.group);
  });
  for (const LifeRow& row : rows) lives.groups.resize(std::max(lives.groups.size(), row.group + 1));
  lives.rows = std::move(rows);
  return lives;
}

// Rows [run, group, time, died] of scipy_numbers.py.
Lifetimes lives_in(const nlohmann::json& rows) {
  std::vector<LifeRow> lives;
  for (const auto& row : rows) {
    const LifeRow unit{row[0], row[1], row[2], row[3] == 1 ? LifeEvent::kDeath : LifeEvent::kEnd, 1};
    lives.push_back(unit);
    lives.push_back({unit.run, unit.group, unit.time, LifeEvent::kLeft, 1});
  }
  return lives_of(std::move(lives));
}

const SurvivalRow& at(const SurvivalCurve& curve, std::int64_t time) {
  const auto row =
      std::find_if(curve.rows.begin(), curve.rows.end(), [&](const auto& r) { return r.time == time; });
  EXPECT_NE(row, curve.rows.end()) << time;
  return *row;
}

void expect_test(const LogRank& given, const nlohmann::json& expected, double tolerance) {
  EXPECT_NEAR(given.chi_squared, expected["chi_squared"], tolerance);
  EXPECT_EQ(given.degrees, expected["degrees"]);
  EXPECT_NEAR(given.p, expected["p"], tolerance);
}

TEST(Survival, leukaemia_patients_live_as_r_says) {
  const Lifetimes lives = lives_in(scipy_numbers()["survival"]["aml"]["rows"]);
  struct Golden {
    std::int64_t time;
    double survival, std_error, low, high;
  };
  // R: survfit(Surv(time, status) ~ x, aml, conf.type = "log-log"); survdiff(…). A patient a run: the jackknife's errors
  // are Greenwood's.
  for (const bool clustered : {true, false}) {
    const SurvivalCurve maintained = survival_curves(lives, clustered)[0];
    for (const Golden& row : {Golden{9, 0.909091, 0.086678, 0.508080, 0.986674},
                              {18, 0.715909, 0.139665, 0.350190, 0.899024},
                              {48, 0.184091, 0.153493, 0.011738, 0.525015}}) {
      const SurvivalRow& given = at(maintained, row.time);
      EXPECT_NEAR(given.survival, row.survival, 5e-7);
      EXPECT_NEAR(given.std_error, row.std_error, 5e-7);
      EXPECT_NEAR(given.interval.low, row.low, 5e-7);
      EXPECT_NEAR(given.interval.high, row.high, 5e-7);
    }
    EXPECT_EQ(maintained.median, 31);
    EXPECT_EQ(at(maintained, 13).at_risk, 10);
    EXPECT_EQ(at(maintained, 13).events, 1);
    EXPECT_EQ(at(maintained, 13).censored, 1);
    EXPECT_EQ(at(maintained, 161).censored, 1);
  }
  const LogRank test = log_rank(lives, false);
  EXPECT_NEAR(test.chi_squared, 3.396389, 5e-7);
  EXPECT_NEAR(test.p, 0.065339, 5e-7);
  EXPECT_EQ(test.degrees, 1u);
}

TEST(Survival, curves_and_tests_are_scipys_and_errors_those_of_weighted_runs) {
  const auto numbers = scipy_numbers();
  for (const auto& [name, expected] : numbers["survival"].items()) {
    const Lifetimes lives = lives_in(expected["rows"]);
    const auto curves = survival_curves(lives, true), plain = survival_curves(lives, false);
    ASSERT_EQ(curves.size(), expected["curves"].size());
    for (std::size_t g = 0; g < curves.size(); ++g) {
      for (const auto& row : expected["curves"][g]) {
        EXPECT_NEAR(at(curves[g], row["time"]).survival, row["survival"], 1e-13);
        EXPECT_NEAR(at(curves[g], row["time"]).std_error, row["clustered_error"], 1e-9);
        EXPECT_NEAR(at(plain[g], row["time"]).interval.low, row["low"], 1e-12);
        EXPECT_NEAR(at(plain[g], row["time"]).interval.high, row["high"], 1e-12);
      }
    }
    expect_test(log_rank(lives, false), expected["log_rank"], 1e-11);
    expect_test(log_rank(lives, true), expected["log_rank_clustered"], 1e-8);
  }
}

// Two runs of layers 1 and 2 (groups 0 and 1), a third that diverges, a unit that is reset; deaths and revivals after.
std::vector<LifeRow> history() {
  using enum LifeEvent;
  return {{0, 0, 100, kDeath, 2},      {0, 0, 100, kAnyDeath, 2}, {0, 0, 300, kEnd, 1},
          {0, 0, 200, kRevival, 1},    {0, 0, 300, kAnyDeath, 1}, {0, 0, 300, kLeft, 4},
          {1, 0, 200, kDeath, 1},      {1, 0, 200, kAnyDeath, 1}, {1, 0, 200, kReset, 1},
          {1, 0, 300, kDeath, 1},      {1, 0, 300, kAnyDeath, 2}, {1, 0, 300, kLeft, 3},
          {2, 0, 200, kDivergence, 3}, {2, 0, 200, kLeft, 3},     {0, 1, 300, kEnd, 2},
          {0, 1, 300, kLeft, 2},       {1, 1, 300, kDeath, 2},    {1, 1, 300, kAnyDeath, 2},
          {1, 1, 300, kLeft, 2}};
}

TEST(Survival, every_fate_is_counted_as_by_hand) {
  const SurvivalCurve curve = survival_curves(lives_of(history()), true)[0];
  EXPECT_EQ(curve.runs, 3);
  const std::int64_t watched = curve.of(LifeEvent::kDeath) + curve.of(LifeEvent::kEnd) +
                               curve.of(LifeEvent::kDivergence) + curve.of(LifeEvent::kReset);
  EXPECT_EQ(watched, 9);
  EXPECT_EQ(curve.of(LifeEvent::kLeft) - watched, 1);  // born dead
  const SurvivalRow &first = at(curve, 100), &second = at(curve, 200), &third = at(curve, 300);
  EXPECT_EQ(first.at_risk, 9);
  EXPECT_EQ(second.at_risk, 7);
  EXPECT_EQ(second.censored, 4);  // one reset, three diverged
  EXPECT_EQ(third.at_risk, 2);
  EXPECT_DOUBLE_EQ(first.survival, 7.0 / 9);
  EXPECT_DOUBLE_EQ(second.survival, 7.0 / 9 * 6 / 7);
  EXPECT_DOUBLE_EQ(third.survival, 7.0 / 9 * 6 / 7 / 2);
  // Neither dead nor diverged: 7/9, then 3/7 of these (1 dies, 3 diverge).
  EXPECT_DOUBLE_EQ(second.dead, 2.0 / 9 + 7.0 / 9 * 1 / 7);
  EXPECT_DOUBLE_EQ(second.diverged, 7.0 / 9 * 3 / 7);
  EXPECT_DOUBLE_EQ(third.dead, 2.0 / 9 + 1.0 / 9 + 7.0 / 9 * 3 / 7 / 2);
  EXPECT_DOUBLE_EQ(third.deaths.mean, 2.0 / 10 + 1.0 / 10 + 3.0 / 7);
  EXPECT_DOUBLE_EQ(third.revivals.mean, 1.0 / 10);
  EXPECT_EQ(curve.median, 300);
}

TEST(Survival, errors_of_mean_counts_are_those_of_weighted_runs) {
  constexpr std::int64_t kScale = 1'000'000;
  const std::vector<LifeRow> rows = history();
  const auto mean = [&](std::size_t heavier, std::int64_t by) {
    std::vector<LifeRow> weighted = rows;
    for (LifeRow& row : weighted) row.units *= kScale + (row.run == heavier ? by : 0);
    return survival_curves(lives_of(weighted), true)[0].rows.back();
  };
  double deaths = 0, revivals = 0, log_survival = 0;
  for (std::size_t run = 0; run < 3; ++run) {
    const SurvivalRow up = mean(run, 1000), down = mean(run, -1000);
    deaths += std::pow((up.deaths.mean - down.deaths.mean) / 2000 * kScale, 2);
    revivals += std::pow((up.revivals.mean - down.revivals.mean) / 2000 * kScale, 2);
    log_survival += std::pow((std::log(up.survival) - std::log(down.survival)) / 2000 * kScale, 2);
  }
  const SurvivalRow last = survival_curves(lives_of(rows), true)[0].rows.back();
  EXPECT_NEAR(last.deaths.std_error, std::sqrt(deaths), 1e-6);
  EXPECT_NEAR(last.revivals.std_error, std::sqrt(revivals), 1e-6);
  EXPECT_NEAR(last.std_error, last.survival * std::sqrt(log_survival), 1e-6);
}

TEST(Survival, runs_that_are_in_several_groups_are_one_observation) {
  // Run 1 alone differs between the groups; with the same runs in both, the parts of a run are summed before squaring.
  std::vector<LifeRow> rows;
  for (std::size_t run = 0; run < 4; ++run)
    for (std::size_t group = 0; group < 2; ++group) {
      rows.push_back({run, group, 10, LifeEvent::kDeath, static_cast<std::int64_t>(1 + run)});
      rows.push_back({run, group, 20, LifeEvent::kEnd, 5});
    }
  const LogRank same = log_rank(lives_of(rows), true);
  EXPECT_TRUE(std::isnan(same.p) || same.chi_squared < 1e-9);  // no run has a surplus of its own
  rows[2].units = 2;
  rows[3].units = 6;
  rows[2].time = 20;
  EXPECT_LT(log_rank(lives_of(rows), true).p, 1);
}

TEST(Survival, nothing_is_said_of_what_cannot_be_known) {
  using enum LifeEvent;
  const Lifetimes lone =
      lives_of({{0, 0, 10, kDeath, 1}, {0, 0, 20, kEnd, 1}, {1, 1, 10, kDeath, 1}, {2, 1, 20, kEnd, 1}});
  const auto curves = survival_curves(lone, true);
  EXPECT_TRUE(std::isnan(curves[0].rows[0].std_error));  // a lone run
  EXPECT_TRUE(std::isnan(curves[0].rows[0].interval.low));
  EXPECT_FALSE(std::isnan(curves[1].rows[0].std_error));
  EXPECT_TRUE(std::isnan(log_rank(lone, true).p));
  EXPECT_FALSE(std::isnan(log_rank(lone, false).p));
  const Lifetimes all = lives_of({{0, 0, 0, kEnd, 1}, {0, 0, 10, kDeath, 2}, {1, 0, 10, kDeath, 1}});
  const SurvivalCurve curve = survival_curves(all, true)[0];
  EXPECT_EQ(curve.rows[0].survival, 1);
  EXPECT_EQ(curve.rows[0].std_error, 0);
  EXPECT_TRUE(std::isnan(curve.rows[0].interval.low));
  EXPECT_EQ(curve.rows[1].survival, 0);
  EXPECT_TRUE(std::isnan(curve.rows[1].std_error));
  EXPECT_TRUE(std::isnan(curve.rows[1].interval.high));
  EXPECT_FALSE(curve.median_high.has_value());
  EXPECT_TRUE(std::isnan(log_rank(all, false).p));  // one group
  EXPECT_TRUE(survival_curves(lives_of(std::vector<LifeRow>()), true).empty());
}

}  // namespace
}  // namespace deadrelu
