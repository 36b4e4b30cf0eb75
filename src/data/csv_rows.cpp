#include "data/csv_rows.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/number.h"

namespace deadrelu {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
constexpr std::size_t kLongestCell = std::size_t{1} << 20;
constexpr std::size_t kLongestRow = std::size_t{256} << 20;
constexpr std::size_t kMostCells = std::size_t{1} << 20;
constexpr std::size_t kLongestStart = 16;  // bytes that tell whether a line is a comment
constexpr std::size_t kPreviewRows = 100;
constexpr std::size_t kLeastLines = 4;              // at the start, to find out what they are
constexpr std::string_view kDelimiters = ";\t|, ";  // where several fit equally well, the first

// Splits one row.
class RowSplitter {
 public:
  // at_end: nothing follows the text.
  RowSplitter(std::string_view text, char delimiter, bool at_end)
      : at_(text.data()), end_(at_ + text.size()), delimiter_(delimiter), at_end_(at_end) {
    for (const char c : {'\n', '\r', '"', delimiter}) stops_[static_cast<unsigned char>(c)] = true;
    if (delimiter == ' ') stops_[static_cast<unsigned char>('\t')] = true;
  }

  // Takes the row and its line end; false where the text ends before. A mistake is taken for the row's end.
  bool next(std::vector<CsvCell>& cells) {
    const char* const start = at_;
    cells.clear();
    lines_ = 0;
    mistake_ = "";
    do {
      skip_blanks();
      if (at_ == end_ && !at_end_) return at_ = start, false;
      if (delimiter_ == ' ' && !cells.empty() && ends_row()) break;  // blanks at the end of a line
      cells.emplace_back();
      const bool whole = at_ != end_ && *at_ == '"' ? take_quoted(cells.back()) : take_plain(cells.back());
      if (*mistake_ != '\0') return true;
      if (!whole) return at_ = start, false;
      if (cells.size() > kMostCells) return mistake_ = "a row has more than 1048576 cells", true;
    } while (take_delimiter());
    if (!take_line_end()) return at_ = start, false;
    return true;
  }

  const char* position() const { return at_; }
  std::size_t lines() const { return lines_; }  // that the row took
  const char* mistake() const { return mistake_; }

 private:
  bool is_blank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }
  bool ends_row() const { return at_ == end_ || *at_ == '\n' || *at_ == '\r'; }
  bool is_delimiter() const {
    return at_ != end_ && (*at_ == delimiter_ || (delimiter_ == ' ' && *at_ == '\t'));
  }
  bool take_delimiter() { return is_delimiter() && (++at_, true); }

  bool take_line_end() {
    if (at_ != end_ && *at_ == '\r') {
      ++at_;
      if (at_ == end_ && !at_end_) return false;  // an LF may follow
      if (at_ != end_ && *at_ == '\n') ++at_;
    } else if (at_ != end_) {
      ++at_;
    }
    ++lines_;
    return true;
  }

  bool take_plain(CsvCell& cell) {
    const char* const first = at_;
    while (at_ != end_ && !stops_[static_cast<unsigned char>(*at_)]) ++at_;
    const char* last = at_;
    while (last != first && is_blank(last[-1])) --last;
    cell.text = {first, static_cast<std::size_t>(last - first)};
    if (cell.text.size() > kLongestCell) mistake_ = "a cell is longer than a mebibyte";
    if (at_ == end_) return at_end_;
    if (*at_ == '"') mistake_ = "a quote inside a cell that does not begin with one";
    return true;
  }

  bool take_quoted(CsvCell& cell) {
    const char* const first = ++at_;
    cell.quoted = true;
    for (;; ++at_) {
      if (static_cast<std::size_t>(at_ - first) > kLongestCell)
        return mistake_ = "a quoted cell is longer than a mebibyte (is a quote not closed?)", true;
      if (at_ == end_) {
        if (at_end_) mistake_ = "a quoted cell is not closed";
        return at_end_;
      }
      if (*at_ == '\n') ++lines_;
      if (*at_ != '"') continue;
      if (at_ + 1 == end_ && !at_end_) return false;
      if (at_ + 1 == end_ || at_[1] != '"') break;
      cell.doubled = true;
      ++at_;
    }
    cell.text = {first, static_cast<std::size_t>(at_++ - first)};
    const char* const after = at_;
    skip_blanks();
    if (at_ == end_ && !at_end_) return false;
    if (!ends_row() && !is_delimiter() && !(delimiter_ == ' ' && at_ != after))
      mistake_ = "text follows a closing quote";
    if (delimiter_ == ' ') at_ = after;  // the blanks are the delimiter
    return true;
  }

  const char *at_, *end_;
  char delimiter_;
  bool at_end_;
  std::array<bool, 256> stops_{};
  std::size_t lines_ = 0;
  const char* mistake_ = "";
};

// Line ends outside of quotes.
std::size_t lines_in(std::string_view text) {
  std::size_t lines = 0;
  bool in_quotes = false;
  for (const char c : text) {
    if (c == '"') in_quotes = !in_quotes;
    if (!in_quotes && (c == '\n' || c == '\r')) ++lines;
  }
  return lines;
}

bool is_blank_row(const std::vector<CsvCell>& cells) {
  return cells.size() == 1 && cells[0].text.empty() && !cells[0].quoted;
}

// A quote for two, in place.
std::string_view without_doubled_quotes(const CsvCell& cell) {
  char* const start = const_cast<char*>(cell.text.data());  // in the reader's own buffer
  char* to = start;
  for (std::size_t i = 0; i < cell.text.size(); ++i) {
    if (cell.text[i] == '"') ++i;
    *to++ = cell.text[i];
  }
  return {start, static_cast<std::size_t>(to - start)};
}

// How well a delimiter fits the rows at the start of a file: how many of them have the commonest number of cells,
// if that is more than one; then which share of the cells is numbers.
struct Fit {
  std::size_t rows = 0;
  double numbers = 0;
  auto operator<=>(const Fit&) const = default;
};

bool is_number(std::string text) {
  if (const auto comma = text.find(','); comma != std::string::npos) text[comma] = '.';
  return parse_real(text).has_value();
}

Fit fit_of(char delimiter, std::string_view start, bool at_end) {
  RowSplitter splitter(start, delimiter, at_end);
  std::map<std::size_t, std::size_t> rows_with;  // so many cells
  std::vector<CsvCell> cells;
  std::size_t numbers = 0, count = 0;
  for (std::size_t row = 0; row < kPreviewRows && splitter.position() != start.data() + start.size(); ++row) {
    if (!splitter.next(cells) || *splitter.mistake() != '\0') break;
    if (is_blank_row(cells)) continue;
    if (cells.size() > 1) ++rows_with[cells.size()];
    count += cells.size();
    for (const CsvCell& cell : cells) numbers += is_number(std::string(cell.text)) ? 1 : 0;
  }
  Fit fit;
  for (const auto& [size, rows] : rows_with) fit.rows = std::max(fit.rows, rows);
  if (count > 0) fit.numbers = static_cast<double>(numbers) / static_cast<double>(count);
  return fit;
}

}  // namespace

CsvRows::CsvRows(const std::string& path, char delimiter)
    : file_(path), buffer_(kChunkBytes, '\0'), delimiter_(delimiter) {
  file_.require(FileFormat::kText, "a CSV file");
  if (file_kind(file_.start()).format == FileFormat::kUnknown && !file_.start().empty())
    file_.fail("is a binary file, not a CSV file: it holds zero bytes");
  fill();
  skip_preamble();
  while (!at_end_ && filled_ < kLongestRow && lines_in(unread()) < kLeastLines) fill();
  row_line_ = line_;
  if (delimiter_ == '\0') delimiter_ = find_delimiter();
}

void CsvRows::fail(const std::string& text) const {
  throw UserError(ExitCode::kInputOutput, {{place(), "", text}});
}

// Reads on, what is unread coming first.
void CsvRows::fill() {
  if (at_end_) return;
  if (position_ == 0 && filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  buffer_.erase(0, position_).resize(buffer_.capacity());
  filled_ -= position_;
  position_ = 0;
  filled_ += file_.read(buffer_.data() + filled_, buffer_.size() - filled_);
  at_end_ = filled_ < buffer_.size();
}

void CsvRows::skip_line() {
  std::size_t size = unread().find_first_of("\r\n");
  for (; size == std::string_view::npos && !at_end_; size = unread().find_first_of("\r\n")) fill();
  const bool both = size != std::string_view::npos && unread().substr(size).starts_with("\r\n");
  position_ = size == std::string_view::npos ? filled_ : position_ + size + (both ? 2 : 1);
  ++line_;
  if (filled_ - position_ < kLongestStart) fill();
}

// A # that a delimiter follows is a column's name.
void CsvRows::skip_preamble() {
  if (unread().starts_with("\xEF\xBB\xBF")) position_ += 3;
  const std::size_t quote = unread().starts_with('"') ? 1 : 0;
  const std::string_view first = unread().substr(quote, 6 + quote);
  if (first.starts_with("sep=") && first.size() == 6 + quote &&
      (first.back() == '\r' || first.back() == '\n')) {
    if (delimiter_ == '\0') delimiter_ = first[4];
    skip_line();
  }
  while (unread().size() > 1 && unread()[0] == '#' &&
         std::string_view(",;|\t").find(unread()[1]) == std::string::npos) {
    ++comments_;
    skip_line();
  }
}

char CsvRows::find_delimiter() const {
  char best = ',';
  Fit best_fit;
  for (const char delimiter : kDelimiters) {
    const Fit fit = fit_of(delimiter, unread(), at_end_);
    if (fit.rows == 0 || fit <= best_fit) continue;
    best_fit = fit;
    best = delimiter;
  }
  return best;
}

std::vector<std::vector<std::string>> CsvRows::preview() const {
  std::vector<std::vector<std::string>> rows;
  RowSplitter splitter(unread(), delimiter_, at_end_);
  const char* const end = unread().data() + unread().size();
  for (std::vector<CsvCell> cells; rows.size() < kPreviewRows && splitter.position() != end;) {
    if (!splitter.next(cells) || *splitter.mistake() != '\0') break;
    if (is_blank_row(cells)) continue;
    std::vector<std::string>& row = rows.emplace_back();
    for (const CsvCell& cell : cells) {
      std::string text(cell.text);
      if (cell.doubled) text.resize(without_doubled_quotes({text, true, true}).size());
      row.push_back(std::move(text));
    }
  }
  return rows;
}

bool CsvRows::next(std::vector<CsvCell>& cells) {
  do {
    if (position_ == filled_) fill();
    if (position_ == filled_) return false;
    RowSplitter splitter(unread(), delimiter_, at_end_);
    while (!splitter.next(cells)) {
      if (unread().size() > kLongestRow) fail("a row is longer than 256 mebibytes");
      fill();
      splitter = RowSplitter(unread(), delimiter_, at_end_);
    }
    position_ = static_cast<std::size_t>(splitter.position() - buffer_.data());
    row_line_ = line_;
    line_ += splitter.lines();
    if (*splitter.mistake() != '\0') fail(splitter.mistake());
  } while (is_blank_row(cells));
  for (CsvCell& cell : cells)
    if (cell.doubled) cell.text = without_doubled_quotes(cell);
  return true;
}

}  // namespace deadrelu
