// Strict JSON with comments, read into nodes that know their line.
#pragma once

#include <string>
#include <string_view>

#include "config/json_node.h"
#include "config/problems.h"

namespace deadrelu {

inline constexpr std::size_t kMostConfigBytes = std::size_t{64} << 20;
inline constexpr std::size_t kDeepestNesting = 64;

// Reads one JSON document; // and /* */ comments are skipped. Duplicate keys are problems, of which the first
// value counts. Returns false, with the problem added, where the text cannot be read at all (syntax,
// encoding, nesting). `set` is the number of the --set that the text comes from, −1 for the file.
bool read_json(std::string_view text, int set, Node& node, Problems& problems);

}  // namespace deadrelu
