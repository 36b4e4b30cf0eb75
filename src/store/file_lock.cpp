#include "store/file_lock.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/system_error.h"

namespace deadrelu {
namespace {

// Whether the path still names the opened file: its former holder may have removed or renamed it in between.
bool names_descriptor(const std::filesystem::path& file, int descriptor) {
  struct stat opened, named;
  if (fstat(descriptor, &opened) != 0 || stat(file.c_str(), &named) != 0) return false;
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
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

}  // namespace deadrelu
