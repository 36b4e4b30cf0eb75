// What the terminal can do, and log lines on it.
#pragma once

#include <cstddef>

namespace deadrelu {

// Whether standard error is a terminal on which a line can be drawn over.
bool error_stream_is_terminal();

// Whether standard output is a terminal that shows colours; false where NO_COLOR is set
// (https://no-color.org).
bool output_has_colours();

// Columns of the terminal behind standard error; 80 where there is none.
std::size_t error_stream_width();

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Log lines go to standard error, through spdlog. Quiet: errors; normal: warnings too; verbose: also what is
// being done. Colours only on a terminal without NO_COLOR.
void set_up_log(Verbosity verbosity);

}  // namespace deadrelu
