#include "sweep/number_range.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <string_view>

#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr int kLogDigits = 12;
constexpr int kLinDigits = 15;

// The value with that many digits after the point (fixed) or after the first digit (scientific).
double rounded(double value, std::chars_format format, int digits) {
  char text[512];
  const auto end = std::to_chars(text, text + sizeof(text), value, format, digits).ptr;
  double result = value;
  std::from_chars(text, end, result, format);
  return result + 0.0;  // −0 is 0
}

// The decimal exponent of a number: 3 for 1234.
int decimal_exponent(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  const std::string_view digits =
      written.substr(written.find('e') + (written[written.find('e') + 1] == '+' ? 2 : 1));
  int exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  return exponent;
}

}  // namespace

std::vector<double> range_values(double from, double to, std::uint64_t count, bool logarithmic, bool whole) {
  assert(std::abs(from) <= 1e100 && std::abs(to) <= 1e100 && 1 <= count && count <= kMostRangeValues);
  assert(!logarithmic || (from > 0 && to > 0));
  const double log_from = logarithmic ? portable_log(from) : 0, log_to = logarithmic ? portable_log(to) : 0;
  const int decimals =  // lin: digits after the point that are kept
      std::max(0, kLinDigits - 1 - decimal_exponent(std::max(std::abs(from), std::abs(to))));
  const auto value = [&](std::uint64_t i) {
    if (i == 0) return from + 0.0;
    if (i + 1 == count) return to + 0.0;
    const auto done = static_cast<double>(i), left = static_cast<double>(count - 1 - i), steps = done + left;
    return logarithmic ? rounded(portable_exp((log_from * left + log_to * done) / steps),
                                 std::chars_format::scientific, kLogDigits - 1)
                       : rounded((from * left + to * done) / steps, std::chars_format::fixed, decimals);
  };
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double next = whole ? std::round(value(i)) + 0.0 : value(i);
    if (values.empty() || next != values.back()) values.push_back(next);
  }
  return values;
}

}  // namespace deadrelu
