#include "cli/terminal.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace deadrelu {
namespace {

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

bool error_stream_is_terminal() { return smart_terminal(STDERR_FILENO); }

bool output_has_colours() { return colours_wanted() && smart_terminal(STDOUT_FILENO); }

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
