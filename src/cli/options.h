// Options that several commands share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"
#include "runner/runner.h"
#include "store/export.h"
#include "sweep/planned_run.h"

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

// How to train, which never changes a result: --threads, --simd, --engine.
struct RunnerChoices {
  std::string threads, simd = "auto", engine = "auto";
};
void add_runner_options(CLI::App& command, RunnerChoices& choices);
RunnerOptions runner_options(const RunnerChoices& choices);  // throws UserError(kUsage)

// The readers below throw UserError(kUsage) with what is allowed.
ExportFormats parse_formats(std::string_view text);  // "csv", "jsonl", "csv,jsonl"
// "auto", "bar", "lines", "json", "none"; quiet: none, whatever the text.
ProgressMode parse_progress(std::string_view text, bool quiet);
double parse_number(std::string_view option, std::string_view text);

// Threads that this process may run on: its CPU affinity, not the machine's size.
std::size_t usable_processors();

}  // namespace deadrelu
