#include "cli/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace deadrelu {

void set_up_log(Verbosity verbosity) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = no_color != nullptr && *no_color != '\0';
  const auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
  const auto logger = std::make_shared<spdlog::logger>("deadrelu", sink);
  logger->set_pattern("deadrelu: %^%l%$: %v");
  logger->set_level(verbosity == Verbosity::kQuiet    ? spdlog::level::err
                    : verbosity == Verbosity::kNormal ? spdlog::level::warn
                                                      : spdlog::level::info);
  spdlog::set_default_logger(logger);
}

}  // namespace deadrelu
