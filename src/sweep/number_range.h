// {"lin": [from, to, count]} and {"log": [from, to, count]}: the values of a swept number.
#pragma once

#include <cstdint>
#include <vector>

namespace deadrelu {

inline constexpr std::uint64_t kMostRangeValues = 10'000'000;

// Evenly spaced numbers, or numbers evenly spaced in their logarithm; the ends are exactly `from` and `to`.
// Values between are rounded to decimals (log: 12 significant digits; lin: 15 digits of the larger end), so
// that a range over decades holds 0.01 and 0.1 and not their neighbours, with the same bits on every machine.
// Values that coincide count once. Nothing is listed before it is asked for, except whole numbers and very
// dense ranges.
class NumberRange {
 public:
  // `whole`: rounded to whole numbers. REQUIRES: ends finite, |ends| ≤ 1e100, 1 ≤ count ≤ kMostRangeValues;
  // logarithmic: ends above 0.
  NumberRange(double from, double to, std::uint64_t count, bool logarithmic, bool whole);

  std::uint64_t size() const { return listed_.empty() ? count_ : listed_.size(); }
  double at(std::uint64_t i) const { return listed_.empty() ? value(i) : listed_[i]; }
  bool whole() const { return whole_; }

 private:
  double value(std::uint64_t i) const;
  bool dense() const;

  double from_, to_;
  double log_from_ = 0, log_to_ = 0;
  std::uint64_t count_;
  int decimals_ = 0;  // lin: digits after the point that are kept
  bool logarithmic_, whole_;
  std::vector<double> listed_;
};

}  // namespace deadrelu
