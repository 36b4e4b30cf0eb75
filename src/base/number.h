// Numbers as text: the shortest form that reads back to the same bits, and strict reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deadrelu {

// Appends a real number in the shortest decimal form that reads back to the same bits; it always carries a
// point or an exponent ("1.0", "1e+20", "-0.0"), so that no reader takes the column for integers. REQUIRES:
// value is finite.
void append_real(std::string& text, double value);
void append_real(std::string& text, float value);
void append_integer(std::string& text, std::int64_t value);

// The shortest form alone, for sentences ("1", "0.1", "1e+20").
std::string number_text(double value);

// The whole text as a number ("1", "-2.5e3"; surrounding spaces allowed); empty where it is not a finite
// number.
std::optional<double> parse_real(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

// A run id as 16 lower-case hex digits, and back (empty where the text is not 16 hex digits).
std::string hex_id(std::uint64_t id);
std::optional<std::uint64_t> parse_hex_id(std::string_view text);

}  // namespace deadrelu
