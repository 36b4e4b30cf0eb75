// One run of a sweep, as the expansion hands it on and as it comes back trained; and one part of a sweep.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "probe/columns.h"
#include "probe/rows.h"
#include "train/run_spec.h"

namespace deadrelu {

// Every count-th run of a sweep, from run `index` on: the shards 0 to count − 1 are disjoint and together
// complete, differ in size by one run at most, and share what is slow and what is quick in a sweep.
struct Shard {
  std::uint64_t index = 0, count = 1;

  bool is_whole() const { return count == 1; }
  bool contains(std::uint64_t position) const { return position % count == index; }
  // How many of the positions before `end` are in the shard.
  std::uint64_t size_before(std::uint64_t end) const { return end / count + (end % count > index ? 1 : 0); }
};

// A column of runs.csv for a swept path: real where every value is a number and the key is real, integer
// where the key is an integer, text otherwise (lists and objects as compact JSON).
struct SweptColumn {
  std::string path;  // dotted
  ColumnType type = ColumnType::kText;
};

using SweptValue = Cell;  // never missing

struct PlannedRun {
  std::uint64_t id = 0;            // hash of the canonical resolved config and the engine epoch
  std::uint64_t position = 0;      // in expansion order, from 0
  std::uint64_t point = 0;         // the position without seeds: runs of one point differ in the seed alone
  std::vector<SweptValue> values;  // one a swept column
  RunSpec spec;
};

// A run that has been trained.
struct FinishedRun {
  PlannedRun run;
  RunRecord record;
  std::string failure;  // why it could not be trained (no memory, …); empty: `record` holds the results
};

// Hands out the runs of a sweep one after another, in expansion order; false at the end.
using RunStream = std::function<bool(PlannedRun&)>;

}  // namespace deadrelu
