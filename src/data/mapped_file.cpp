#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace deadrelu {

OpenFile open_input(const std::string& path) {
  // Not blocking: opening a pipe that nobody writes to would wait for ever.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail_input(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    fail_input(path, S_ISDIR(status.st_mode) ? "is a directory, a file is needed" : "is not a regular file");
  }
  return {descriptor, static_cast<std::uint64_t>(status.st_size)};
}

Bytes map_file(const std::string& path) {
  const auto [descriptor, size] = open_input(path);
  void* const mapped = size > 0 ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  const int error = errno;
  close(descriptor);
  if (mapped == nullptr) fail_input(path, "is empty");
  if (mapped == MAP_FAILED) fail_input(path, std::string("cannot be mapped: ") + std::strerror(error));
  return {{static_cast<const std::byte*>(mapped),
           [length = size](const std::byte* first) { munmap(const_cast<std::byte*>(first), length); }},
          size};
}

void fail_input(const std::string& place, const std::string& text) {
  throw UserError(ExitCode::kInputOutput, place + ": " + text);
}

}  // namespace deadrelu
