// The standard streams of a command: output, buffered and checked; errors and log lines; what the terminals
// behind them can do.
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

// On standard error, whatever its state, and past every buffer.
void write_error_text(std::string_view text);
void write_error_line(std::string_view line);

// Whether standard error is a terminal on which a line can be drawn over.
bool error_stream_is_terminal();

// Columns of the terminal behind standard error; 80 where there is none.
std::size_t error_stream_width();

bool output_is_terminal();

// Whether standard output is a terminal that shows colours; false where NO_COLOR is set
// (https://no-color.org).
bool output_has_colours();

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Log lines go to standard error, through spdlog. Quiet: errors; normal: warnings too; verbose: also what is
// being done. Colours only on a terminal without NO_COLOR.
void set_up_log(Verbosity verbosity);

}  // namespace deadrelu
