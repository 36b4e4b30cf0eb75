#include "base/number.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace deadrelu {
namespace {

template <class Real>
void append_shortest(std::string& text, Real value) {
  assert(std::isfinite(value));
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const std::string_view written(digits, static_cast<std::size_t>(end - digits));
  text += written;
  if (written.find_first_of(".e") == std::string_view::npos) text += ".0";
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void append_real(std::string& text, double value) { append_shortest(text, value); }
void append_real(std::string& text, float value) { append_shortest(text, value); }
void append_integer(std::string& text, std::int64_t value) { text += std::to_string(value); }

std::string number_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), value).ptr};
}

std::optional<double> parse_real(std::string_view text) {
  const auto value = parse_whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_whole<std::int64_t>(text); }

std::string hex_id(std::uint64_t id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, id >>= 4) text[static_cast<std::size_t>(i)] = kDigits[id & 15];
  return text;
}

std::optional<std::uint64_t> parse_hex_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace deadrelu
