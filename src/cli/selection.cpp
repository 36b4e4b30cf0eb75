#include "cli/selection.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/number.h"

namespace deadrelu {
namespace {

Selection find_id(std::uint64_t id, const std::string& text, const ExperimentConfig& config) {
  const RunStream next = config.runs();
  for (PlannedRun run; next(run);) {
    if (run.id == id) return {run.position, run.position};
  }
  throw UserError(ExitCode::kUsage, fmt::format("--only: no run of the config has the id {}", text));
}

[[noreturn]] void refuse(const std::string& text) {
  throw UserError(ExitCode::kUsage,
                  fmt::format("--only: '{}' is neither a run id (16 hex digits) nor a range of positions "
                              "(A, A-B or A-, from 0, as `deadrelu list` prints them)",
                              text));
}

std::uint64_t parse_position(std::string_view part, const std::string& text) {
  const auto position = parse_integer(part);
  if (!position || part.find_first_not_of("0123456789") != std::string_view::npos) refuse(text);
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

}  // namespace deadrelu
