// A sweep over a config, ready to be walked: equal values collapsed, exclusions matched, every point checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/resolve.h"
#include "config/sweep_config.h"
#include "sweep/planned_run.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

struct SweepPlan {
  Settings base;
  std::vector<Axis> axes;
  SweepShape shape;
  std::vector<SweptColumn> columns;  // the paths of the axes, in order
};

inline constexpr std::uint64_t kCheckedPoints = 100'000;

// Builds the plan; problems of exclusions and of the sweep's size are added.
SweepPlan make_plan(Settings base, SweepConfig sweep, const ResolveContext& context, Problems& problems);

// Checks every point (without seeds) where there are at most kCheckedPoints, and leaves out those that repeat
// an earlier one (as two widths at depth 0 do); else checks the first one and every value of every axis on
// top of it.
void check_points(SweepPlan& plan, const ResolveContext& context, Problems& problems);

// The settings of one point after another; only what changes from one to the next is touched.
class PointWalker {
 public:
  // The plan must outlive the walker.
  explicit PointWalker(const SweepPlan& plan);
  const Settings& at(const std::vector<std::uint64_t>& indices);  // [axis]: value index

 private:
  const SweepPlan& plan_;
  Settings settings_;
  std::vector<std::uint64_t> current_;    // [axis]; kUnset at first
  std::vector<AxisEntry> range_entries_;  // [axis]: the entry of a range that is in force
};

// A cell as the column's type wants it.
SweptValue as_column(const SweptValue& value, ColumnType type);

}  // namespace deadrelu
