// A sweep over a config, ready to be walked: exclusions matched, every point checked, equal points found.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "config/resolve.h"
#include "config/sweep_config.h"
#include "sweep/planned_run.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

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
