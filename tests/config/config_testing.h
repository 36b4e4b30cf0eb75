// Short cuts for the tests of config/.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/experiment_config.h"

namespace deadrelu {

// A config with the given text below a minimal valid rest: `{"data": {"kind": "function"}, "model":
// {"hidden": [4]}` then `more` then `}`.
inline std::string minimal(const std::string& more = "") {
  return R"({"data": {"kind": "function"}, "model": {"hidden": [4]})" + (more.empty() ? "" : ", " + more) +
         "}";
}

inline ConfigSource source_of(const std::string& text, std::vector<std::string> sets = {}) {
  return {text, "test.json", "", "test", std::move(sets)};
}

inline std::vector<PlannedRun> runs_of(const std::string& text, std::vector<std::string> sets = {}) {
  const ExperimentConfig config(source_of(text, std::move(sets)));
  const RunStream next = config.runs();
  std::vector<PlannedRun> runs;
  for (PlannedRun run; next(run);) runs.push_back(run);
  return runs;
}

inline RunSpec spec_of(const std::string& text, std::vector<std::string> sets = {}) {
  return runs_of(text, std::move(sets)).at(0).spec;
}

// All error lines joined by '\n'; empty where the config is valid.
inline std::string errors_of(const std::string& text, std::vector<std::string> sets = {}) {
  try {
    const ExperimentConfig config(source_of(text, std::move(sets)));
  } catch (const UserError& error) {
    return error.code() == ExitCode::kUsage ? error.what() : "wrong exit code";
  }
  return "";
}

inline std::size_t line_count(const std::string& text) {
  std::size_t lines = text.empty() ? 0 : 1;
  for (const char c : text) lines += c == '\n';
  return lines;
}

inline std::vector<std::uint64_t> ids_of(const std::vector<PlannedRun>& runs) {
  std::vector<std::uint64_t> ids;
  for (const PlannedRun& run : runs) ids.push_back(run.id);
  return ids;
}

}  // namespace deadrelu
