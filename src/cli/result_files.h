// What a command that has written a store leaves beside it: the tables and the manifest.
#pragma once

#include <filesystem>

#include "store/export.h"
#include "store/manifest.h"

namespace deadrelu {

// A manifest of this program, on this host, now.
Manifest start_manifest();

// Exports the tables, and writes the manifest with what the store says of its sweep. Throws
// UserError(kInputOutput).
void write_result_files(const std::filesystem::path& directory, const ExportFormats& formats,
                        Manifest& manifest);

// Exports the tables and corrects what the manifest says of them.
std::vector<ExportedFile> write_tables_again(const std::filesystem::path& directory,
                                             const ExportFormats& formats);

}  // namespace deadrelu
