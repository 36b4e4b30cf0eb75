// Standard output of a command: buffered, and checked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deadrelu {

// Thrown where the reader of standard output has gone (`deadrelu list … | head`): nothing is left to do,
// nothing is wrong.
struct ClosedPipe {};

// Text for standard output. Nothing is certain to be written before flush().
// Throws UserError(kInputOutput) where writing fails (full disk, closed output), ClosedPipe where nobody
// reads.
class StandardOutput {
 public:
  void write(std::string_view text);
  void flush();

 private:
  std::string buffer_;
};

void print_text(std::string_view text);  // all of it, at once

// Makes a write to a closed pipe an error instead of a signal, and keeps files that are opened later from
// taking the place of a standard stream that the caller has closed. Called once, first.
void prepare_standard_streams();

// One line on standard error, whatever its state.
void write_error_line(std::string_view line);

}  // namespace deadrelu
