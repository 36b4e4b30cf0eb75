#include <algorithm>
#include <map>
#include <set>

#include "base/enum_names.h"
#include "base/error.h"
#include "base/number.h"
#include "data/byte_source.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr int kEnd = -1;
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kLongestCell = std::size_t{1} << 20;
constexpr std::size_t kMostCells = std::size_t{1} << 20;
constexpr std::size_t kShownBytes = 40;  // of a cell, in a message

using Cells = std::vector<std::string>;

// Rows of a CSV file (RFC 4180): quoted cells, LF or CRLF, a byte order mark skipped.
class CsvReader {
 public:
  // Throws UserError(kInputOutput) as ByteSource does.
  explicit CsvReader(const std::string& path) : file_(path), buffer_(kChunkBytes) {
    if (file_.is_gzip()) file_.fail("is a gzip file; a CSV file is read as plain text");
    filled_ = file_.read(buffer_.data(), buffer_.size());
    const std::string_view start(buffer_.data(), filled_);
    if (start.starts_with("\xEF\xBB\xBF")) position_ = 3;
  }

  // The next row's cells, overwritten; false at the end of the file. Blank lines are skipped. Throws
  // UserError(kInputOutput) for quotes that RFC 4180 does not allow and for cells or rows without a sane end.
  bool next(std::vector<std::string>& cells) {
    std::size_t count = 0;
    do {
      if (peek() == kEnd) return false;
      row_line_ = line_;
      for (count = 0;; ++count) {
        if (count == kMostCells) fail("a row has more than " + std::to_string(kMostCells) + " cells");
        if (count == cells.size()) cells.emplace_back();
        cells[count].clear();
        if (peek() == '"') {
          read_quoted(cells[count]);
        } else {
          read_plain(cells[count]);
        }
        if (take_line_end()) break;
        get();
      }
      ++count;
    } while (count == 1 && cells[0].empty());
    cells.resize(count);
    return true;
  }

  // Throws UserError(kInputOutput) "FILE:LINE: text" with the last row's line.
  [[noreturn]] void fail(const std::string& text) const {
    throw UserError(ExitCode::kInputOutput, {{file_.path() + ":" + std::to_string(row_line_), "", text}});
  }

 private:
  int peek() {
    if (position_ == filled_) {
      filled_ = file_.read(buffer_.data(), buffer_.size());
      position_ = 0;
      if (filled_ == 0) return kEnd;
    }
    return static_cast<unsigned char>(buffer_[position_]);
  }

  int get() {
    const int c = peek();
    if (c != kEnd) ++position_;
    if (c == '\n') ++line_;
    return c;
  }

  // Takes the line end, if one is next: LF, CRLF or the end of the file.
  bool take_line_end() {
    if (peek() != kEnd && peek() != '\n') return false;
    get();
    return true;
  }

  void read_quoted(std::string& cell) {
    get();
    for (;;) {
      const int c = get();
      if (c == kEnd) fail("a quoted cell is not closed");
      if (c != '"') {
        cell += static_cast<char>(c);
      } else if (peek() == '"') {
        get();
        cell += '"';
      } else {
        break;
      }
      if (cell.size() > kLongestCell)
        fail("a quoted cell is longer than a mebibyte (is a quote not closed?)");
    }
    const bool carriage_return = peek() == '\r';
    if (carriage_return) get();
    const int c = peek();
    if (c != '\n' && c != kEnd && (c != ',' || carriage_return)) fail("text follows a closing quote");
  }

  void read_plain(std::string& cell) {
    for (int c = peek(); c != ',' && c != '\n' && c != kEnd; c = peek()) {
      if (c == '"') fail("a quote inside a cell that does not begin with one");
      if (cell.size() > kLongestCell) fail("a cell is longer than a mebibyte");
      cell += static_cast<char>(get());
    }
    if (!cell.empty() && cell.back() == '\r' && peek() != ',') cell.pop_back();
  }

  ByteSource file_;
  std::vector<char> buffer_;
  std::size_t position_ = 0, filled_ = 0;
  std::size_t line_ = 1, row_line_ = 1;
};

std::string quoted(std::string_view text) {
  std::string shown = "'";
  for (const char c : text.substr(0, kShownBytes)) shown += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return shown + (text.size() > kShownBytes ? "…'" : "'");
}

// What the columns are for.
struct Columns {
  Cells names;
  std::vector<std::size_t> inputs;
  std::vector<std::size_t> targets;  // in the order of the config
};

[[noreturn]] void fail_in_column(const CsvReader& reader, std::string_view column, const std::string& text) {
  reader.fail("column " + quoted(column) + ": " + text);
}

[[noreturn]] void fail_unknown_target(const CsvReader& reader, const Cells& names,
                                      const std::string& target) {
  std::string text = "is not in the header";
  if (const std::string nearest = nearest_name(target, names); !nearest.empty()) {
    text += "; did you mean " + quoted(nearest) + "?";
  } else if (std::all_of(names.begin(), names.end(),
                         [](const auto& name) { return parse_real(name).has_value(); })) {
    text += ", which holds only numbers: is the header row missing?";
  }
  fail_in_column(reader, target, text);
}

Columns read_header(CsvReader& reader, const std::string& path, const Cells& targets) {
  Columns columns;
  Cells& names = columns.names;
  if (!reader.next(names)) {
    throw UserError(ExitCode::kInputOutput,
                    path + ": is empty: a header row with the columns' names is needed");
  }
  std::set<std::string_view> seen;
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (names[c].empty()) reader.fail("column number " + std::to_string(c + 1) + " has no name");
    if (!seen.insert(names[c]).second) fail_in_column(reader, names[c], "appears twice in the header");
  }
  for (const std::string& target : targets) {
    const auto found = std::find(names.begin(), names.end(), target);
    if (found == names.end()) fail_unknown_target(reader, names, target);
    columns.targets.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (std::find(columns.targets.begin(), columns.targets.end(), c) == columns.targets.end()) {
      columns.inputs.push_back(c);
    }
  }
  if (columns.targets.empty()) reader.fail("no target column is named");
  if (columns.inputs.empty()) reader.fail("every column is a target, none is left as an input");
  return columns;
}

void check_width(const CsvReader& reader, const Columns& columns, const Cells& cells) {
  if (cells.size() == columns.names.size()) return;
  const std::string counts = "the row has " + std::to_string(cells.size()) + " cells, the header " +
                             std::to_string(columns.names.size());
  if (cells.size() > columns.names.size())
    fail_in_column(reader, columns.names.back(), "is not the last: " + counts);
  fail_in_column(reader, columns.names[cells.size()], "is missing: " + counts);
}

bool is_blank(std::string_view cell) { return cell.find_first_not_of(" \t\r") == std::string_view::npos; }

double number_in(const CsvReader& reader, const Columns& columns, const Cells& cells, std::size_t c) {
  if (const auto value = parse_real(cells[c])) return *value;
  if (is_blank(cells[c])) fail_in_column(reader, columns.names[c], "the cell is empty, a number is needed");
  fail_in_column(reader, columns.names[c], quoted(cells[c]) + " is not a finite number");
}

// Class labels in order of appearance, numbered at the end.
class Labels {
 public:
  std::uint32_t add(const CsvReader& reader, const std::string& column, const std::string& cell) {
    if (is_blank(cell)) fail_in_column(reader, column, "the cell is empty, a class label is needed");
    const auto number = parse_integer(cell);
    if (parse_real(cell) && (!number || *number < 0)) {
      fail_in_column(reader, column, quoted(cell) + " is no class label (an integer from 0 on, or a name)");
    }
    all_integers_ = all_integers_ && number;
    return ids_.emplace(cell, static_cast<std::uint32_t>(ids_.size())).first->second;
  }

  // Replaces the ids that add() gave by the classes' places in sorted order; integers by value ("01" is "1").
  std::size_t number_classes(std::vector<std::uint32_t>& labels) const {
    std::map<std::pair<std::int64_t, std::string>, std::uint32_t> classes;
    const auto key = [&](const std::string& text) {
      return all_integers_ ? std::pair(*parse_integer(text), std::string())
                           : std::pair(std::int64_t{0}, text);
    };
    for (const auto& [text, id] : ids_) classes.emplace(key(text), 0);
    std::uint32_t next = 0;
    for (auto& [name, number] : classes) number = next++;
    std::vector<std::uint32_t> class_of_id(ids_.size());
    for (const auto& [text, id] : ids_) class_of_id[id] = classes.at(key(text));
    for (std::uint32_t& label : labels) label = class_of_id[label];
    return classes.size();
  }

 private:
  std::map<std::string, std::uint32_t> ids_;
  bool all_integers_ = true;
};

}  // namespace

Examples read_csv(const std::string& path, const Cells& targets, bool classification) {
  CsvReader reader(path);
  const Columns columns = read_header(reader, path, targets);
  if (classification && columns.targets.size() != 1) {
    reader.fail("classification takes one target column, " + std::to_string(columns.targets.size()) +
                " are named");
  }
  Examples set;
  set.inputs = columns.inputs.size();
  set.outputs = classification ? 0 : columns.targets.size();
  Labels labels;
  Cells cells;
  for (; reader.next(cells); ++set.samples) {
    check_width(reader, columns, cells);
    for (const std::size_t c : columns.inputs) set.values.push_back(number_in(reader, columns, cells, c));
    for (const std::size_t c : columns.targets) {
      if (classification) {
        set.labels.push_back(labels.add(reader, columns.names[c], cells[c]));
      } else {
        set.targets.push_back(number_in(reader, columns, cells, c));
      }
    }
  }
  if (set.samples == 0) throw UserError(ExitCode::kInputOutput, path + ": has a header but no rows");
  if (classification) set.classes = labels.number_classes(set.labels);
  return set;
}

}  // namespace deadrelu
