// Options that several commands share, and what is said of wrong ones.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "runner/runner.h"
#include "store/export.h"

namespace deadrelu {

// CONFIG and --set.
struct ConfigOptions {
  std::string config;
  std::vector<std::string> sets;
};
void add_config_options(Command& command, ConfigOptions& options);

// The DIR of the commands that read results.
void add_directory_argument(Command& command, std::string& directory);

// How to train, which never changes a result: --threads, --simd, --engine.
struct RunnerChoices {
  std::string threads, simd = "auto", engine = "auto";
};
void add_runner_options(Command& command, RunnerChoices& choices);
RunnerOptions runner_options(const RunnerChoices& choices);  // throws usage errors

void add_format_option(Command& command, std::string& format);
void add_progress_option(Command& command, std::string& mode);

// The places of these paths among the swept columns of a result directory. Throws a usage error for a path that is not
// swept there (`others`: what may be given besides), and for one given twice.
std::vector<std::size_t> swept_places(const std::vector<SweptColumn>& swept,
                                      const std::vector<std::string>& paths,
                                      const std::vector<std::string>& others = {});

// To be thrown: what is wrong with the command line, formatted.
template <class... Values>
UserError usage_error(fmt::format_string<Values...> sentence, Values&&... values) {
  return {ExitCode::kUsage, fmt::format(sentence, std::forward<Values>(values)...)};
}

// "; did you mean 'x'?", or nothing where no name is near.
std::string suggestion(std::string_view given, const std::vector<std::string>& names);

// The readers below throw usage errors with what is allowed.
ExportFormats parse_formats(std::string_view text);  // "csv", "jsonl", "csv,jsonl"
// "auto", "bar", "lines", "json", "none"; quiet: none, whatever the text.
ProgressMode parse_progress(std::string_view text, bool quiet);
double parse_number(std::string_view option, std::string_view text);
std::uint64_t parse_count(std::string_view option, std::string_view text, std::int64_t most);  // 1 to `most`

}  // namespace deadrelu
