#include "cli/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "store/cells.h"

namespace deadrelu {
namespace {

// Bytes that are no UTF-8 become U+FFFD, as in the tables.
std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Of the 256-colour palette, green over yellow to red.
constexpr int kPalette[] = {34, 70, 106, 142, 178, 172, 166, 160};

// Columns that a UTF-8 text takes.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, display_width(text)), ' ');
  return left ? text + space : space + text;
}

std::string coloured(const std::string& text, double badness) {
  const double place = std::clamp(badness, 0.0, 1.0) * static_cast<double>(std::size(kPalette) - 1);
  return fmt::format("\x1b[38;5;{}m{}\x1b[0m", kPalette[static_cast<std::size_t>(std::lround(place))], text);
}

}  // namespace

std::string shown_cell(const Cell& cell, int digits) {
  if (const auto* real = std::get_if<double>(&cell))
    return std::isfinite(*real) ? fmt::format("{:.{}g}", *real, digits) : "";
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? "" : *text;
}

void RowPrinter::columns(std::span<const std::string> names) {
  if (aligned_) return table_.heads.assign(names.begin(), names.end());
  if (!json_) return row(std::vector<Cell>(names.begin(), names.end()));
  keys_.clear();
  for (const std::string& name : names) append_json_text(keys_.emplace_back(), name);
}

void RowPrinter::start_object() {
  line_ = any_ ? ",\n" : "[\n";
  any_ = true;
}

void RowPrinter::row(std::span<const Cell> cells) {
  if (aligned_) {
    auto& row = table_.rows.emplace_back();
    for (const Cell& cell : cells) row.push_back(shown_cell(cell, 4));
    return;
  }
  if (json_) {
    start_object();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line_ += (i == 0 ? "{" : ", ") + keys_[i] + ": ";
      append_json_cell(line_, cells[i]);
    }
    line_ += '}';
  } else {
    line_.clear();
    append_csv_row(line_, cells);
    line_ += '\n';
  }
  out_.write(line_);
}

void RowPrinter::object(const Json& object) {
  start_object();
  out_.write(line_ += dumped(object));
}

void RowPrinter::finish() {
  if (aligned_) out_.write(render(table_));
  if (json_) out_.write(any_ ? "\n]\n" : "[\n]\n");
  out_.flush();
}

std::string json_text(const Json& object) {
  std::string text = "{";
  for (const auto& [key, value] : object.items()) {
    text += (text.size() > 1 ? ", " : "") + dumped(key) + ": ";
    if (!value.is_array() || value.empty() || !value[0].is_object()) {
      text += dumped(value);
      continue;
    }
    const char* separator = "[\n";
    for (const Json& element : value) {
      text += separator + dumped(element);
      separator = ",\n";
    }
    text += "\n]";
  }
  return text + "}\n";
}

Json json_of(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return *whole;
  if (const auto* real = std::get_if<double>(&cell)) return std::isfinite(*real) ? Json(*real) : Json();
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return nullptr;
}

std::vector<std::size_t> column_widths(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& head : table.heads) widths.push_back(display_width(head));
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c].text));
  }
  return widths;
}

std::string render(const TextTable& table) {
  const bool colours = output_has_colours();
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
