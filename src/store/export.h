// Tables as files, from the store, with the summary and columns.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/store_reader.h"

namespace deadrelu {

struct ExportFormats {
  bool csv = true;
  bool jsonl = false;
};

struct ExportedFile {
  std::string name;        // "runs.csv"
  std::uint64_t rows = 0;  // 0 for columns.json
  std::string sha256;      // hex
};

// A table as its readers see it.
struct ExportedTable {
  std::string name;
  std::vector<ColumnInfo> columns;
};

// All tables, the summary last, of a sweep with these swept columns.
std::vector<ExportedTable> exported_tables(const std::vector<SweptColumn>& swept,
                                           const Tables& tables = result_tables());

// Writes every table that the store has rows for (runs and summary always) in canonical order: position of
// the run in the sweep, then the table's keys; and columns.json. Tables with JSON are written as JSON Lines. Formats that the directory has from a
// former export are written again too. Files of a former export of a table without rows are removed. Streams;
// all files are written under temporary names, synced, and only then renamed, so a reader never sees half a
// table and a full disk leaves the former files as they are. Throws UserError(kInputOutput).
std::vector<ExportedFile> export_tables(const std::filesystem::path& directory, const ExportFormats& formats,
                                        const Tables& tables = result_tables());

// columns.json: type, unit, meaning and definition of every column of every table.
std::string columns_json(const std::vector<SweptColumn>& swept, const Tables& tables = result_tables());

}  // namespace deadrelu
