// The "sweep" section: its axes with their values, what is excluded, and the seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "sweep/number_range.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

inline constexpr std::uint64_t kMostRuns =
    1'000'000'000'000;  // of one sweep, seeds and excluded points included

// One value of an axis: what it puts in place of the base's keys.
using AxisEntry = std::vector<Assignment>;

struct Axis {
  Place place;
  std::vector<std::string> paths;  // keys or groups that it sweeps, in file order
  std::vector<AxisEntry> entries;
  std::optional<NumberRange> range;  // instead of entries: the values of the one path

  std::uint64_t size() const { return range ? range->size() : entries.size(); }
  AxisEntry entry(std::uint64_t i) const;  // made anew for a range
};

// One value in one "exclude" object.
struct ExcludedValue {
  std::size_t axis = 0;
  Assignment value;
  Place place;
};

struct SweepConfig {
  std::vector<Axis> axes;
  std::vector<std::vector<std::vector<ExcludedValue>>> excludes;  // [object][path][alternative]
  SeedList seeds;
};

// Reads the section; every mistake of form is a problem. `seed` is the config's top-level seed.
// `node` is null where there is no sweep.
SweepConfig read_sweep(const Node* node, std::uint64_t seed, Problems& problems);

// {"lin": …} or {"log": …} as a range over a numeric key or group; empty, with a problem, where it is wrong.
std::optional<NumberRange> read_range(const Node& node, const std::string& path, const std::string& pointer,
                                      Problems& problems);
bool looks_like_range(const Node& node);

SeedList read_seeds(const Node& node, std::uint64_t seed, Problems& problems);

}  // namespace deadrelu
