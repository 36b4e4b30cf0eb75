// The bytes of an input file without reading them: mapped, so that only what is looked at comes into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace deadrelu {

// Bytes, and what keeps them there: a mapped file or a part of one, or memory.
struct Bytes {
  std::shared_ptr<const std::byte> first;
  std::size_t size = 0;

  const std::byte* data() const { return first.get(); }
  // REQUIRES: they lie inside.
  Bytes part(std::size_t offset, std::size_t length) const { return {{first, data() + offset}, length}; }
};

// An unsigned number of 1 to 8 bytes, the lowest first.
inline std::uint64_t little_endian(const std::byte* from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(from[i]);
  return value;
}

struct OpenFile {
  int descriptor;
  std::uint64_t size;  // bytes
};
// Throws UserError(kInputOutput) "PATH: …" where the file cannot be opened or is no regular file (a directory,
// a pipe).
OpenFile open_input(const std::string& path);

// Throws as open_input does, and for an empty file. A file that is cut while it is mapped ends the program (SIGBUS), as with every reader that maps.
Bytes map_file(const std::string& path);

// Throws UserError(kInputOutput) "place: text".
[[noreturn]] void fail_input(const std::string& place, const std::string& text);

}  // namespace deadrelu
