#include "store/json_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace deadrelu {
namespace {

bool is_plain(char c) { return c >= ' ' && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x7f; }

}  // namespace

void append_json_text(std::string& line, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    line += '"';
    line += text;
    line += '"';
    return;
  }
  line += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace deadrelu
