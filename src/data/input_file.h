// The bytes of an input file: mapped, so that only what is looked at comes into memory; or read, plain or gzip.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file_kind.h"

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

// Reads a regular file from its beginning; a gzip file (told by its first two bytes) is unpacked on the way,
// never further than what is asked for and its start.
class ByteSource {
 public:
  // Throws UserError(kInputOutput) where the file cannot be opened or is no regular file (a directory, a
  // pipe).
  explicit ByteSource(const std::string& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Reads up to `size` bytes; fewer only where the file ends. Throws UserError(kInputOutput) where the disk
  // or the gzip stream fails.
  std::size_t read(void* to, std::size_t size);

  // The first kFileStart bytes, fewer only where the file is shorter; before the first read(), which gives
  // them still. Throws as read() does.
  std::string_view start();
  // Throws UserError(kInputOutput) "PATH: is a Parquet file, not a CSV file; …" where the start is of another
  // format; one that is unknown is left to the reader.
  void require(FileFormat format, std::string_view wanted);

  const std::string& path() const { return path_; }
  bool is_gzip() const { return !plain_size_; }
  std::optional<std::uint64_t> plain_size() const { return plain_size_; }  // bytes; empty for gzip
  // No more bytes than these can come: of a gzip file, what DEFLATE packs into its size at best.
  std::uint64_t most_bytes() const { return most_bytes_; }

  // Throws UserError(kInputOutput) "PATH: text".
  [[noreturn]] void fail(const std::string& text) const;

 private:
  std::string path_;
  gzFile file_ = nullptr;
  std::string start_;  // as far as it has not been read
  std::optional<std::uint64_t> plain_size_;
  std::uint64_t most_bytes_ = 0;
};

}  // namespace deadrelu
