#include "sweep/number_range.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
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

NumberRange::NumberRange(double from, double to, std::uint64_t count, bool logarithmic, bool whole)
    : from_(from), to_(to), count_(count), logarithmic_(logarithmic), whole_(whole) {
  if (logarithmic) {
    log_from_ = portable_log(from);
    log_to_ = portable_log(to);
  }
  decimals_ = std::max(0, kLinDigits - 1 - decimal_exponent(std::max(std::abs(from), std::abs(to))));
  if (!whole && !dense()) return;
  std::vector<double> values;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double next = whole ? std::round(value(i)) + 0.0 : value(i);
    if (values.empty() || next != values.back()) values.push_back(next);
  }
  listed_ = std::move(values);
}

double NumberRange::value(std::uint64_t i) const {
  if (i == 0) return from_ + 0.0;
  if (i + 1 == count_) return to_ + 0.0;
  const auto done = static_cast<double>(i), left = static_cast<double>(count_ - 1 - i), steps = done + left;
  if (logarithmic_)
    return rounded(portable_exp((log_from_ * left + log_to_ * done) / steps), std::chars_format::scientific,
                   kLogDigits - 1);
  return rounded((from_ * left + to_ * done) / steps, std::chars_format::fixed, decimals_);
}

// Whether neighbours may coincide after rounding.
bool NumberRange::dense() const {
  if (count_ < 2) return false;
  const auto steps = static_cast<double>(count_ - 1);
  if (logarithmic_) return std::abs(log_to_ - log_from_) / steps < 1e-10;
  return std::abs(to_ - from_) / steps < 1e-13 * std::max(std::abs(from_), std::abs(to_));
}

}  // namespace deadrelu
