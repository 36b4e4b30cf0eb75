#include "store/store_error.h"

#include <cerrno>
#include <system_error>

#include <sqlite3.h>

namespace deadrelu {
namespace {

std::string sentence(int code, const std::string& message) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_CORRUPT:
      return "the store is damaged (" + message + "); restore it from a copy, or remove it and run again";
    case SQLITE_NOTADB:
      return "this file is no deadrelu store (" + message + ")";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process is using the store; try again when it has finished";
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "no permission to use the store (" + message + ")";
    case SQLITE_CANTOPEN:
      return "the store cannot be opened (" + message + ")";
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY ||
          code == SQLITE_READONLY_CANTINIT)
        return "the process that wrote the store was cut off; run the same `deadrelu run` again to bring it "
               "in order";
      return "the store cannot be written (" + message + ")";
    case SQLITE_TOOBIG:
      return "a record is too large for the store (" + message + ")";
    default:
      return "the store cannot be used (" + message + ")";
  }
}

}  // namespace

void throw_sqlite_error(const std::filesystem::path& file, int code, const std::string& message,
                        int system_error) {
  // SQLite tells a full disk from other failures, but takes a full quota for one of them.
  const bool over_quota = (code & 0xff) == SQLITE_IOERR && system_error == EDQUOT;
  throw UserError(ExitCode::kInputOutput,
                  file.string() + ": " + sentence(over_quota ? SQLITE_FULL : code, message));
}

void throw_system_error(const std::filesystem::path& file, const std::string& what, int error) {
  const std::string reason =
      error == ENOSPC || error == EDQUOT ? "the disk is full" : std::generic_category().message(error);
  throw UserError(ExitCode::kInputOutput, file.string() + ": " + what + ": " + reason);
}

}  // namespace deadrelu
