#include "store/directory_lock.h"

#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/connection.h"

namespace deadrelu {
namespace {

constexpr const char* kLockFile = ".lock";

// Whether the path still names the opened file: its former holder may have removed or renamed it in between.
bool names_descriptor(const std::filesystem::path& file, int descriptor) {
  struct stat opened, named;
  if (fstat(descriptor, &opened) != 0 || stat(file.c_str(), &named) != 0) return false;
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

FileLock acquire(const std::filesystem::path& directory) {
  make_directory(directory);
  std::optional<FileLock> lock = FileLock::acquire(directory / kLockFile);
  if (!lock)
    throw UserError(ExitCode::kInputOutput, directory.string() + " is being written by another process");
  return std::move(*lock);
}

}  // namespace

std::optional<FileLock> FileLock::acquire(const std::filesystem::path& file) {
  while (true) {
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) throw_system_error(file, "cannot be written", errno);
    FileLock lock(file, descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::nullopt;
    }
    if (names_descriptor(file, descriptor)) return lock;
  }
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

void FileLock::remove_file() const { unlink(file_.c_str()); }

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
  const int descriptor = open((directory / kLockFile).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return held;
}

}  // namespace deadrelu
