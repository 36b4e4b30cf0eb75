// Elementary functions on arrays of doubles, with the same bits on every machine (never libm, whose last bit
// differs between versions). For data sets, initial parameters, schedules and sweep ranges.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"

namespace deadrelu {

// In place, on the best target of this machine; each value's result depends on that value alone.
void vector_log(std::span<double> x);  // natural logarithm
void vector_sin(std::span<double> x);

double portable_exp(double x);
double portable_log(double x);
double portable_sin(double x);
double portable_cos(double x);   // sin(x + π/2)
double portable_erfc(double x);  // 2/√π · ∫ e^(−t²) from x on, with all digits of its small tail

// x = quarters·π/2 + rest, |rest| ≤ π/4, off by less than two units of its last place; quarters count modulo 4. The
// rest is NaN where x is not finite. REQUIRES: |x| ≥ 2^15.
struct QuarterTurns {
  double rest;
  int quarters;
};
QuarterTurns quarter_turns(double x);

// Normal draws from counter-based streams: out[j] ~ N(0, 1), a function of (seed, purpose, stream,
// first_index + j) alone: Box and Muller 1958, √(−2 ln u1) · sin(2π u2), with u1 from words 0 and 1 and u2 from
// words 2 and 3 of the index's random block, each the midpoint of one of 2^52 equal cells of (0, 1). No draw is
// beyond ±8.58.
void fill_normal(std::span<double> out, std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                 std::uint64_t first_index);

}  // namespace deadrelu
