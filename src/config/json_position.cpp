#include "config/json_position.h"

#include <algorithm>

#include "config/json_node.h"

namespace deadrelu {
namespace {

// The length of the valid UTF-8 sequence at the start of `bytes`; 0 where there is none.
std::size_t utf8_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(i < bytes.size() ? bytes[i] : 0);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) return 0;
  return length;
}

// The word, number or sign that ends where the parser stopped.
std::string_view last_word(std::string_view text, std::size_t consumed) {
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '+' || c == '-';
  };
  std::size_t from = std::min(consumed, text.size()), to = from;
  if (from > 0 && !in_word(text[from - 1])) return text.substr(from - 1, 1);
  while (from > 0 && in_word(text[from - 1])) --from;
  while (to < text.size() && in_word(text[to])) ++to;
  return text.substr(from, to - from);
}

}  // namespace

std::string syntax_problem(const ReadPosition& position, const std::string& token, std::string_view detail) {
  const auto says = [&](std::string_view part) { return detail.find(part) != std::string_view::npos; };
  const std::string_view text = position.text();
  const std::string_view word = last_word(text, position.consumed());
  const std::string_view unsigned_word = word.substr(std::min(word.find_first_not_of("+-"), word.size()));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return "is empty; expected an object { … }";
  if (says("invalid comment"))
    return "a comment is // to the end of the line, or /* up to */; this one is neither";
  for (const std::string_view name : {"NaN", "nan", "Inf", "inf"})
    if (unsigned_word.starts_with(name))
      return "NaN and Infinity are no JSON numbers; every number of a config is finite";
  if (says("invalid string"))
    return "a text in quotes is not closed on its line, or holds a wrong escape: " +
           json_quoted(token.substr(1, 40));
  if (word == "'") return "texts stand in double quotes (\"), not in single ones";
  if (says("unexpected end of input")) return "ends too early: a closing bracket, brace or quote is missing";
  if (says("unexpected '}'") || says("unexpected ']'"))
    return "unexpected " + json_quoted(word) +
           ": no comma may follow the last entry, and brackets come in pairs";
  const bool number = says("unexpected number literal");
  return "is not valid JSON near " + json_quoted(number ? std::string_view(token) : word) +
         "; expected a comma, a colon, a bracket or a value";
}

std::uint32_t first_invalid_utf8_line(std::string_view text) {
  std::uint32_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return line;
    line += text[i] == '\n';
    i += length;
  }
  return 0;
}

}  // namespace deadrelu
