// A reader of zip files (PKWARE's APPNOTE.TXT 6.3.10): whole archives in one file, stored or deflated, zip64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/input_file.h"

namespace deadrelu {

struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;  // where its local header begins
  std::uint64_t packed = 0;  // bytes in the archive
  std::uint64_t size = 0;    // bytes unpacked
  std::uint32_t crc = 0;
  unsigned method = 0, flags = 0;
};

// Everything a file says is checked against its size before it is used. All members throw
// UserError(kInputOutput) with file and byte.
class ZipFile {
 public:
  ZipFile(Bytes file, std::string path);

  const std::string& path() const { return path_; }
  const std::vector<ZipEntry>& entries() const { return entries_; }  // in the order of the directory
  const ZipEntry* find(std::string_view name) const;

  // The entry's bytes: where they lie if they are stored, else unpacked. Checked against their CRC.
  Bytes read(const ZipEntry& entry) const;

 private:
  struct Directory {
    std::uint64_t offset, size, count;
  };
  Directory find_directory() const;
  std::uint64_t number(std::uint64_t at, std::size_t bytes) const;  // inside the file, or a sentence
  ZipEntry read_entry(std::uint64_t& at) const;
  [[noreturn]] void fail(std::uint64_t at, const std::string& text) const;

  Bytes file_;
  std::string path_;
  std::vector<ZipEntry> entries_;
};

}  // namespace deadrelu
