// What a store says of itself: whose results it holds, and what they were made from.
#pragma once

#include <filesystem>
#include <vector>

#include <SQLiteCpp/Database.h>

#include "store/result_store.h"

namespace deadrelu {

// All of these run inside the caller's transaction.
void write_header(SQLite::Database& db, const StoreHeader& header);
StoreHeader read_header(SQLite::Database& db);  // UserError(kInputOutput) where it is damaged
// Throws UserError(kInputOutput) where the stored results are of another engine epoch than `epoch`.
void check_epoch(const StoreHeader& stored, int epoch, const std::filesystem::path& file);
// Whether every recorded run of the sweep is placed; false from a change of the header until the next flush.
void write_places_complete(SQLite::Database& db, bool complete);
bool read_places_complete(SQLite::Database& db);
void write_input_file(SQLite::Database& db, const InputFile& file);
std::vector<InputFile> read_input_files(SQLite::Database& db);  // by name

}  // namespace deadrelu
