// --set PATH=VALUE.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"

namespace deadrelu {

// What the --sets give: keys and groups, and the values behind them.
struct SetValues {
  std::deque<Json> values;
  std::vector<Assignment> assignments;  // in order
};

// Reads the sets in order; those below "sweep" change the sweep section (objects on the way are created), all others are
// put on top of the base by their assignments.
SetValues read_sets(const std::vector<std::string>& sets, std::optional<Json>& sweep, Problems& problems);

}  // namespace deadrelu
