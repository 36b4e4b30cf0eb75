// Dead, dormant and saturated units of one hidden layer, for every lane of a pack.
#pragma once

#include <cmath>

#include "base/buffer.h"
#include "nn/network.h"
#include "probe/effective_rank.h"
#include "probe/rows.h"

namespace deadrelu {

// Sums over the probe set as its blocks pass, then fills the columns that describe units.
template <class T>
class UnitProbe {
 public:
  // probe_samples: the most that are added. saturated_below: [lane], the threshold of saturated pairs. rank_samples:
  // from how many of them the effective rank is wanted too (a product and an eigenvalue problem a layer and run).
  UnitProbe(const Network<T>& network, std::size_t layer, std::size_t probe_samples,
            const Buffer<double>& saturated_below, std::size_t rank_samples);

  void begin();
  // Adds the block that `forward` has just left in `activations` (whose scratch is overwritten).
  void add(const Network<T>& network, const T* parameters, const Activations<T>& activations,
           std::size_t samples);

  // After the last block. Fills the probe's columns of `row`, and one row a unit where `units` is not null. What
  // hangs on a pre-activation or activation that is no number is missing.
  void describe(std::size_t lane, const Thresholds& thresholds, LayerRow& row,
                std::vector<UnitRow>* units) const;
  bool is_dead(std::size_t unit, std::size_t lane) const {  // φ(z) = 0 on every probe input
    return at(sums_.a_zeros, unit, lane) == static_cast<double>(samples_ * (outputs_ / units_));
  }
  // Whether every pre-activation and activation is a number, so that their signs are known.
  bool knows(std::size_t unit, std::size_t lane) const {
    return !std::isnan(at(sums_.z_sum, unit, lane)) && !std::isnan(at(sums_.a_sum, unit, lane));
  }
  std::size_t units() const { return units_; }

 private:
  double at(const double* sums, std::size_t unit, std::size_t lane) const {
    return sums[unit * lanes_ + lane];
  }
  UnitRow describe_unit(std::size_t unit, std::size_t lane, double layer_magnitude,
                        const Thresholds& thresholds) const;
  void describe_distributions(std::size_t lane, LayerRow& row) const;

  std::size_t layer_, units_, outputs_, lanes_, samples_ = 0;
  Buffer<double> memory_;  // [sum][unit][lane], then saturated_below
  UnitSums sums_;          // its parts
  Buffer<double> silent_samples_;
  std::optional<RankProbe<T>> rank_;
};

// Keeps which units of one run's layer were dead at the last recorded step, and counts what changed.
class DeathCounter {
 public:
  explicit DeathCounter(std::size_t units) : dead_(units), before_(units) {}
  struct Count {
    std::int64_t dead = 0, died = 0, revived = 0;  // the first count knows no change
    bool whole = true;                             // every unit's activations are numbers
  };
  // What the last count found: 1 the unit has died, −1 it has come back, 0 neither.
  int change(std::size_t unit) const { return dead_[unit] - before_[unit]; }
  // was_reset(unit): since the last count; whoever lives after that has not come back.
  template <class T, class WasReset>
  Count count(const UnitProbe<T>& probe, std::size_t lane, const WasReset& was_reset) {
    Count count;
    for (std::size_t u = 0; u < dead_.size(); ++u) {
      const bool dead = probe.is_dead(u, lane);
      count.whole &= probe.knows(u, lane);
      count.dead += dead;
      before_[u] = first_ || (!dead && was_reset(u)) ? dead : dead_[u];
      dead_[u] = dead;
      count.died += change(u) > 0;
      count.revived += change(u) < 0;
    }
    first_ = false;
    return count;
  }

 private:
  std::vector<bool> dead_, before_;
  bool first_ = true;
};

}  // namespace deadrelu
