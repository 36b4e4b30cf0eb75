// The "sweep" section of a config, and the sweep ready to be walked: exclusions matched, every point checked, equal
// points found.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/resolve.h"
#include "sweep/planned_run.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

// One value of an axis: what it puts in place of the base's keys.
struct AxisEntry : std::vector<Assignment> {
  using vector::vector;
  std::optional<SeedList> seeds = {};  // of its own
};

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

// What the section may hold.
const std::vector<std::string>& sweep_sections();

// Reads the section; every mistake of form, and every wrong value, is a problem. `sweep` is null where there is none,
// and outlives what is made of it; `base` is the config without it, `seed` its top-level seed.
SweepConfig read_sweep(const Json* sweep, const Document& base, std::uint64_t seed, Problems& problems);

struct SweepPlan {
  Document base;
  std::vector<Axis> axes;
  SweepShape shape;
  std::vector<SweptColumn> columns;  // the paths of the axes, in order
  std::deque<Json> zipped;           // of the SweepConfig
};

inline constexpr std::uint64_t kCheckedPoints = 100'000;

// Builds the plan; problems of exclusions and of the sweep's size are added.
SweepPlan make_plan(Document base, SweepConfig sweep, Problems& problems);

// Checks every point (without seeds) where there are at most kCheckedPoints, and leaves out those that repeat
// an earlier one (as two widths at depth 0 do); else checks the first one and every value of every axis on
// top of it.
void check_points(SweepPlan& plan, Resolver& resolver, Problems& problems);

// The documents of one point after another.
class PointDocuments {
 public:
  // The plan must outlive them.
  explicit PointDocuments(const SweepPlan& plan);
  const Document& at(const std::vector<std::uint64_t>& indices);  // [axis]: value index

 private:
  struct RangeValue {  // the value of a range that is in force, and what it puts in place
    Json value;
    AxisEntry entry;
  };
  const SweepPlan& plan_;
  Document document_;
  std::deque<RangeValue> ranges_;  // [axis]; empty for lists of entries
};

// A cell as the column's type wants it.
SweptValue as_column(const SweptValue& value, ColumnType type);

}  // namespace deadrelu
