// One writer at a time, of a file and of a result directory.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

namespace deadrelu {

// Holds an exclusive lock on a file that it creates where there is none. The lock dies with the process.
class FileLock {
 public:
  // Empty where another holder has the file. A file system without locks counts as free. Throws
  // UserError(kInputOutput) where the file cannot be opened.
  static std::optional<FileLock> acquire(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept : file_(std::move(other.file_)), descriptor_(other.descriptor_) {
    other.descriptor_ = -1;
  }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

  int descriptor() const { return descriptor_; }
  const std::filesystem::path& path() const { return file_; }
  // Removes the file while it is still held, so that no other process can be holding it.
  void remove_file() const;

 private:
  FileLock(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
  std::filesystem::path file_;
  int descriptor_ = -1;
};

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

  // Whether another process holds the directory now. Leaves no trace.
  static bool is_held(const std::filesystem::path& directory);

 private:
  FileLock lock_;
};

}  // namespace deadrelu
