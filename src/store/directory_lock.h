// One writer at a time in a result directory.
#pragma once

#include <filesystem>

#include "store/file_lock.h"

namespace deadrelu {

// Makes a directory, and those above it, where there is none. Throws UserError(kInputOutput).
void make_directory(const std::filesystem::path& directory);

// Keeps other writers out for as long as it lives; leaves no trace.
class DirectoryLock {
 public:
  // Makes the directory where there is none. Throws UserError(kInputOutput): it cannot be made, or another
  // process holds it.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;

  // Whether another process holds the directory now. False where the directory cannot be written.
  static bool is_held(const std::filesystem::path& directory);

 private:
  FileLock lock_;
};

}  // namespace deadrelu
