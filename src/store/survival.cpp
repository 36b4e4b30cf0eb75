#include "store/survival.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simd/math.h"

namespace deadrelu {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Units by time: of each event, and those watched just before, for a first death and as long as the run lasts.
constexpr std::size_t kAlive = kLifeEvents, kAll = kLifeEvents + 1;
using Counts = std::vector<std::array<double, kLifeEvents + 2>>;

// The events that are summed up, each with the units that are watched for it.
constexpr std::pair<std::size_t, std::size_t> kSums[] = {{index_of(LifeEvent::kDeath), kAlive},
                                                         {index_of(LifeEvent::kAnyDeath), kAll},
                                                         {index_of(LifeEvent::kRevival), kAll}};
using Variances = std::vector<std::array<double, std::size(kSums)>>;  // [time]

struct Groups {
  std::vector<std::int64_t> times, runs;  // all times at which anything happened; runs of each group
  std::vector<Counts> counts;
};

// Calls work(run, group, counts) for each run in each of its groups.
void for_each_run(const Lifetimes& lives, const std::vector<std::int64_t>& times, const auto& work) {
  const std::span<const LifeRow> rows = lives.rows;
  Counts counts;
  for (std::size_t from = 0, to = 0; from < rows.size(); from = to) {
    counts.assign(times.size() + 1, {});
    for (; to < rows.size() && rows[to].run == rows[from].run && rows[to].group == rows[from].group; ++to) {
      const auto [_, group, time, event, count] = rows[to];
      auto& now = counts[static_cast<std::size_t>(std::ranges::lower_bound(times, time) - times.begin())];
      const double units = static_cast<double>(count);
      now[index_of(event)] += units;
      if (event <= LifeEvent::kReset) now[kAlive] += units;
      if (event == LifeEvent::kLeft) now[kAll] += units;
    }
    for (std::size_t t = times.size(); t-- > 0;)
      for (const std::size_t watched : {kAlive, kAll}) counts[t][watched] += counts[t + 1][watched];
    work(rows[from].run, rows[from].group, counts);
  }
}

Groups groups_of(const Lifetimes& lives) {
  Groups groups;
  for (const LifeRow& row : lives.rows) groups.times.push_back(row.time);
  std::ranges::sort(groups.times);
  groups.times.erase(std::unique(groups.times.begin(), groups.times.end()), groups.times.end());
  groups.runs.resize(lives.groups.size());
  groups.counts.resize(lives.groups.size(), Counts(groups.times.size()));
  for_each_run(lives, groups.times, [&](std::size_t, std::size_t group, const Counts& run) {
    ++groups.runs[group];
    for (std::size_t t = 0; t < groups.times.size(); ++t)
      for (std::size_t i = 0; i < run[t].size(); ++i) groups.counts[group][t][i] += run[t][i];
  });
  return groups;
}

// Of ln S = Σ ln(1 − d/n) and of the two mean counts Σ d/n: the sum over runs of the square of the derivative with respect
// to the run's weight, Σ slope · (its events − its units watched · d/n).
std::vector<Variances> jackknife_variances(const Lifetimes& lives, const Groups& groups) {
  std::vector<Variances> variances(groups.runs.size(), Variances(groups.times.size()));
  for_each_run(lives, groups.times, [&](std::size_t, std::size_t group, const Counts& run) {
    for (std::size_t s = 0; s < std::size(kSums); ++s) {
      const auto [event, watched] = kSums[s];
      double part = 0;
      for (std::size_t t = 0; t < groups.times.size(); ++t) {
        const double d = groups.counts[group][t][event], n = groups.counts[group][t][watched];
        const double left = s == 0 ? n - d : n;
        if (d > 0 && left > 0) part += (run[t][event] - run[t][watched] * (d / n)) / left;
        variances[group][t][s] += part * part;
      }
    }
  });
  return variances;
}

// exp(−exp(ln(−ln S) ± z σ / ln S)), σ² the variance of ln S (Kalbfleisch & Prentice 1980).
Interval log_log_interval(double survival, double variance) {
  if (survival <= 0 || survival >= 1) return {};
  const double log = portable_log(survival), centre = portable_log(-log),
               half = kNormal975 * std::sqrt(variance) / -log;
  return {portable_exp(-portable_exp(centre + half)), portable_exp(-portable_exp(centre - half))};
}

void append_row(SurvivalCurve& curve, SurvivalRow row) {
  const auto note = [&](std::optional<std::int64_t>& median, double value) {
    if (!median && value <= 0.5) median = row.time;
  };
  note(curve.median, row.survival);
  note(curve.median_low, row.interval.low);
  note(curve.median_high, row.interval.high);
  curve.rows.push_back(row);
}

SurvivalCurve curve_of(const Groups& groups, std::size_t group, const Variances& variances, bool clustered) {
  SurvivalCurve curve;
  curve.runs = groups.runs[group];
  SurvivalRow row;
  double unharmed = 1, greenwood = 0;  // unharmed: neither dead nor diverged
  for (std::size_t t = 0; t < groups.times.size(); ++t) {
    const auto& count = groups.counts[group][t];
    for (std::size_t i = 0; i < kLifeEvents; ++i) curve.units[i] += static_cast<std::int64_t>(count[i]);
    const double n = count[kAlive], d = count[index_of(LifeEvent::kDeath)],
                 lost = count[index_of(LifeEvent::kDivergence)];
    row.time = groups.times[t];
    row.at_risk = static_cast<std::int64_t>(n);
    row.events = static_cast<std::int64_t>(d);
    row.censored = static_cast<std::int64_t>(count[index_of(LifeEvent::kEnd)] + lost +
                                             count[index_of(LifeEvent::kReset)]);
    if (n > 0) {
      row.survival *= (n - d) / n;
      row.dead += unharmed * d / n;
      row.diverged += unharmed * lost / n;
      unharmed *= (n - d - lost) / n;
    }
    if (n > d) greenwood += d / (n * (n - d));
    const double known = curve.runs < 2 ? kMissing : 1,
                 variance = clustered ? known * variances[t][0] : greenwood;
    row.std_error = row.survival == 0 ? kMissing : row.survival * std::sqrt(variance);
    row.interval = log_log_interval(row.survival, variance);
    for (const auto& [s, mean] : {std::pair(1, &row.deaths), std::pair(2, &row.revivals)}) {
      if (count[kSums[s].first] > 0) mean->mean += count[kSums[s].first] / count[kAll];
      mean->std_error = known * std::sqrt(variances[t][s]);
    }
    if (std::any_of(count.begin(), count.begin() + kLifeEvents, [](double units) { return units > 0; }))
      append_row(curve, row);
  }
  return curve;
}

// uᵀ V⁻ u and the rank of V, symmetric and positive semidefinite: elimination, the largest of what is left first.
std::pair<double, std::size_t> quadratic_form(std::vector<double> u, Matrix v) {
  double sum = 0, largest = 0;
  std::size_t rank = 0;
  for (; rank < u.size(); ++rank) {
    std::size_t best = rank;
    for (std::size_t i = rank; i < u.size(); ++i)
      if (v[i][i] > v[best][best]) best = i;
    largest = std::max(largest, v[best][best]);
    if (!(v[best][best] > 1e-10 * largest)) break;
    std::swap(u[rank], u[best]);
    std::swap(v[rank], v[best]);
    for (std::vector<double>& row : v) std::swap(row[rank], row[best]);
    sum += u[rank] * u[rank] / v[rank][rank];
    for (std::size_t i = rank + 1; i < u.size(); ++i) {
      const double factor = v[i][rank] / v[rank][rank];
      u[i] -= factor * u[rank];
      for (std::size_t j = rank; j < u.size(); ++j) v[i][j] -= factor * v[rank][j];
    }
  }
  return {sum, rank};
}

// What a log-rank test compares: by group, deaths minus those expected if all died at one rate.
struct LogRankSums {
  std::vector<double> surplus;
  Matrix variance;           // of independent units (hypergeometric)
  std::vector<double> rate;  // [time]
  Matrix share;              // [time][group]: of the units at risk
};

LogRankSums log_rank_sums(const Groups& groups) {
  const std::size_t k = groups.runs.size(), times = groups.times.size();
  LogRankSums sums{std::vector<double>(k), Matrix(k, std::vector<double>(k)), std::vector<double>(times),
                   Matrix(times, std::vector<double>(k))};
  for (std::size_t t = 0; t < times; ++t) {
    double d = 0, n = 0;
    for (const Counts& counts : groups.counts) {
      d += counts[t][index_of(LifeEvent::kDeath)];
      n += counts[t][kAlive];
    }
    if (d == 0) continue;
    sums.rate[t] = d / n;
    std::vector<double>& share = sums.share[t];
    for (std::size_t g = 0; g < k; ++g) {
      share[g] = groups.counts[g][t][kAlive] / n;
      sums.surplus[g] += groups.counts[g][t][index_of(LifeEvent::kDeath)] - d * share[g];
    }
    for (std::size_t g = 0; g < k && n > 1; ++g)
      for (std::size_t h = 0; h < k; ++h)
        sums.variance[g][h] += d * (n - d) / (n - 1) * share[g] * ((g == h ? 1 : 0) - share[h]);
  }
  return sums;
}

// The sum over runs of the squares of their parts of the surplus. A run may be in several groups.
Matrix log_rank_variance(const Lifetimes& lives, const Groups& groups, const LogRankSums& sums) {
  const std::size_t k = sums.surplus.size();
  Matrix variance(k, std::vector<double>(k));
  std::vector<double> part(k);
  std::size_t current = 0;
  const auto finish = [&] {
    for (std::size_t g = 0; g < k; ++g)
      for (std::size_t h = 0; h < k; ++h) variance[g][h] += part[g] * part[h];
    std::ranges::fill(part, 0);
  };
  for_each_run(lives, groups.times, [&](std::size_t run, std::size_t group, const Counts& counts) {
    if (run != current) finish();
    current = run;
    for (std::size_t t = 0; t < groups.times.size(); ++t) {
      const double surplus = counts[t][index_of(LifeEvent::kDeath)] - counts[t][kAlive] * sums.rate[t];
      if (surplus == 0) continue;
      part[group] += surplus;
      for (std::size_t g = 0; g < k; ++g) part[g] -= surplus * sums.share[t][g];
    }
  });
  finish();
  return variance;
}

}  // namespace

std::vector<SurvivalCurve> survival_curves(const Lifetimes& lives, bool clustered) {
  const Groups groups = groups_of(lives);
  const std::vector<Variances> variances = jackknife_variances(lives, groups);
  std::vector<SurvivalCurve> curves;
  for (std::size_t g = 0; g < groups.runs.size(); ++g)
    curves.push_back(curve_of(groups, g, variances[g], clustered));
  return curves;
}

LogRank log_rank(const Lifetimes& lives, bool clustered) {
  const Groups groups = groups_of(lives);
  if (groups.runs.size() < 2 || (clustered && std::ranges::min(groups.runs) < 2)) return {};
  const LogRankSums sums = log_rank_sums(groups);
  const auto plain = quadratic_form(sums.surplus, sums.variance);
  const auto [chi_squared, rank] =
      clustered ? quadratic_form(sums.surplus, log_rank_variance(lives, groups, sums)) : plain;
  if (rank == 0 || rank < plain.second) return {};
  return {chi_squared, chi_squared_tail(chi_squared, rank), rank};
}

}  // namespace deadrelu
