// DIR/manifest.json: where the results of a directory come from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/found.h"
#include "store/export.h"
#include "store/output_file.h"

namespace deadrelu {

struct Manifest {
  std::string version, commit, compiler, host, simd;
  std::uint64_t threads = 0;
  std::string started, ended;  // ISO 8601, UTC
  std::string config;          // the resolved config (JSON), embedded as an object
  std::uint64_t runs = 0, recorded = 0, diverged = 0, failed = 0, trained_now = 0;
  bool complete = false;
  Shard shard = {};  // the part of the sweep that `runs` counts
  std::vector<InputFile> data_files;
  std::vector<std::string> data;  // what the data sets consist of, each a found_json()
  std::vector<ExportedFile> tables;
};

// What was found in a file, as a JSON object.
std::string found_json(const FoundData& found);

// The `data` of the manifest in a directory; empty where there is none that can be read.
std::vector<std::string> manifest_data(const std::filesystem::path& directory);

// Written under a temporary name and renamed, with the `data` of the one that it replaces besides its own. Throws
// UserError(kInputOutput).
void write_manifest(const std::filesystem::path& directory, const Manifest& manifest);

// Rewrites of an existing manifest what an export of the tables changes: counts and tables. False where there
// is none that can be read.
bool refresh_manifest(const std::filesystem::path& directory, const Manifest& manifest);

}  // namespace deadrelu
