// A file that one process at a time holds: what keeps two writers apart.
#pragma once

#include <filesystem>
#include <optional>

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

}  // namespace deadrelu
