// How SQLite keeps transactions whole: a write-ahead log where the file system allows it.
#pragma once

#include <filesystem>

#include <SQLiteCpp/Database.h>

namespace deadrelu {

// WAL on a local file system: readers and the writer do not wait for each other, and a commit needs no sync.
// On a network file system, whose memory maps other hosts do not see, or where WAL is refused: a rollback
// journal.
void choose_journal(SQLite::Database& db, const std::filesystem::path& file);

// Everything committed is synced to the disk.
void checkpoint(SQLite::Database& db);

// Removes the rollback journal; a write-ahead log goes when the last connection closes.
void leave_journal(SQLite::Database& db);

}  // namespace deadrelu
