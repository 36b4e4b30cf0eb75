// Normal draws from counter-based streams.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"

namespace deadrelu {

// out[j] ~ N(0, 1), a function of (seed, purpose, stream, first_index + j) alone: Box and Muller 1958,
// √(−2 ln u1) · sin(2π u2), with u1 from words 0 and 1 and u2 from words 2 and 3 of the index's random block,
// each the midpoint of one of 2^52 equal cells of (0, 1). No draw is beyond ±8.58.
void fill_normal(std::span<double> out, std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                 std::uint64_t first_index);

}  // namespace deadrelu
