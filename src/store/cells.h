// The cells of a table as text.
#pragma once

#include <string>
#include <string_view>

#include "probe/columns.h"

namespace deadrelu {

// Appends the text as a quoted JSON string; bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& line, std::string_view text);

// RFC 4180 cell texts; reals through append_real, missing (and not finite) as an empty cell.
void append_csv_cell(std::string& line, const Cell& cell);
// The same as a JSON value; missing is null.
void append_json_cell(std::string& line, const Cell& cell);

}  // namespace deadrelu
