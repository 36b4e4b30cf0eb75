// How a store is opened for reading: without a trace in its directory, and beside a writer.
#pragma once

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace deadrelu {

// Whether a writer has the store open, or was cut off: its journal is there.
bool has_journal(const std::filesystem::path& file);

// The URI that SQLite opens read only. `at_rest`: nobody writes, so no locks are taken.
std::string read_only_uri(const std::filesystem::path& file, bool at_rest);

// What changes whenever somebody writes to the file: reading without locks is right only as long as it stays.
struct FileState {
  ino_t inode = 0;
  off_t size = 0;
  timespec modified{};
  explicit FileState(const std::filesystem::path& file);
  bool operator==(const FileState& other) const;
};

}  // namespace deadrelu
