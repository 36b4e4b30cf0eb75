// Options that several commands share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"
#include "experiment/planned_run.h"
#include "simd/target.h"
#include "store/export.h"

namespace CLI {
class App;
}

namespace deadrelu {

// CONFIG and --set.
struct ConfigOptions {
  std::string config;
  std::vector<std::string> sets;
};
void add_config_options(CLI::App& command, ConfigOptions& options);

// The DIR of the commands that read results.
void add_directory_argument(CLI::App& command, std::string& directory);

// The readers below throw UserError(kUsage) with what is allowed.
ExportFormats parse_formats(std::string_view text);  // "csv", "jsonl", "csv,jsonl"
SimdTarget parse_simd(std::string_view text);        // "auto": the best this machine has
std::size_t parse_threads(std::string_view text);    // at least 1
// "auto", "bar", "lines", "json", "none"; quiet: none, whatever the text.
ProgressMode parse_progress(std::string_view text, bool quiet);
double parse_number(std::string_view option, std::string_view text);

// Threads that this process may run on: its CPU affinity, not the machine's size.
std::size_t usable_processors();

Cell cell_of(const SweptValue& value);

}  // namespace deadrelu
