#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace deadrelu {
namespace {

// Of the 256-colour palette, green over yellow to red.
constexpr int kPalette[] = {34, 70, 106, 142, 178, 172, 166, 160};

// Columns that a UTF-8 text takes.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return left ? text + space : space + text;
}

std::string coloured(const std::string& text, double badness) {
  const double place = std::clamp(badness, 0.0, 1.0) * static_cast<double>(std::size(kPalette) - 1);
  return fmt::format("\x1b[38;5;{}m{}\x1b[0m", kPalette[static_cast<std::size_t>(std::lround(place))], text);
}

std::vector<std::size_t> column_widths(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& head : table.heads) widths.push_back(display_width(head));
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c].text));
  }
  return widths;
}

}  // namespace

std::string render(const TextTable& table, bool colours) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text = table.title.empty() ? "" : table.title + '\n';
  for (std::size_t c = 0; c < table.heads.size(); ++c)
    text += "  " + padded(table.heads[c], widths[c], c == 0);
  text += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string cell = padded(row[c].text, widths[c], c == 0);
      text += "  " + (colours && row[c].badness ? coloured(cell, *row[c].badness) : cell);
    }
    text += '\n';
  }
  return text;
}

}  // namespace deadrelu
