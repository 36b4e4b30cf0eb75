// Strings as JSON.
#pragma once

#include <string>
#include <string_view>

namespace deadrelu {

// Appends the text as a quoted JSON string; bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& line, std::string_view text);

}  // namespace deadrelu
