// Failures of the operating system as sentences.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/error.h"

namespace deadrelu {

// Throws UserError(kInputOutput): "FILE: WHAT: the system's reason"; a full disk is told as such.
[[noreturn]] inline void throw_system_error(const std::filesystem::path& file, const std::string& what,
                                            int error) {
  const std::string reason =
      error == ENOSPC || error == EDQUOT ? "the disk is full" : std::generic_category().message(error);
  throw UserError(ExitCode::kInputOutput, file.string() + ": " + what + ": " + reason);
}

}  // namespace deadrelu
