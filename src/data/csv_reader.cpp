#include "data/csv_reader.h"

#include "base/error.h"

namespace deadrelu {
namespace {

constexpr int kEnd = -1;
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kLongestCell = std::size_t{1} << 20;
constexpr std::size_t kMostCells = std::size_t{1} << 20;

}  // namespace

CsvReader::CsvReader(const std::string& path) : file_(path), buffer_(kChunkBytes) {
  if (file_.is_gzip()) file_.fail("is a gzip file; a CSV file is read as plain text");
  filled_ = file_.read(buffer_.data(), buffer_.size());
  const std::string_view start(buffer_.data(), filled_);
  if (start.starts_with("\xEF\xBB\xBF")) position_ = 3;
}

int CsvReader::peek() {
  if (position_ == filled_) {
    filled_ = file_.read(buffer_.data(), buffer_.size());
    position_ = 0;
    if (filled_ == 0) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[position_]);
}

int CsvReader::get() {
  const int c = peek();
  if (c != kEnd) ++position_;
  if (c == '\n') ++line_;
  return c;
}

// Takes the line end, if one is next: LF, CRLF or the end of the file.
bool CsvReader::take_line_end() {
  const int c = peek();
  if (c == kEnd || c == '\n') {
    get();
    return true;
  }
  return false;
}

void CsvReader::read_quoted(std::string& cell) {
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
    if (cell.size() > kLongestCell) fail("a quoted cell is longer than a mebibyte (is a quote not closed?)");
  }
  const bool carriage_return = peek() == '\r';
  if (carriage_return) get();
  const int c = peek();
  if (c != '\n' && c != kEnd && (c != ',' || carriage_return)) fail("text follows a closing quote");
}

void CsvReader::read_plain(std::string& cell) {
  for (int c = peek(); c != ',' && c != '\n' && c != kEnd; c = peek()) {
    if (c == '"') fail("a quote inside a cell that does not begin with one");
    if (cell.size() > kLongestCell) fail("a cell is longer than a mebibyte");
    cell += static_cast<char>(get());
  }
  if (!cell.empty() && cell.back() == '\r' && peek() != ',') cell.pop_back();
}

bool CsvReader::next(std::vector<std::string>& cells) {
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

void CsvReader::fail(const std::string& text) const {
  throw UserError(ExitCode::kInputOutput, {{file_.path() + ":" + std::to_string(row_line_), "", text}});
}

}  // namespace deadrelu
