#include "cli/print.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "store/cells.h"

namespace deadrelu {
namespace {

// Bytes that are no UTF-8 become U+FFFD, as in the tables.
std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

void RowPrinter::columns(std::span<const std::string> names) {
  keys_.clear();
  line_.clear();
  for (const std::string& name : names) {
    if (json_) {
      append_json_cell(keys_.emplace_back(), Cell(name));
    } else {
      append_csv_cell(line_.empty() ? line_ : line_ += ',', Cell(name));
    }
  }
  if (!json_) out_.write(line_ += '\n');
}

void RowPrinter::start_object() {
  line_ = any_ ? ",\n" : "[\n";
  any_ = true;
}

void RowPrinter::row(std::span<const Cell> cells) {
  if (json_) {
    start_object();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line_ += (i == 0 ? "{" : ", ") + keys_[i] + ": ";
      append_json_cell(line_, cells[i]);
    }
    line_ += '}';
  } else {
    line_.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) append_csv_cell(i == 0 ? line_ : line_ += ',', cells[i]);
    line_ += '\n';
  }
  out_.write(line_);
}

void RowPrinter::object(const Json& object) {
  start_object();
  out_.write(line_ += dumped(object));
}

void RowPrinter::finish() {
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

}  // namespace deadrelu
