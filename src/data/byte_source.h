// The bytes of an input file, plain or gzip.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_kind.h"

namespace deadrelu {

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
