#include "cli/options.h"

#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/number.h"
#include "cli/terminal.h"

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
  if (!target) {
    throw UserError(ExitCode::kUsage, fmt::format("--simd: '{}' is no instruction set; this machine has: {}",
                                                  text, simd_names()));
  }
  if (std::find(available.begin(), available.end(), *target) == available.end()) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("--simd: this machine has no {}; it has: {}", text, simd_names()));
  }
  return *target;
}

std::size_t parse_threads(std::string_view text) {
  const auto threads = parse_integer(text);
  if (!threads || *threads < 1 || *threads > kMaxThreads) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("--threads: '{}' is not a whole number from 1 to {}", text, kMaxThreads));
  }
  return static_cast<std::size_t>(*threads);
}

std::optional<Engine> parse_engine(std::string_view text) {
  if (text == "auto") return std::nullopt;
  const auto engine = value_of<Engine>(text);
  if (!engine)
    throw UserError(ExitCode::kUsage, fmt::format("--engine: '{}' is none of auto, lanes, wide", text));
  return engine;
}

}  // namespace

void add_runner_options(CLI::App& command, RunnerChoices& choices) {
  command.add_option("--threads", choices.threads, "worker threads (default: one a processor)")
      ->type_name("N");
  command.add_option("--simd", choices.simd, "auto, avx2, avx512 or neon; never changes a result")
      ->type_name("SET");
  command
      .add_option("--engine", choices.engine,
                  "vectors across runs (lanes), within one (wide), or what is faster (auto)")
      ->type_name("ENGINE");
}

RunnerOptions runner_options(const RunnerChoices& choices) {
  RunnerOptions runner;
  runner.threads = choices.threads.empty() ? usable_processors() : parse_threads(choices.threads);
  runner.simd = parse_simd(choices.simd);
  runner.engine = parse_engine(choices.engine);
  return runner;
}

void add_config_options(CLI::App& command, ConfigOptions& options) {
  command.add_option("CONFIG", options.config, "config file; - reads standard input")->required();
  command
      .add_option("--set", options.sets,
                  "set one key of the config, as train.steps=500; VALUE is JSON or plain text")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_directory_argument(CLI::App& command, std::string& directory) {
  command.add_option("DIR", directory, "result directory")->required();
}

ExportFormats parse_formats(std::string_view text) {
  ExportFormats formats{false, false};
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view name = text.substr(start, comma - start);
    if (name != "csv" && name != "jsonl") {
      throw UserError(ExitCode::kUsage,
                      fmt::format("--format: '{}' is no format; allowed: csv, jsonl, csv,jsonl", name));
    }
    (name == "csv" ? formats.csv : formats.jsonl) = true;
    start = comma + 1;
  }
  return formats;
}

ProgressMode parse_progress(std::string_view text, bool quiet) {
  const bool known = text == "auto" || text == "bar" || text == "lines" || text == "json" || text == "none";
  if (!known) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("--progress: '{}' is none of auto, bar, lines, json, none", text));
  }
  if (quiet || text == "none") return ProgressMode::kNone;
  if (text == "json") return ProgressMode::kJson;
  if (text == "auto") return error_stream_is_terminal() ? ProgressMode::kBar : ProgressMode::kLines;
  return text == "bar" ? ProgressMode::kBar : ProgressMode::kLines;
}

double parse_number(std::string_view option, std::string_view text) {
  const auto number = parse_real(text);
  if (!number)
    throw UserError(ExitCode::kUsage, fmt::format("{}: '{}' is not a finite number", option, text));
  return *number;
}

std::size_t usable_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace deadrelu
