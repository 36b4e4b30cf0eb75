// Rows of a CSV file (RFC 4180): quoted cells, LF or CRLF, a byte order mark skipped.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/byte_source.h"

namespace deadrelu {

class CsvReader {
 public:
  // Throws UserError(kInputOutput) as ByteSource does.
  explicit CsvReader(const std::string& path);

  // The next row's cells, overwritten; false at the end of the file. Blank lines are skipped. Throws
  // UserError(kInputOutput) for quotes that RFC 4180 does not allow and for cells or rows without a sane end.
  bool next(std::vector<std::string>& cells);

  std::size_t line() const { return row_line_; }  // where the last row began; the first line is 1

  // Throws UserError(kInputOutput) "FILE:LINE: text" with the last row's line.
  [[noreturn]] void fail(const std::string& text) const;

 private:
  int peek();
  int get();
  bool take_line_end();
  void read_quoted(std::string& cell);
  void read_plain(std::string& cell);

  ByteSource file_;
  std::vector<char> buffer_;
  std::size_t position_ = 0, filled_ = 0;
  std::size_t line_ = 1, row_line_ = 1;
};

}  // namespace deadrelu
