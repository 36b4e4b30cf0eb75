// What the terminal can do.
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

}  // namespace deadrelu
