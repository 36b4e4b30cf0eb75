// The points of a sweep by index arithmetic: nothing is expanded before it is asked for; and the values of its ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deadrelu {

inline constexpr std::uint64_t kMostSweepRuns = 1'000'000'000;  // of one sweep, excluded points included

// The seeds of every point.
struct SeedList {
  std::vector<std::uint64_t> listed;  // given one by one; used where not empty
  std::uint64_t from = 0, count = 1;  // else from, from+1, …
  std::uint64_t size() const { return listed.empty() ? count : listed.size(); }
  std::uint64_t at(std::uint64_t i) const { return listed.empty() ? from + i : listed[i]; }
};

// A product of axes, the last axis fastest, of which some points are excluded, times their seeds (innermost).
// What an axis means, and what its values are, only the config knows.
struct SweepShape {
  std::vector<std::uint64_t> axis_sizes;
  // Each exclusion: for every axis the value indices that it matches (empty: any value). A point is excluded
  // if some exclusion matches it on every axis.
  using Exclusion = std::vector<std::vector<std::uint64_t>>;
  std::vector<Exclusion> exclusions;
  SeedList seeds;
  // Points that repeat an earlier one and are left out too, by linear index (last axis fastest), ascending;
  // none of them is matched by an exclusion.
  std::vector<std::uint64_t> repeated = {};
  // Where the values of an axis have seeds of their own instead: [value] of that axis; empty: none has.
  std::vector<SeedList> own_seeds = {};
  std::size_t seeded_axis = 0;

  // Of the point with these value indices [axis].
  const SeedList& seeds_at(const std::vector<std::uint64_t>& indices) const {
    return own_seeds.empty() ? seeds : own_seeds[indices[seeded_axis]];
  }
};

// Whether the point with these value indices [axis] is left out.
bool is_excluded(const SweepShape& shape, const std::vector<std::uint64_t>& indices);

// The place of a point among all points, excluded ones included; the last axis is fastest.
std::uint64_t linear_index(const SweepShape& shape, const std::vector<std::uint64_t>& indices);

// Walks the points of a sweep in order.
class SweepCursor {
 public:
  explicit SweepCursor(const SweepShape& shape);
  // Moves to the next run that is not excluded; false at the end, and from then on. The first call moves to
  // the first run.
  bool next();
  const std::vector<std::uint64_t>& indices() const { return indices_; }  // [axis]: value index
  std::uint64_t seed() const;
  std::uint64_t position() const { return position_; }  // among the runs that are not excluded
  std::uint64_t point() const { return point_; }        // among the points that are not excluded

 private:
  bool advance();
  bool advance_point();
  const SweepShape* shape_;
  std::vector<std::uint64_t> indices_;
  std::uint64_t seed_index_ = 0, position_ = 0, point_ = 0;
  bool started_ = false, ended_ = false;
};

// The number of runs (excluded points are not counted); walks points where there are exclusions. REQUIRES: with
// the excluded ones they are at most kMostSweepRuns.
std::uint64_t sweep_size(const SweepShape& shape);

inline constexpr std::uint64_t kMostRangeValues = 1'000'000;

// Evenly spaced numbers, or numbers evenly spaced in their logarithm; the ends are exactly `from` and `to`.
// Values between are rounded to decimals (log: 12 significant digits; lin: 15 digits of the larger end), so
// that a range over decades holds 0.01 and 0.1 and not their neighbours, with the same bits on every machine.
// `whole`: rounded to whole numbers. Values that coincide count once.
// REQUIRES: ends finite, |ends| ≤ 1e100, 1 ≤ count ≤ kMostRangeValues; logarithmic: ends above 0.
std::vector<double> range_values(double from, double to, std::uint64_t count, bool logarithmic, bool whole);

}  // namespace deadrelu
