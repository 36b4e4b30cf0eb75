// How long units live: Kaplan–Meier curves, the log-rank test, and mean numbers of deaths and revivals.
//
// Units of one run share data, layers and gradients, so their fates are no independent observations, and formulas for
// independent ones (Greenwood's) give intervals that are too narrow. What is independent are runs: errors here are the
// infinitesimal jackknife's over runs (R: survfit(…, cluster = run)), which are Greenwood's where every run has a unit.
#pragma once

#include <array>
#include <optional>

#include "base/enum_names.h"
#include "probe/columns.h"
#include "store/statistics.h"
#include "store/store_reader.h"

namespace deadrelu {

enum class LifeEvent {
  kDeath,  // the first of a unit that was alive at step 0; this and the next three end what is watched of it
  kEnd,    // still alive when the run ended
  kDivergence,  // … when the run diverged
  kReset,       // alive, and made another unit by a remedy
  kAnyDeath,    // the first and all others
  kRevival,
  kLeft,  // the run ended: for every unit of it, alive or dead
};
inline constexpr std::size_t kLifeEvents = 7;
constexpr std::size_t index_of(LifeEvent event) { return static_cast<std::size_t>(event); }

// What happened to so many units of one run, in one group, at one time.
struct LifeRow {
  std::size_t run, group;
  std::int64_t time;
  LifeEvent event;
  std::int64_t units;
};

struct Lifetimes {
  std::vector<std::vector<Cell>> groups;  // the values of each
  std::vector<LifeRow> rows;              // those of a run, and of a group in it, side by side
  std::string source;                     // the table that they are from
  std::size_t unobserved_runs = 0;        // runs of which the table has nothing
};

// A mean number of events a unit of those watched (Nelson 1988).
struct MeanCount {
  double mean = 0, std_error = kMissing;
};

struct SurvivalRow {
  std::int64_t time = 0, at_risk = 0, events = 0, censored = 0;  // at_risk: just before the time
  double survival = 1;
  double std_error = kMissing;    // of the survival; missing where it is 0, or there is one run alone
  Interval interval;              // 95 %, log-log; missing where survival is 0 or 1, too
  double dead = 0, diverged = 0;  // cumulative incidence, each with the other as a competing cause
  MeanCount deaths, revivals;
};

struct SurvivalCurve {
  std::array<std::int64_t, kLifeEvents> units{};  // by event, all times together
  std::int64_t runs = 0;
  std::optional<std::int64_t> median, median_low,
      median_high;                // where survival and its limits first are ≤ 0.5
  std::vector<SurvivalRow> rows;  // of every time at which anything happened
  std::int64_t of(LifeEvent event) const { return units[index_of(event)]; }
};

// One a group. `clustered`: errors of survival over runs, else Greenwood's.
std::vector<SurvivalCurve> survival_curves(const Lifetimes& lives, bool clustered);

// Whether groups differ in survival.
struct LogRank {
  double chi_squared = kMissing, p = kMissing;
  std::size_t degrees = 0;
};

// `clustered`: with the variance over runs of their parts of the statistic (the robust score test of Lin and Wei 1989; R:
// coxph(…, cluster = run, ties = "breslow")), missing where a group has fewer than two runs; else the plain test.
LogRank log_rank(const Lifetimes& lives, bool clustered);

// Of the units of all recorded runs, from the table deaths where it was recorded, else from units. A death, revival or
// reset between two records is placed at the later one, which is exact for the Kaplan–Meier curve of records. Divergence
// is at diverged_step. `by`: the swept columns whose values make a group; `by_layer`: and the layer.
// Throws UserError(kUsage) where neither table was recorded, with what to record.
Lifetimes read_lifetimes(const StoreReader& store, const std::vector<std::size_t>& by, bool by_layer);

}  // namespace deadrelu
