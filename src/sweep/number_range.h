// {"lin": [from, to, count]} and {"log": [from, to, count]}: the values of a swept number.
#pragma once

#include <cstdint>
#include <vector>

namespace deadrelu {

inline constexpr std::uint64_t kMostRangeValues = 1'000'000;

// Evenly spaced numbers, or numbers evenly spaced in their logarithm; the ends are exactly `from` and `to`.
// Values between are rounded to decimals (log: 12 significant digits; lin: 15 digits of the larger end), so
// that a range over decades holds 0.01 and 0.1 and not their neighbours, with the same bits on every machine.
// `whole`: rounded to whole numbers. Values that coincide count once.
// REQUIRES: ends finite, |ends| ≤ 1e100, 1 ≤ count ≤ kMostRangeValues; logarithmic: ends above 0.
std::vector<double> range_values(double from, double to, std::uint64_t count, bool logarithmic, bool whole);

}  // namespace deadrelu
