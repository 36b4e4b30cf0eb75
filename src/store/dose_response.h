// How the share of runs that fall depends on a dose: the dose at which half of them fall, with a 95 % interval, and
// where the next runs tell most about it. By + − × ÷, square roots and portable functions in a fixed order: what
// follows from the same counts is the same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "probe/rows.h"

namespace deadrelu {

struct DoseCount {
  double x = 0;  // the dose, or its logarithm
  std::uint64_t runs = 0, fallen = 0;
};

// Maximum likelihood of logit p = intercept + slope · x, by Newton's method (iteratively reweighted least squares).
struct LogisticFit {
  double intercept = 0, slope = 0, log_likelihood = 0;
  double variance_intercept = 0, covariance = 0, variance_slope = 0;  // the inverse of the information
};
// REQUIRES: doses of two kinds at least, which are not separated (ResponseShape::kSeparated).
LogisticFit fit_logistic(std::span<const DoseCount> counts);

enum class ResponseShape {
  kFitted,     // a logistic curve
  kSeparated,  // none falls on one side, all on the other (but for one dose between): a curve would be a step
  kFlat,       // the share does not change with the dose by more than chance
  kNotReached,  // fewer than half fall at every dose
  kExceeded,    // more than half fall at every dose
};

struct DoseResponse {
  ResponseShape shape = ResponseShape::kFlat;
  // Fitted: the curve's dose of one half, with its profile likelihood interval (the doses at which the likelihood
  // ratio test of p = 1/2 is not significant). Separated: the bracket between the sides, and its middle. Else missing.
  double critical = kMissing, low = kMissing, high = kMissing;
  double slope = kMissing;        // fitted: of logit p by x
  std::vector<DoseCount> counts;  // those that count: sorted, each dose once, up to the turn
  bool turns = false;             // further doses contradict these: the share goes back
};

DoseResponse dose_response(std::span<const DoseCount> given);

// What a search for a critical dose wants to know, and what it may spend.
struct DoseSearch {
  double from = 0, to = 0;      // doses that it may use, as x
  double width = 0;             // of the interval, that is good enough
  std::uint64_t most_runs = 0;  // in all
};

struct NextDoses {
  std::vector<double> x;  // empty: the search is over
  std::uint64_t runs_each = 0;
  bool out_of_runs = false;  // over because of most_runs
};

inline constexpr std::uint64_t kFirstDoses = 9, kLeastRuns = 8;  // the first grid of a search; a dose's runs

// Where the next runs go: to the estimate and to where the fitted share is 0.176 and 0.824, which tells most about
// estimate and slope (D-optimal, logit ±1.5434); to the quarters of the bracket of separated doses; to the ends and the
// middle where the share seems flat. As many as the interval asks for, but half of those so far at most.
// `runs`: all so far, beyond a turn too.
NextDoses next_doses(const DoseResponse& response, std::uint64_t runs, const DoseSearch& search);

// The exact 95 % limits (Clopper & Pearson 1934) of a share of which none of n was seen: [0, this].
double most_of_none(std::uint64_t n);

}  // namespace deadrelu
