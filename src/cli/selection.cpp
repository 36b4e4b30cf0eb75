#include "cli/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/number.h"
#include "cli/launcher.h"

namespace deadrelu {
namespace {

Selection find_id(std::uint64_t id, const std::string& text, const ExperimentConfig& config) {
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (run.id == id) return {run.position, run.position};
  }
  throw UserError(ExitCode::kUsage, fmt::format("--only: no run of the config has the id {}", text));
}

[[noreturn]] void refuse_selection(const std::string& text) {
  throw UserError(ExitCode::kUsage,
                  fmt::format("--only: '{}' is neither a run id (16 hex digits) nor a range of positions "
                              "(A, A-B or A-, from 0, as `deadrelu list` prints them)",
                              text));
}

std::uint64_t parse_position(std::string_view part, const std::string& text) {
  const auto position = parse_integer(part);
  if (!position || part.find_first_not_of("0123456789") != std::string_view::npos) refuse_selection(text);
  return static_cast<std::uint64_t>(*position);
}

}  // namespace

Selection parse_selection(const std::string& text, const ExperimentConfig& config) {
  const std::uint64_t count = config.run_count();
  if (count == 0) throw UserError(ExitCode::kUsage, "the sweep has no runs: every point is excluded");
  const std::uint64_t last = count - 1;
  if (text.empty()) return {0, last};
  if (const auto id = parse_hex_id(text)) return find_id(*id, text, config);

  const std::string_view view = text;
  const std::size_t dash = view.find('-');
  Selection selection;
  selection.first = parse_position(view.substr(0, dash), text);
  selection.last = selection.first;
  if (dash != std::string_view::npos) {
    selection.last = dash + 1 == view.size() ? last : parse_position(view.substr(dash + 1), text);
  }
  if (selection.first > last || selection.last > last) {
    throw UserError(ExitCode::kUsage,
                    fmt::format("--only: {} goes beyond the sweep; its positions are 0 to {}", text, last));
  }
  if (selection.first > selection.last) {
    throw UserError(ExitCode::kUsage, fmt::format("--only: {} ends before it starts", text));
  }
  return selection;
}

Shard parse_shard(const std::string& text) {
  if (text.empty()) return {};
  if (text == "auto") return launcher_shard();
  const std::string_view view = text;
  const std::size_t slash = std::min(view.find('/'), view.size());
  const auto index = parse_integer(view.substr(0, slash));
  const auto count = parse_integer(view.substr(std::min(slash + 1, view.size())));
  if (!index || !count || *index < 0 || *count < 1 || *index >= *count) {
    throw UserError(ExitCode::kUsage, fmt::format("--shard: '{}' is neither I/N with I from 0 to N-1 "
                                                  "(0/4, 1/4, 2/4 and 3/4 are one sweep) nor auto",
                                                  text));
  }
  return {static_cast<std::uint64_t>(*index), static_cast<std::uint64_t>(*count)};
}

std::filesystem::path shard_directory(const Shard& shard) {
  return std::filesystem::path("shards") / fmt::format("{}-of-{}", shard.index, shard.count);
}

}  // namespace deadrelu
