// Failures of SQLite and of the operating system as the sentences that a user reads.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>

#include <SQLiteCpp/Exception.h>

#include "base/error.h"

namespace deadrelu {

// Throws UserError(kInputOutput): the file and what is wrong with it ("the disk is full", "is damaged", …).
// `code` is SQLite's (extended) result code, `message` its text; `system_error` the errno that may stand
// behind it.
[[noreturn]] void throw_sqlite_error(const std::filesystem::path& file, int code, const std::string& message,
                                     int system_error);

// Runs `work` and turns what SQLite throws into a UserError.
template <class Work>
auto with_sqlite_errors(const std::filesystem::path& file, const Work& work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(file, error.getExtendedErrorCode(), error.what(), errno);
  }
}

// Throws UserError(kInputOutput): "FILE: WHAT: the system's reason"; a full disk is told as such.
[[noreturn]] void throw_system_error(const std::filesystem::path& file, const std::string& what, int error);

}  // namespace deadrelu
