#include "data/csv_table.h"

#include "base/enum_names.h"
#include "base/error.h"
#include "base/number.h"

namespace deadrelu {
namespace {

constexpr std::size_t kShownBytes = 40;  // of a cell, in a message
constexpr std::size_t kLongestNumber = 400;

using Texts = std::vector<std::string>;

// Whether the text consists of `shape`'s parts: 9 stands for one or more digits, all else for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  for (const char part : shape) {
    const std::size_t before = text.size();
    if (part == '9') {
      while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
    } else if (text.starts_with(part)) {
      text.remove_prefix(1);
    }
    if (text.size() == before) return false;
  }
  return text.empty();
}

std::string_view without_sign(std::string_view text) {
  return text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
}

// "1,234", "1.234.567,8": with something that may be a thousands separator.
bool has_groups(std::string_view text) {
  const auto digits_at = [&](std::size_t place) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", place), text.size());
    return place < end ? end - place : 0;
  };
  text = without_sign(text);
  const std::size_t first = digits_at(0);
  if (first == 0 || first > 3 || text[0] == '0' || first == text.size()) return false;
  const char separator = text[first];
  if (std::string_view(",.'").find(separator) == std::string_view::npos) return false;
  std::size_t place = first;
  while (place < text.size() && text[place] == separator && digits_at(place + 1) == 3) place += 4;
  if (place == first || place == text.size()) return place != first;
  const bool fraction =
      text[place] != separator && std::string_view(",.").find(text[place]) != std::string_view::npos;
  return fraction && place + 1 + digits_at(place + 1) == text.size();
}

char delimiter_of(const std::string& text) {
  return text == "tab" ? '\t' : text == "space" ? ' ' : text.empty() ? '\0' : text[0];
}

}  // namespace

CellReader::CellReader(char decimal, const Texts& missing)
    : decimal_(decimal), missing_(missing.begin(), missing.end()) {
  for (const std::string& text : missing)
    if (const auto value = parse_real(text)) missing_numbers_.push_back(*value);
}

bool CellReader::is_missing(std::string_view cell) const {
  if (cell.find_first_not_of(" \t") == std::string_view::npos || missing_.contains(cell)) return true;
  const auto value = missing_numbers_.empty() ? std::nullopt : unusual(cell);
  return value && stands_for_missing(*value);
}

std::optional<double> CellReader::unusual(std::string_view cell) const {
  for (const char* word : {"true", "True", "TRUE"})
    if (cell == word) return 1;
  for (const char* word : {"false", "False", "FALSE"})
    if (cell == word) return 0;
  if (decimal_ == '.') return parse_real(cell);
  if (cell.find('.') != std::string_view::npos) return std::nullopt;
  std::string text(cell.substr(0, kLongestNumber));
  if (const auto comma = text.find(decimal_); comma != std::string::npos) text[comma] = '.';
  return parse_real(text);
}

std::string quoted_cell(std::string_view text) {
  std::string shown = "'";
  for (const char c : text.substr(0, kShownBytes)) shown += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return shown + (text.size() > kShownBytes ? "…'" : "'");
}

// What to do about a cell that is no number; "": it says enough itself.
std::string hint_for(std::string_view cell, char decimal, bool target) {
  const char other = decimal == '.' ? ',' : '.';
  std::string swapped(without_sign(cell));
  std::ranges::replace(swapped, other, decimal);
  if (cell.ends_with('%')) return "percent signs are not read: write 0.12 for 12%";
  if (has_groups(cell)) return "thousands separators are not read: write 1234 for 1,234";
  if (has_shape(swapped, std::string("9") + decimal + "9"))
    return other == ',' ? "is it a decimal comma? \"decimal\": \",\" reads it"
                        : "is it a decimal point? \"decimal\": \".\" reads it";
  for (const char* date : {"9-9-9", "9/9/9", "9.9.9"})
    if (has_shape(cell.substr(0, cell.find_first_of(" T")), date))
      return "dates are not read: drop the column, or write numbers";
  for (const char* sign : {"$", "€", "£", "¥"})
    if (cell.find(sign) != std::string_view::npos)
      return "currency signs are not read: write the number alone";
  if (target) return R"(are they classes? "task": "classification" takes words)";
  return R"("drop" leaves columns out, "categories": "one_hot" makes inputs of words)";
}

CsvTable::CsvTable(const std::string& path, const CsvSpec& spec)
    : rows(path, delimiter_of(spec.delimiter)), spec_(spec), preview_(rows.preview()) {
  if (preview_.empty()) fail_without_rows("is empty: it has no rows");
  reader = CellReader(find_decimal(), *spec.missing_values);
  find_header();
  choose_columns();
}

bool CsvTable::next(std::vector<CsvCell>& cells) {
  for (; to_skip_ > 0; --to_skip_) rows.next(cells);
  if (!rows.next(cells)) return false;
  while (cells.size() > width && cells.size() > 1 && cells.back().text.empty()) cells.pop_back();
  return true;
}

std::string CsvTable::name(std::size_t column) const {
  return column < names.size() && !names[column].empty() ? names[column] : std::to_string(column + 1);
}

std::string CsvTable::label(std::size_t column) const {
  return "column " + (column < names.size() && !names[column].empty() ? quoted_cell(names[column])
                                                                      : std::to_string(column + 1));
}

std::string CsvTable::delimiter_name() const {
  const char c = rows.delimiter();
  return c == '\t' ? "tab" : c == ' ' ? "blanks" : std::string(1, c);
}

void CsvTable::fail(const std::string& text) const {
  throw UserError(ExitCode::kInputOutput, rows.path() + ": " + text);
}

// A row that cannot be split ends the preview too, and is told instead.
void CsvTable::fail_without_rows(const char* text) {
  for (std::vector<CsvCell> cells; rows.next(cells);) continue;
  fail(text);
}

// Found out where the first rows leave no doubt.
char CsvTable::find_decimal() const {
  if (!spec_.decimal.empty()) return spec_.decimal[0];
  const std::string* doubtful = nullptr;
  bool comma = false;
  for (const Texts& row : preview_) {
    for (const std::string& cell : row) {
      const std::string_view digits = without_sign(cell),
                             number = digits.substr(0, digits.find_first_of("eE"));
      if (has_shape(number, "9.9")) return '.';
      if (!has_shape(number, "9,9") && !has_shape(number, ",9")) continue;
      const bool may_be_thousands = number == digits && has_groups(number);
      comma = comma || !may_be_thousands;
      if (may_be_thousands && doubtful == nullptr) doubtful = &cell;
    }
  }
  if (comma || doubtful == nullptr) return comma ? ',' : '.';
  fail(
      quoted_cell(*doubtful) +
      R"( may be a fraction or a thousand; "decimal": "," reads a fraction, thousands separators are not read)");
}

void CsvTable::find_header() {
  const Texts& first = preview_[0];
  const bool asked = !spec_.header.has_value();
  if (asked && is_count_line()) {
    count = static_cast<std::size_t>(*parse_integer(first[0]));
    class_names.assign(first.begin() + 2, first.end());
  } else if (asked ? is_header() : *spec_.header) {
    names = first;
  }
  to_skip_ = count || !names.empty() ? 1 : 0;
  if (to_skip_ == preview_.size()) fail_without_rows("has a header but no rows");
  if (names.size() > 1 && names.back().empty()) names.pop_back();  // a separator ends the line
  width = names.size();
  if (width > 0) return;
  width = preview_[to_skip_].size();
  const auto ends_empty = [&](const Texts& row) { return row.size() == width && row.back().empty(); };
  if (width > 1 &&
      std::all_of(preview_.begin() + static_cast<std::ptrdiff_t>(to_skip_), preview_.end(), ends_empty))
    --width;
}

// scikit-learn's files begin with the numbers of rows and inputs and the names of the classes; all else is numbers.
bool CsvTable::is_count_line() const {
  const Texts& first = preview_[0];
  if (first.size() < 3 || preview_.size() < 2) return false;
  const auto samples = parse_integer(first[0]), columns = parse_integer(first[1]);
  const auto number = [&](const std::string& cell) { return is_number(cell); };
  const auto name = [&](const std::string& cell) { return is_name(cell); };
  return samples && *samples > 0 && columns && *columns > 0 &&
         static_cast<std::size_t>(*columns) + 1 == preview_[1].size() &&
         std::all_of(first.begin() + 2, first.end(), name) && std::ranges::all_of(preview_[1], number);
}

// Only what leaves no doubt: the config names one of its words, or it is all names and numbers come below.
bool CsvTable::is_header() const {
  const Texts& first = preview_[0];
  const auto is_in_first = [&](const ColumnRef& column) {
    const auto* name = std::get_if<std::string>(&column);
    return name != nullptr && is_name(*name) && std::ranges::find(first, *name) != first.end();
  };
  for (const auto* columns : {&spec_.targets, &spec_.inputs, &spec_.drop})
    if (std::ranges::any_of(*columns, is_in_first)) return true;
  const auto is_numeric = [&](std::size_t c) {
    std::size_t numbers = 0;
    for (std::size_t row = 1; row < preview_.size(); ++row) {
      if (c >= preview_[row].size() || is_name(preview_[row][c])) return false;
      numbers += is_number(preview_[row][c]) ? 1 : 0;
    }
    return numbers > 0;
  };
  bool names_only = true, numbers_below = false;
  for (std::size_t c = 0; c < first.size(); ++c) {
    const bool unnamed = first[c].empty() && (c == 0 || c + 1 == first.size());
    names_only = names_only && (unnamed || is_name(first[c]));
    numbers_below = numbers_below || (!unnamed && is_numeric(c));
  }
  if (names_only && numbers_below) return true;
  ask_for_header();
}

void CsvTable::ask_for_header() const {
  const Texts& first = preview_[0];
  std::string cells;
  for (std::size_t c = 0; c < std::min<std::size_t>(first.size(), 4); ++c)
    cells += (c == 0 ? "" : ", ") + quoted_cell(first[c]);
  const bool numbers = std::ranges::all_of(first, [&](const auto& cell) { return is_number(cell); });
  rows.fail(fmt::format(
      "the first row ({}{}{} Say \"header\": false, and columns by number (\"targets\": [{}]), or \"header\": true",
      cells, first.size() > 4 ? ", …" : "",
      (numbers ? ") holds only numbers: is it data, or names of columns?"
               : ") may be data or names of columns."),
      first.size()));
}

std::size_t CsvTable::place_of(const ColumnRef& column) const {
  if (const auto* number = std::get_if<std::int64_t>(&column)) {
    const auto last = static_cast<std::int64_t>(width);
    if (1 <= *number && *number <= last) return static_cast<std::size_t>(*number) - 1;
    if (-last <= *number && *number <= -1) return static_cast<std::size_t>(last + *number);
    rows.fail(fmt::format("there is no column {}: 1 is the first, {} or -1 the last", *number, width));
  }
  const auto& wanted = std::get<std::string>(column);
  const std::string start = "column " + quoted_cell(wanted) + ": ";
  if (names.empty())
    rows.fail(fmt::format("{}the file names no columns; give a number: 1 is the first, {} or -1 the last",
                          start, width));
  const auto found = std::ranges::find(names, wanted);
  if (found == names.end()) {
    const std::string nearest = nearest_name(wanted, names);
    rows.fail(start + "is not in the header" +
              (nearest.empty() ? "" : "; did you mean " + quoted_cell(nearest) + "?"));
  }
  if (std::find(found + 1, names.end(), wanted) != names.end())
    rows.fail(start + "appears twice in the header; give its number (1 is the first)");
  return static_cast<std::size_t>(found - names.begin());
}

void CsvTable::choose_columns() {
  if (width == 1)
    rows.fail("there is only one column, with " + delimiter_name() +
              R"( as separator; is it another one? "delimiter" says so)");
  std::vector<const char*> uses(width, nullptr);
  const auto use = [&](const std::vector<ColumnRef>& columns, const char* as) {
    std::vector<std::size_t> places;
    for (const ColumnRef& column : columns) {
      const std::size_t place = places.emplace_back(place_of(column));
      if (uses[place] != nullptr)
        rows.fail(label(place) + ": is named twice: in " + uses[place] + " and in " + as);
      uses[place] = as;
    }
    return places;
  };
  targets = use(spec_.targets, "targets");
  dropped = use(spec_.drop, "drop");
  for (const std::size_t place : use(spec_.inputs, "inputs")) inputs.push_back({place});
  for (std::size_t c = 0; c < width; ++c) {
    if (uses[c] != nullptr) continue;
    (spec_.inputs.empty() ? void(inputs.push_back({c})) : dropped.push_back(c));
  }
  std::ranges::sort(dropped);
  if (inputs.empty()) rows.fail("no column is left as an input: each of them is a target, or dropped");
}

}  // namespace deadrelu
