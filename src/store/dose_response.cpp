#include "store/dose_response.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include <Eigen/Core>
#include <Eigen/LU>

#include "simd/math.h"
#include "store/statistics.h"

namespace deadrelu {
namespace {

using DoseCounts = std::span<const DoseCount>;

// How far the root of the likelihood ratio may be from 0. The normal quantile, 1.96, covers 93.5 % of the critical doses
// where runs are placed and stopped by what came before; this covers 95 % (tests/store simulates it).
constexpr double kLimit = 2.05;
constexpr double kTurnScore = 4.5;  // standard errors that make a turn: many pairs of doses are looked at
constexpr double kDesignLogit = 1.5434;
constexpr double kSmallGain = 1e-14;  // of a log-likelihood

// Value, gradient and information of the log-likelihood at a logit of a + b · (x − origin).
struct Likelihood {
  double value = 0, by_a = 0, by_b = 0, aa = 0, ab = 0, bb = 0;

  Likelihood(DoseCounts counts, double origin, double a, double b) {
    for (const DoseCount& count : counts) {
      const double u = count.x - origin, logit = a + b * u;
      const double small = portable_exp(-std::abs(logit));  // of the rarer outcome, over the other one's
      const double total = portable_log(1 + small);         // −log of the likelier one's probability
      const double p = logit < 0 ? small / (1 + small) : 1 / (1 + small);
      const double n = static_cast<double>(count.runs), k = static_cast<double>(count.fallen);
      const double rest = k - n * p, weight = n * small / ((1 + small) * (1 + small));
      value -= n * total + (logit < 0 ? k * -logit : (n - k) * logit);
      by_a += rest;
      by_b += rest * u;
      aa += weight;
      ab += weight * u;
      bb += weight * u * u;
    }
  }
};

// Takes Newton's steps, halved where they overshoot, until one promises less than rounding hides.
//   step  of (a, b), for the likelihood there
template <class Step>
Likelihood climb(DoseCounts counts, double origin, double& a, double& b, const Step& step) {
  Likelihood here(counts, origin, a, b);
  for (int i = 0; i < 100; ++i) {
    auto [da, db] = step(here);
    const double promise = here.by_a * da + here.by_b * db;
    Likelihood next(counts, origin, a + da, b + db);
    for (int halvings = 0; promise > kSmallGain && !(next.value >= here.value) && halvings < 40; ++halvings) {
      da /= 2;
      db /= 2;
      next = Likelihood(counts, origin, a + da, b + db);
    }
    a += da;
    b += db;
    here = next;
    if (!(promise > kSmallGain)) break;
  }
  return here;
}

// Eigen inverts a 2 × 2 matrix element by element, in closed form; no order of sums, no vector is its own.
Eigen::Matrix2d covariance_of(const Likelihood& at) {
  Eigen::Matrix2d information;
  information << at.aa, at.ab, at.ab, at.bb;
  return information.inverse();
}

double mean_dose(DoseCounts counts) {
  double sum = 0, runs = 0;
  for (const DoseCount& count : counts) {
    sum += static_cast<double>(count.runs) * count.x;
    runs += static_cast<double>(count.runs);
  }
  return sum / runs;
}

// How far the likelihood of p = 1/2 at the dose m is from the best: the root of the likelihood ratio statistic, less kLimit. `slope` is where the climb starts, and ends.
double excess_at(DoseCounts counts, double m, double best, double& slope) {
  double none = 0;
  const Likelihood profile =
      climb(counts, m, none, slope, [](const Likelihood& at) { return std::pair(0.0, at.by_b / at.bb); });
  return std::sqrt(std::max(0.0, 2 * (best - profile.value))) - kLimit;
}

// Where the likelihood ratio becomes significant, on the side of `step` of the estimate.
double profile_end(DoseCounts counts, const LogisticFit& fit, double estimate, double step) {
  double slope = fit.slope, inner = estimate, outer = estimate + step;
  for (; excess_at(counts, outer, fit.log_likelihood, slope) < 0; outer += step *= 2) inner = outer;
  for (int i = 0; i < 36; ++i) {
    const double middle = inner + (outer - inner) / 2;
    (excess_at(counts, middle, fit.log_likelihood, slope) < 0 ? inner : outer) = middle;
  }
  return outer;
}

std::vector<DoseCount> sorted_doses(DoseCounts given) {
  std::vector<DoseCount> counts(given.begin(), given.end()), joined;
  std::ranges::stable_sort(counts, [](const auto& a, const auto& b) { return a.x < b.x; });
  for (const DoseCount& count : counts) {
    if (count.runs == 0) continue;
    if (joined.empty() || joined.back().x != count.x) joined.push_back({count.x, 0, 0});
    joined.back().runs += count.runs;
    joined.back().fallen += count.fallen;
  }
  return joined;
}

// How many standard errors the share of b is above that of a (Agresti & Caffo 2000: one more of each outcome).
double rise(const DoseCount& a, const DoseCount& b) {
  const auto share = [](const DoseCount& count) {
    const auto n = static_cast<double>(count.runs + 2);
    const double p = static_cast<double>(count.fallen + 1) / n;
    return std::pair(p, p * (1 - p) / n);
  };
  const auto [low, low_variance] = share(a);
  const auto [high, high_variance] = share(b);
  return (high - low) / std::sqrt(low_variance + high_variance);
}

// Forgets the doses from where the share goes back, by more than chance: against the direction of the first pair of doses
// that differ so. Returns whether it does.
bool cut_at_turn(std::vector<DoseCount>& counts) {
  double direction = 0;
  for (auto later = counts.begin(); later != counts.end(); ++later) {
    for (auto earlier = counts.begin(); earlier != later; ++earlier) {
      const double score = rise(*earlier, *later);
      if (std::abs(score) < kTurnScore || score * direction > 0) continue;
      if (direction != 0) {
        counts.erase(later, counts.end());
        return true;
      }
      direction = score;
    }
  }
  return false;
}

// +1 where the share rises with the dose, −1 where it falls, 0 where it does neither.
double direction_of(DoseCounts counts) {
  const Likelihood flat(counts, mean_dose(counts), 0, 0);
  return flat.by_b > 0 ? 1 : flat.by_b < 0 ? -1 : 0;
}

// The same doses the other way round, so that the share rises.
void reflect(std::vector<DoseCount>& counts) {
  std::ranges::reverse(counts);
  for (DoseCount& count : counts) count.x = -count.x;
}

// Fills in the bracket where no dose (but one) has both outcomes, and returns whether that is so.
// REQUIRES: the share rises, and there are both outcomes.
bool find_bracket(DoseResponse& response) {
  const auto& counts = response.counts;
  const auto any_fallen = [](const DoseCount& count) { return count.fallen > 0; };
  const auto any_alive = [](const DoseCount& count) { return count.fallen < count.runs; };
  const auto fallen = std::ranges::find_if(counts, any_fallen);
  const auto alive = std::find_if(counts.rbegin(), counts.rend(), any_alive).base() - 1;
  if (alive > fallen) return false;
  response.shape = ResponseShape::kSeparated;
  if (alive < fallen) {
    response.low = alive->x;
    response.high = fallen->x;
    response.critical = response.low + (response.high - response.low) / 2;
  } else {  // one dose has both outcomes, and its neighbours have one
    if (fallen != counts.begin()) response.low = std::prev(fallen)->x;
    if (std::next(fallen) != counts.end()) response.high = std::next(fallen)->x;
    response.critical = fallen->x;
  }
  return true;
}

void fit_response(DoseResponse& response) {
  const LogisticFit fit = fit_logistic(response.counts);
  double constant = 0, no_slope = 0;
  const Likelihood flat = climb(response.counts, 0, constant, no_slope,
                                [](const Likelihood& at) { return std::pair(at.by_a / at.aa, 0.0); });
  if (2 * (fit.log_likelihood - flat.value) <= kLimit * kLimit) return;  // every dose may be the critical one
  response.shape = ResponseShape::kFitted;
  response.slope = fit.slope;
  response.critical = -fit.intercept / fit.slope;
  const double x = response.critical;
  const double step =
      std::sqrt(fit.variance_intercept + x * (2 * fit.covariance + x * fit.variance_slope)) / fit.slope;
  response.low = profile_end(response.counts, fit, x, -step);
  response.high = profile_end(response.counts, fit, x, step);
}

// Whether no dose has more than half fallen, and the last, where the share is largest, fewer for sure; or the reverse.
ResponseShape crossing(DoseCounts counts) {
  const auto most = [](const DoseCount& count) { return 2 * count.fallen > count.runs; };
  const auto least = [](const DoseCount& count) { return 2 * count.fallen < count.runs; };
  if (std::ranges::none_of(counts, most) &&
      wilson_interval(counts.back().fallen, counts.back().runs).high < 0.5)
    return ResponseShape::kNotReached;
  if (std::ranges::none_of(counts, least) &&
      wilson_interval(counts.front().fallen, counts.front().runs).low > 0.5)
    return ResponseShape::kExceeded;
  return ResponseShape::kFlat;
}

// Whether nothing can be learned any more about the critical dose, or enough is known.
bool is_settled(const DoseResponse& response, const DoseSearch& search) {
  return response.shape == ResponseShape::kNotReached || response.shape == ResponseShape::kExceeded ||
         response.high - response.low <= search.width || response.low > search.to ||
         response.high < search.from;
}

std::vector<double> telling_doses(const DoseResponse& response, const DoseSearch& search) {
  const double first = response.counts.front().x, last = response.counts.back().x;
  const double from = std::max(first, search.from), to = std::min(last, search.to);
  if (response.shape == ResponseShape::kFlat) return {from, from + (to - from) / 2, to};
  const double x = response.critical;
  if (response.shape == ResponseShape::kFitted) {
    const double away = kDesignLogit / std::abs(response.slope);
    return {std::clamp(x - away, from, to), std::clamp(x, from, to), std::clamp(x + away, from, to)};
  }
  const double low = std::isnan(response.low) ? x : response.low,
               high = std::isnan(response.high) ? x : response.high;
  return {low + (x - low) / 2, x, x + (high - x) / 2};
}

}  // namespace

LogisticFit fit_logistic(std::span<const DoseCount> counts) {
  const double origin = mean_dose(counts);  // where intercept and slope hang together least
  double a = 0, b = 0;
  const Likelihood best = climb(counts, origin, a, b, [](const Likelihood& at) {
    const Eigen::Matrix2d covariance = covariance_of(at);
    return std::pair(covariance(0, 0) * at.by_a + covariance(0, 1) * at.by_b,
                     covariance(1, 0) * at.by_a + covariance(1, 1) * at.by_b);
  });
  const Eigen::Matrix2d v = covariance_of(best);
  return {a - b * origin,
          b,
          best.value,
          v(0, 0) - origin * (2 * v(0, 1) - origin * v(1, 1)),
          v(0, 1) - origin * v(1, 1),
          v(1, 1)};
}

DoseResponse dose_response(std::span<const DoseCount> given) {
  DoseResponse response;
  std::vector<DoseCount>& counts = response.counts = sorted_doses(given);
  if (counts.empty()) return response;
  response.turns = cut_at_turn(counts);
  const double direction = direction_of(counts);
  if (direction < 0) reflect(counts);
  response.shape = crossing(counts);
  if (response.shape == ResponseShape::kFlat && direction != 0 && counts.size() > 1 &&
      !find_bracket(response))
    fit_response(response);
  if (direction < 0) {
    reflect(counts);
    const double low = response.low;
    response.low = -response.high;
    response.high = -low;
    response.critical = -response.critical;
    response.slope = -response.slope;
  }
  return response;
}

NextDoses next_doses(const DoseResponse& response, std::uint64_t runs, const DoseSearch& search) {
  NextDoses next;
  if (is_settled(response, search)) return next;
  next.x = telling_doses(response, search);
  const auto so_far = static_cast<double>(runs);
  double wanted = so_far / 2;
  if (response.shape == ResponseShape::kSeparated) {
    wanted = 0;
  } else if (const double ratio = (response.high - response.low) / search.width; std::isfinite(ratio)) {
    wanted = std::clamp(so_far * (ratio * ratio - 1), so_far / 4,
                        wanted);  // the width falls with the root of the runs
  }
  const auto doses = static_cast<std::uint64_t>(next.x.size()),
             left = search.most_runs - std::min(runs, search.most_runs);
  next.runs_each = std::max(kLeastRuns, static_cast<std::uint64_t>(std::ceil(wanted / 3)));
  next.runs_each = std::min(next.runs_each, left / doses);
  if (next.runs_each < kLeastRuns) return {{}, 0, true};
  return next;
}

double most_of_none(std::uint64_t n) {
  return 1 - portable_exp(portable_log(0.025) / static_cast<double>(n));
}

}  // namespace deadrelu
