#include "store/cells.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/number.h"

namespace deadrelu {
namespace {

bool is_plain(char c) { return c >= ' ' && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x7f; }

void append_csv_text(std::string& line, const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

// Appends numbers; false where there is none (text, or missing).
bool append_number(std::string& line, const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    append_integer(line, *integer);
    return true;
  }
  const auto* real = std::get_if<double>(&cell);
  if (real == nullptr || !std::isfinite(*real)) return false;
  append_real(line, *real);
  return true;
}

}  // namespace

void append_json_text(std::string& line, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    line += '"';
    line += text;
    line += '"';
    return;
  }
  line += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_csv_cell(std::string& line, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return append_csv_text(line, *text);
  append_number(line, cell);
}

void append_csv_row(std::string& line, std::span<const Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) append_csv_cell(i == 0 ? line : line += ',', cells[i]);
}

void append_json_cell(std::string& line, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return append_json_text(line, *text);
  if (!append_number(line, cell)) line += "null";
}

}  // namespace deadrelu
