// One read-only SQL statement that a user wrote.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include <SQLiteCpp/Database.h>

#include "probe/columns.h"

namespace deadrelu {

// Hands out the names of the columns, then the rows. Throws UserError(kUsage) for a wrong statement, for more
// than one, and for one that would do anything but read; UserError(kInputOutput) where the store cannot be
// read.
void run_query(SQLite::Database& db, const std::filesystem::path& file, const std::string& sql,
               const std::function<void(std::span<const std::string>)>& columns,
               const std::function<void(std::span<const Cell>)>& row);

}  // namespace deadrelu
