// The "sweep" section: its axes with their values, what is excluded, and the seeds.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "config/document.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

// One value of an axis: what it puts in place of the base's keys.
using AxisEntry = std::vector<Assignment>;

struct Axis {
  std::string pointer;
  std::vector<std::string> paths;  // keys or groups that it sweeps, in file order
  std::vector<AxisEntry> entries;
  std::vector<double> range = {};  // instead of entries: the values of the one path
  bool whole = false;              // the range is of whole numbers

  std::uint64_t size() const { return range.empty() ? entries.size() : range.size(); }
  Json range_value(std::uint64_t i) const;
};

// One value in one "exclude" object.
struct ExcludedValue {
  std::size_t axis = 0;
  Assignment value;
  std::string pointer;
};

struct SweepConfig {
  std::vector<Axis> axes;
  std::vector<std::vector<std::vector<ExcludedValue>>> excludes;  // [object][path][alternative]
  SeedList seeds;
  std::deque<Json> zipped;  // values of ranges in a zip, where their assignments find them
};

// Reads the section; every mistake of form, and every wrong value, is a problem. `sweep` is null where there is none,
// and outlives what is made of it; `base` is the config without it, `seed` its top-level seed.
SweepConfig read_sweep(const Json* sweep, const Document& base, std::uint64_t seed, Problems& problems);

}  // namespace deadrelu
