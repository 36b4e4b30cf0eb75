#include "cli/output.h"

#include <fcntl.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

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

bool smart_terminal(int file) {
  if (::isatty(file) == 0) return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

bool colours_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color == nullptr || *no_color == '\0';
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

void write_error_text(std::string_view text) { write_all(STDERR_FILENO, text); }
void write_error_line(std::string_view line) { write_error_text(std::string(line) + '\n'); }

bool error_stream_is_terminal() { return smart_terminal(STDERR_FILENO); }

bool output_is_terminal() { return smart_terminal(STDOUT_FILENO); }

bool output_has_colours() { return colours_wanted() && output_is_terminal(); }

std::size_t error_stream_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void set_up_log(Verbosity verbosity) {
  const auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      colours_wanted() ? spdlog::color_mode::automatic : spdlog::color_mode::never);
  const auto logger = std::make_shared<spdlog::logger>("deadrelu", sink);
  logger->set_pattern("deadrelu: %^%l%$: %v");
  logger->set_level(verbosity == Verbosity::kQuiet    ? spdlog::level::err
                    : verbosity == Verbosity::kNormal ? spdlog::level::warn
                                                      : spdlog::level::info);
  spdlog::set_default_logger(logger);
}

}  // namespace deadrelu
