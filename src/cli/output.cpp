#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"

namespace deadrelu {
namespace {

constexpr std::size_t kBufferSize = std::size_t{1} << 16;  // bytes

// 0, or the error number of the write that failed.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

void StandardOutput::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferSize) flush();
}

void StandardOutput::flush() {
  const int error = write_all(STDOUT_FILENO, buffer_);
  buffer_.clear();
  if (error == EPIPE) throw ClosedPipe{};
  if (error != 0) {
    throw UserError(ExitCode::kInputOutput,
                    std::string("standard output cannot be written: ") + std::strerror(error));
  }
}

void print_text(std::string_view text) {
  StandardOutput out;
  out.write(text);
  out.flush();
}

void prepare_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(file, F_GETFD) != -1) continue;
    // Opened the wrong way round, so that using it still fails. The lowest free number is the closed
    // stream's.
    if (::open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY) != file) return;
  }
}

void write_error_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  write_all(STDERR_FILENO, text);
}

}  // namespace deadrelu
