#include "config/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace deadrelu {
namespace {

class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  ~File() {
    if (descriptor_ > STDIN_FILENO) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw UserError(ExitCode::kInputOutput,
                  (path == "-" ? "standard input" : path) + ": cannot be read: " + why);
}

// Refuses what must not even be opened: opening a pipe waits for its other end.
void check_kind(const std::string& path, bool only_regular) {
  if (path == "-") return;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail(path, "it is a directory");
  if (only_regular && !S_ISREG(status.st_mode)) fail(path, "it is no regular file");
}

}  // namespace

std::string read_text_file(const std::string& path, std::size_t most_bytes, bool only_regular) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  check_kind(path, only_regular);
  const File file(path);
  if (file.descriptor() < 0) fail(path, std::strerror(errno));
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kBlock);
    const ssize_t got = read(file.descriptor(), text.data() + before, kBlock);
    if (got < 0 && errno != EINTR) fail(path, std::strerror(errno));
    text.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (text.size() > most_bytes)
      fail(path, "it is larger than " + std::to_string(most_bytes >> 20) + " MiB");
    if (got == 0) return text;
  }
}

}  // namespace deadrelu
