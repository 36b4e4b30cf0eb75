// --set PATH=VALUE.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace deadrelu {

// A key or group that a --set has given.
struct SetPath {
  std::string name;
  Place place;
};

// Applies the sets in order: keys go into `base`, paths below "sweep" into the sweep section of `root`
// (objects on the way are created). Returns the keys and groups that were set.
std::vector<SetPath> apply_sets(const std::vector<std::string>& sets, Node& root, Settings& base,
                                Problems& problems);

}  // namespace deadrelu
