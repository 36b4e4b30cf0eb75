#include "cli/options.h"

#include <algorithm>
#include <limits>

#include "base/enum_names.h"
#include "base/number.h"
#include "base/processors.h"
#include "cli/output.h"

namespace deadrelu {
namespace {

constexpr std::int64_t kMaxThreads = 4096;

std::string simd_names() {
  std::string names;
  for (const SimdTarget target : available_simd()) names += fmt::format(", {}", name_of(target));
  return "auto" + names;
}

SimdTarget parse_simd(std::string_view text) {
  const auto available = available_simd();
  if (text == "auto") return available.front();
  const auto target = value_of<SimdTarget>(text);
  if (!target)
    throw usage_error("--simd: '{}' is no instruction set; this machine has: {}", text, simd_names());
  if (std::ranges::find(available, *target) == available.end())
    throw usage_error("--simd: this machine has no {}; it has: {}", text, simd_names());
  return *target;
}

// Empty for auto.
template <class Enum>
std::optional<Enum> parse_choice(std::string_view option, std::string_view text) {
  const auto value = value_of<Enum>(text);
  if (!value && text != "auto")
    throw usage_error("{}: '{}' is none of auto, {}", option, text, fmt::join(names_of<Enum>(), ", "));
  return value;
}

}  // namespace

void add_runner_options(Command& command, RunnerChoices& choices) {
  command.option("--threads", "N", choices.threads, "worker threads (default: one a processor)");
  command.option("--simd", "SET", choices.simd, "auto, avx2, avx512 or neon; never changes a result");
  command.option("--engine", "ENGINE", choices.engine,
                 "vectors across runs (lanes), within one (wide), or what is faster (auto)");
}

RunnerOptions runner_options(const RunnerChoices& choices) {
  RunnerOptions runner;
  runner.threads =
      choices.threads.empty() ? usable_processors() : parse_count("--threads", choices.threads, kMaxThreads);
  runner.simd = parse_simd(choices.simd);
  runner.engine = parse_choice<Engine>("--engine", choices.engine);
  return runner;
}

void add_config_options(Command& command, ConfigOptions& options) {
  command.argument("CONFIG", options.config, "config file; - reads standard input");
  command.list(
      "--set", "PATH=VALUE", options.sets,
      "set one key of the config, as train.steps=500; VALUE is JSON or plain text. @FILE: those of a file {\"PATH\": VALUE}");
}

void add_directory_argument(Command& command, std::string& directory) {
  command.argument("DIR", directory, "result directory");
}

void add_format_option(Command& command, std::string& format) {
  command.option("--format", "LIST", format, "tables as csv, jsonl or csv,jsonl (default: csv)");
}

void add_progress_option(Command& command, std::string& mode) {
  command.option("--progress", "MODE", mode, "auto, bar, lines, json (a line a second) or none");
}

ExportFormats parse_formats(std::string_view text) {
  ExportFormats formats{false, false};
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view name = text.substr(start, comma - start);
    if (name != "csv" && name != "jsonl")
      throw usage_error("--format: '{}' is no format; allowed: csv, jsonl, csv,jsonl", name);
    (name == "csv" ? formats.csv : formats.jsonl) = true;
    start = comma + 1;
  }
  return formats;
}

ProgressMode parse_progress(std::string_view text, bool quiet) {
  const auto mode = parse_choice<ProgressMode>("--progress", text);
  if (quiet) return ProgressMode::kNone;
  return mode.value_or(error_stream_is_terminal() ? ProgressMode::kBar : ProgressMode::kLines);
}

std::vector<std::size_t> swept_places(const std::vector<SweptColumn>& swept,
                                      const std::vector<std::string>& paths,
                                      const std::vector<std::string>& others) {
  std::vector<std::string> names;
  for (const SweptColumn& column : swept) names.push_back(column.path);
  std::vector<std::size_t> places;
  for (const std::string& path : paths) {
    const auto place = static_cast<std::size_t>(std::ranges::find(names, path) - names.begin());
    if (std::ranges::find(places, place) != places.end())
      throw usage_error("--by: '{}' is given twice", path);
    places.push_back(place);
    if (place < swept.size()) continue;
    names.insert(names.end(), others.begin(), others.end());
    throw usage_error("--by: '{}' is not swept here; there is {}{}", path,
                      names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")),
                      suggestion(path, names));
  }
  return places;
}

std::string suggestion(std::string_view given, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(given, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

double parse_number(std::string_view option, std::string_view text) {
  const auto number = parse_real(text);
  if (!number) throw usage_error("{}: '{}' is not a finite number", option, text);
  return *number;
}

std::uint64_t parse_count(std::string_view option, std::string_view text, std::int64_t most) {
  const auto count = parse_integer(text);
  if (!count || *count < 1 || *count > most) {
    const std::string range =
        most == std::numeric_limits<std::int64_t>::max() ? "from 1 on" : fmt::format("from 1 to {}", most);
    throw usage_error("{}: '{}' is not a whole number {}", option, text, range);
  }
  return static_cast<std::uint64_t>(*count);
}

}  // namespace deadrelu
