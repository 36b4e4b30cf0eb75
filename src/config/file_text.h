// Whole files as text.
#pragma once

#include <cstddef>
#include <string>

namespace deadrelu {

// Reads a file, "-" being standard input. Throws UserError(kInputOutput) where it cannot be opened or read,
// is a directory, or is larger than `most_bytes`; with `only_regular` also where it is a pipe or a device.
std::string read_text_file(const std::string& path, std::size_t most_bytes, bool only_regular);

}  // namespace deadrelu
