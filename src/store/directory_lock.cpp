#include "store/directory_lock.h"

#include <optional>
#include <string>
#include <system_error>

#include "base/error.h"

namespace deadrelu {
namespace {

constexpr const char* kLockFile = ".lock";

FileLock acquire(const std::filesystem::path& directory) {
  make_directory(directory);
  std::optional<FileLock> lock = FileLock::acquire(directory / kLockFile);
  if (!lock)
    throw UserError(ExitCode::kInputOutput, directory.string() + " is being written by another process");
  return std::move(*lock);
}

}  // namespace

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!std::filesystem::is_directory(directory, error))
    throw UserError(ExitCode::kInputOutput,
                    directory.string() + ": the directory cannot be made" +
                        (error ? ": " + error.message() : ": there is a file of that name"));
}

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) : lock_(acquire(directory)) {}

DirectoryLock::~DirectoryLock() { lock_.remove_file(); }

bool DirectoryLock::is_held(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory / kLockFile, ignored)) return false;
  const std::optional<FileLock> lock = FileLock::acquire(directory / kLockFile);
  if (lock) lock->remove_file();
  return !lock;
}

}  // namespace deadrelu
