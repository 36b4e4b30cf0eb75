// Names that users type, and the ones they meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace deadrelu {

// The allowed name nearest to `given` (the first of equally near ones), for "did you mean"; "" when none is
// near. Counted in edits (insert, delete, replace, swap of neighbours; upper and lower case alike): near is
// at most a third of the longer name, or that one begins with the other.
std::string nearest_name(std::string_view given, std::span<const std::string> allowed);

}  // namespace deadrelu
