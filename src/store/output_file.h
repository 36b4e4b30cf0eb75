// A file that appears whole or not at all (written under a temporary name, synced, renamed), and SHA-256 of
// bytes as they pass by.
#pragma once

#include <cassert>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/directory_lock.h"

namespace deadrelu {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // 64 hex digits; ends the digest.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Hex SHA-256 of a file. Throws UserError(kInputOutput).
std::string sha256_of_file(const std::filesystem::path& file);

// All members throw UserError(kInputOutput) where writing fails; the temporary file is then removed.
class OutputFile {
 public:
  // Starts DIR/.NAME.tmp. Another process that is writing the same file is an error.
  OutputFile(const std::filesystem::path& directory, const std::string& name);
  ~OutputFile();
  OutputFile(OutputFile&&) = delete;

  void write(std::string_view bytes);
  // Everything written is on disk, still under the temporary name.
  void sync();
  // Syncs where that has not been done, and gives the file its name.
  void commit();

  const std::string& name() const { return name_; }
  // Hex SHA-256 of the content. REQUIRES: sync() or commit() was called.
  const std::string& sha256() const {
    assert(!sha256_.empty());
    return sha256_;
  }

 private:
  void write_out();
  std::filesystem::path directory_;
  std::string name_, buffer_, sha256_;
  Sha256 digest_;
  std::optional<FileLock> lock_;  // of the temporary file; empty once it has its name
};

// Makes the renames and removals in a directory last.
void sync_directory(const std::filesystem::path& directory);

}  // namespace deadrelu
