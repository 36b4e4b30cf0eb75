// The dose at which half fall, against MASS's budworms (Collett 1991; Venables & Ripley 2002), other formulas for the
// same thing, and searches whose answer is known.
#include "store/dose_response.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <Eigen/Core>
#include <Eigen/LU>

namespace deadrelu {
namespace {

using Counts = std::vector<DoseCount>;

constexpr double kDoses[] = {0, 1, 2, 3, 4, 5};  // log2 of the dose
constexpr std::uint64_t kMales[] = {1, 4, 9, 13, 18, 20}, kFemales[] = {0, 2, 6, 10, 12, 16};

// 20 budworms a dose, `times` over, at doses that start at `shift`.
Counts budworms(std::span<const std::uint64_t> fallen, std::uint64_t times = 1, double shift = 0) {
  Counts counts;
  for (std::size_t i = 0; i < fallen.size(); ++i)
    counts.push_back({kDoses[i] + shift, 20 * times, fallen[i] * times});
  return counts;
}

Counts counts_of(std::initializer_list<std::uint64_t> fallen, std::uint64_t runs = 8) {
  Counts counts;
  for (const std::uint64_t k : fallen) counts.push_back({static_cast<double>(counts.size()), runs, k});
  return counts;
}

// Fieller's limits of −a/b (Finney 1978), and his g.
struct FiellerLimits {
  double low, high, g;
};
FiellerLimits fieller(double a, double b, double v_aa, double v_ab, double v_bb, double z) {
  const double x = -a / b, g = z * z * v_bb / (b * b);
  const double centre = x + g / (1 - g) * (x + v_ab / v_bb);
  const double half = z / ((1 - g) * std::abs(b)) *
                      std::sqrt(v_aa + 2 * x * v_ab + x * x * v_bb - g * (v_aa - v_ab * v_ab / v_bb));
  return {centre - half, centre + half, g};
}

TEST(DoseResponse, one_curve_fits_as_numpy_fits_it) {
  const LogisticFit male = fit_logistic(budworms(kMales)), female = fit_logistic(budworms(kFemales));
  EXPECT_NEAR(male.intercept, -2.818554967316, 1e-10);
  EXPECT_NEAR(male.slope, 1.258949424204, 1e-10);
  EXPECT_NEAR(male.variance_intercept, 0.300289557263, 1e-10);
  EXPECT_NEAR(male.covariance, -0.102677124345, 1e-10);
  EXPECT_NEAR(male.variance_slope, 0.044971774937, 1e-10);
  EXPECT_NEAR(male.log_likelihood, -48.1322069011853, 1e-10);
  EXPECT_NEAR(female.intercept, -2.993541755171, 1e-10);
  EXPECT_NEAR(female.slope, 0.906036435467, 1e-10);
  EXPECT_NEAR(female.log_likelihood, -57.60654954417409, 1e-10);
}

// Females moved by how much more they stand are one curve with the males; the best move is the golden one.
TEST(DoseResponse, the_common_slope_of_the_sexes_is_golden) {
  const auto both = [](double move) {
    Counts counts = budworms(kMales);
    for (const DoseCount& count : budworms(kFemales, 1, -move)) counts.push_back(count);
    return fit_logistic(counts);
  };
  const double move = 3.263587 - 2.229262;
  const LogisticFit fit = both(move);
  EXPECT_NEAR(fit.slope, 1.064214, 2e-6);
  EXPECT_NEAR(fit.intercept, -2.372412, 2e-6);
  EXPECT_NEAR(-fit.intercept / fit.slope, 2.229262, 2e-6);
  EXPECT_NEAR(-fit.intercept / fit.slope + move, 3.263587, 2e-6);
  for (const double away : {-0.01, 0.01}) EXPECT_LT(both(move + away).log_likelihood, fit.log_likelihood);
}

TEST(DoseResponse, the_profile_interval_is_where_the_likelihood_ratio_is_significant) {
  const DoseResponse male = dose_response(budworms(kMales)), female = dose_response(budworms(kFemales));
  EXPECT_EQ(male.shape, ResponseShape::kFitted);
  EXPECT_NEAR(male.critical, 2.2388150890951954, 1e-9);  // scipy's brentq over minimize_scalar, at 2.05²
  EXPECT_NEAR(male.low, 1.8070941675113898, 1e-8);
  EXPECT_NEAR(male.high, 2.662183104993937, 1e-8);
  EXPECT_NEAR(female.low, 2.7849527766597335, 1e-8);
  EXPECT_NEAR(female.high, 3.904253594038219, 1e-8);
}

// Fieller's golden limits of the common slope; and for many budworms the profile comes to the same as Fieller.
TEST(DoseResponse, the_interval_of_many_runs_is_fiellers) {
  const double z = 1.959963984540054, v_bb = 0.017181308261, b = 1.064213969919;
  const FiellerLimits female = fieller(-3.473155307087, b, 0.219511345728, -0.052507508403, v_bb, z);
  EXPECT_NEAR(female.low, 2.812217, 2e-6);
  EXPECT_NEAR(female.high, 3.740639, 2e-6);
  EXPECT_NEAR(female.g, 0.058277, 2e-6);
  const FiellerLimits male = fieller(-2.372411944092, b, 0.148618619296, -0.039514142466, v_bb, z);
  EXPECT_NEAR(male.low, 1.768493, 2e-6);
  EXPECT_NEAR(male.high, 2.681297, 2e-6);

  const Counts many = budworms(kMales, 10000);
  const LogisticFit fit = fit_logistic(many);
  const FiellerLimits wanted =
      fieller(fit.intercept, fit.slope, fit.variance_intercept, fit.covariance, fit.variance_slope, 2.05);
  const DoseResponse found = dose_response(many);
  EXPECT_NEAR(found.low, wanted.low, 1e-3 * (wanted.high - wanted.low));
  EXPECT_NEAR(found.high, wanted.high, 1e-3 * (wanted.high - wanted.low));
}

// Spearman and Kärber need no curve: Σ (p_{i+1} − p_i)(x_i + x_{i+1})/2.
TEST(DoseResponse, the_estimate_is_near_spearman_and_karbers) {
  Counts counts = budworms(kMales);
  counts.insert(counts.begin(), {-1, 20, 0});
  double mean = 0, variance = 0;
  const auto share = [&](std::size_t i) { return static_cast<double>(counts[i].fallen) / 20; };
  for (std::size_t i = 0; i + 1 < counts.size(); ++i)
    mean += (share(i + 1) - share(i)) * (counts[i].x + counts[i + 1].x) / 2;
  for (std::size_t i = 1; i + 1 < counts.size(); ++i) {
    const double step = (counts[i + 1].x - counts[i - 1].x) / 2;
    variance += share(i) * (1 - share(i)) / 19 * step * step;
  }
  EXPECT_NEAR(mean, 2.25, 1e-12);
  EXPECT_NEAR(std::sqrt(variance), 0.201638, 1e-6);
  EXPECT_NEAR(dose_response(counts).critical, mean, std::sqrt(variance));
}

TEST(DoseResponse, the_variance_is_the_inverse_informations) {
  const Counts counts = budworms(kMales);
  const LogisticFit fit = fit_logistic(counts);
  const double origin = 2.5;  // the mean dose, where the fit is made
  double aa = 0, ab = 0, bb = 0;
  for (const DoseCount& count : counts) {
    const double p = 1 / (1 + std::exp(-(fit.intercept + fit.slope * count.x))), u = count.x - origin;
    aa += 20 * p * (1 - p);
    ab += 20 * p * (1 - p) * u;
    bb += 20 * p * (1 - p) * u * u;
  }
  EXPECT_NEAR(fit.variance_slope, aa / (aa * bb - ab * ab), 1e-12);
}

// What the doses of a search hang on: another Eigen with other bits would be found out here.
TEST(DoseResponse, eigen_inverts_two_by_two_in_closed_form) {
  std::mt19937_64 bits(1);
  const auto uniform = [&] { return static_cast<double>(bits() >> 11) * 0x1p-53; };
  for (int i = 0; i < 1000; ++i) {
    Eigen::Matrix2d m;
    m << 1 + uniform(), uniform(), 0, 1 + uniform();
    m(1, 0) = m(0, 1);
    const double scale = 1 / (m(0, 0) * m(1, 1) - m(1, 0) * m(0, 1));
    const Eigen::Matrix2d inverse = m.inverse();
    EXPECT_EQ(inverse(0, 0), m(1, 1) * scale);
    EXPECT_EQ(inverse(0, 1), -m(0, 1) * scale);
    EXPECT_EQ(inverse(1, 0), -m(1, 0) * scale);
    EXPECT_EQ(inverse(1, 1), m(0, 0) * scale);
  }
}

TEST(DoseResponse, a_dose_is_the_same_however_its_runs_are_counted) {
  Counts parts;
  for (const DoseCount& count : budworms(kFemales)) {
    parts.insert(parts.begin(), {count.x, 4, std::min<std::uint64_t>(count.fallen, 4)});
    parts.push_back({count.x, 16, count.fallen - std::min<std::uint64_t>(count.fallen, 4)});
  }
  const DoseResponse whole = dose_response(budworms(kFemales)), joined = dose_response(parts);
  EXPECT_EQ(whole.critical, joined.critical);
  EXPECT_EQ(whole.low, joined.low);
  EXPECT_EQ(whole.high, joined.high);
}

TEST(DoseResponse, a_share_that_falls_with_the_dose_is_the_mirror_image) {
  Counts mirrored = budworms(kMales);
  for (DoseCount& count : mirrored) count.x = -count.x;
  const DoseResponse rising = dose_response(budworms(kMales)), falling = dose_response(mirrored);
  EXPECT_EQ(falling.critical, -rising.critical);
  EXPECT_EQ(falling.low, -rising.high);
  EXPECT_EQ(falling.high, -rising.low);
  EXPECT_EQ(falling.slope, -rising.slope);
  EXPECT_LT(falling.counts.front().x, falling.counts.back().x);
}

TEST(DoseResponse, separated_doses_have_a_bracket_and_no_slope) {
  const DoseResponse clean = dose_response(counts_of({0, 0, 8, 8}));
  EXPECT_EQ(clean.shape, ResponseShape::kSeparated);
  EXPECT_EQ(clean.low, 1);
  EXPECT_EQ(clean.high, 2);
  EXPECT_EQ(clean.critical, 1.5);
  EXPECT_TRUE(std::isnan(clean.slope));
  const DoseResponse mixed = dose_response(counts_of({8, 8, 3, 0}));
  EXPECT_EQ(mixed.shape, ResponseShape::kSeparated);
  EXPECT_EQ(mixed.low, 1);
  EXPECT_EQ(mixed.high, 3);
  EXPECT_EQ(mixed.critical, 2);
  const NextDoses next = next_doses(clean, 32, {0, 3, 0.05, 1000});
  EXPECT_EQ(next.x, (std::vector{1.25, 1.5, 1.75}));
  EXPECT_EQ(next.runs_each, kLeastRuns);
  EXPECT_TRUE(next_doses(clean, 32, {0, 3, 1.0, 1000}).x.empty());
}

TEST(DoseResponse, nobody_or_everybody_fallen_has_no_critical_dose) {
  for (const auto& [fallen, shape] : {std::pair(std::uint64_t{0}, ResponseShape::kNotReached),
                                      std::pair(std::uint64_t{8}, ResponseShape::kExceeded)}) {
    const DoseResponse response = dose_response(counts_of({fallen, fallen, fallen}));
    EXPECT_EQ(response.shape, shape);
    EXPECT_TRUE(std::isnan(response.critical) && std::isnan(response.low) && std::isnan(response.high));
    EXPECT_TRUE(next_doses(response, 24, {0, 2, 0.1, 1000}).x.empty());
  }
  EXPECT_EQ(dose_response(counts_of({0, 0, 1, 9}, 40)).shape, ResponseShape::kNotReached);
  EXPECT_NEAR(std::pow(1 - most_of_none(8), 8), 0.025, 1e-15);
}

// Fieller's g is above 1 there: no finite interval.
TEST(DoseResponse, a_share_that_does_not_change_has_no_interval) {
  const Counts counts = counts_of({4, 3, 5, 4, 5});
  const LogisticFit fit = fit_logistic(counts);
  EXPECT_GT(2.05 * 2.05 * fit.variance_slope / (fit.slope * fit.slope), 1);
  const DoseResponse response = dose_response(counts);
  EXPECT_EQ(response.shape, ResponseShape::kFlat);
  EXPECT_TRUE(std::isnan(response.critical));
  EXPECT_EQ(next_doses(response, 40, {0, 4, 0.1, 1000}).x, (std::vector<double>{0, 2, 4}));
}

TEST(DoseResponse, of_a_share_that_goes_back_the_first_crossing_counts) {
  const DoseResponse there = dose_response(counts_of({0, 0, 2, 7, 8, 8, 0, 0})),
                     back = dose_response(counts_of({8, 8, 6, 1, 0, 0, 8, 8}));
  for (const DoseResponse& response : {there, back}) {
    EXPECT_TRUE(response.turns);
    EXPECT_EQ(response.counts.size(), 6U);
    EXPECT_GT(response.critical, 2);
    EXPECT_LT(response.critical, 3);
  }
  EXPECT_FALSE(dose_response(counts_of({0, 2, 1, 4, 3, 7, 6, 8})).turns);
}

TEST(NextDoses, they_lie_at_the_estimate_and_where_a_logit_of_1_5434_is) {
  const DoseResponse response = dose_response(budworms(kMales));
  const NextDoses next = next_doses(response, 120, {0, 5, 0.1, 100000});
  ASSERT_EQ(next.x.size(), 3U);
  EXPECT_EQ(next.x[1], response.critical);
  for (const std::size_t i : {0, 2}) {
    const double share = 1 / (1 + std::exp(-response.slope * (next.x[i] - response.critical)));
    EXPECT_NEAR(share, i == 0 ? 0.176 : 0.824, 1e-3);
  }
  EXPECT_EQ(next.runs_each, 20U);  // half of those so far
  EXPECT_TRUE(next_doses(response, 120, {0, 5, 1, 100000}).x.empty());
  const NextDoses last = next_doses(response, 120, {0, 5, 0.1, 143});
  EXPECT_TRUE(last.x.empty());
  EXPECT_TRUE(last.out_of_runs);
  for (const double x : next_doses(response, 120, {0, 2, 0.1, 100000}).x) EXPECT_LE(x, 2);
}

// Searches of 2,000 thresholds, each a Bernoulli experiment that goes as `critical` does.
class Coverage : public testing::TestWithParam<std::pair<double, double>> {};

TEST_P(Coverage, the_interval_holds_the_truth_in_95_of_100_searches) {
  const auto [slope, width] = GetParam();
  std::mt19937_64 bits(5);
  const auto uniform = [&] { return static_cast<double>(bits() >> 11) * 0x1p-53; };
  int held = 0;
  double runs_of_all = 0;
  for (int i = 0; i < 2000; ++i) {
    const double truth = 2 * uniform() - 2;
    Counts counts;
    std::uint64_t runs = 0;
    const auto train = [&, slope = slope](double x, std::uint64_t n) {
      DoseCount& count = counts.emplace_back(DoseCount{x, n, 0});
      for (std::uint64_t k = 0; k < n; ++k)
        count.fallen += uniform() < 1 / (1 + std::exp(-slope * (x - truth)));
      runs += n;
    };
    for (std::uint64_t dose = 0; dose < kFirstDoses; ++dose)
      train(-3 + 0.5 * static_cast<double>(dose), kLeastRuns);
    DoseResponse response;
    for (;;) {
      response = dose_response(counts);
      const NextDoses next = next_doses(response, runs, {-3, 1, width, 2000});
      if (next.x.empty()) break;
      for (const double x : next.x) train(x, next.runs_each);
    }
    held += response.low <= truth && truth <= response.high;
    EXPECT_LE(response.high - response.low, width);
    runs_of_all += static_cast<double>(runs);
  }
  EXPECT_GE(held, 1860);
  EXPECT_LE(held, 1940);
  EXPECT_LT(runs_of_all / 2000, 1.7 * std::max(72.0, 4 * 4 * 3.92 * 3.92 / (slope * slope * width * width)));
}

INSTANTIATE_TEST_SUITE_P(Searches, Coverage,
                         testing::Values(std::pair(12.0, 0.1), std::pair(25.0, 0.05), std::pair(6.0, 0.2)));

}  // namespace
}  // namespace deadrelu
