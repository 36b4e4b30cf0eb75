// Rows of a text table, and how the file writes them: RFC 4180 and what goes by the name of CSV besides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace deadrelu {

// A cell: of a quoted one the text between its quotes, of others without the blanks around it.
struct CsvCell {
  std::string_view text;
  bool quoted = false, doubled = false;  // doubled: quotes stand twice in it
};

// Rows of a file, plain or gzip: quoted cells, LF, CRLF or CR, a byte order mark, an Excel "sep=;" line first
// and comments (#) before the first row. Blank lines are skipped.
class CsvRows {
 public:
  // delimiter '\0': found out; ' ': any number of blanks and tabs. Throws UserError(kInputOutput) where the file
  // cannot be opened, is of another kind, or its delimiter cannot be found out.
  CsvRows(const std::string& path, char delimiter);

  // The next row's cells, overwritten, and valid until the next call; false at the end of the file. Throws
  // UserError(kInputOutput) for quotes that RFC 4180 does not allow and for cells or rows without a sane end.
  bool next(std::vector<CsvCell>& cells);

  // Copies of the next rows, some hundred at most and fewer where the file or the buffer ends, which next() will
  // give.
  std::vector<std::vector<std::string>> preview() const;

  char delimiter() const { return delimiter_; }
  std::size_t comments() const { return comments_; }  // lines of them
  const std::string& path() const { return file_.path(); }
  std::string place() const { return path() + ':' + std::to_string(row_line_); }  // of the last row

  // Throws UserError(kInputOutput) "FILE:LINE: text" with the last row's line.
  [[noreturn]] void fail(const std::string& text) const;

 private:
  std::string_view unread() const { return {buffer_.data() + position_, filled_ - position_}; }
  void fill();
  void skip_line();
  void skip_preamble();
  char find_delimiter() const;

  ByteSource file_;
  std::string buffer_;
  std::size_t position_ = 0, filled_ = 0;
  bool at_end_ = false;  // the buffer holds the rest of the file
  char delimiter_;
  std::size_t comments_ = 0, line_ = 1, row_line_ = 1;
};

}  // namespace deadrelu
