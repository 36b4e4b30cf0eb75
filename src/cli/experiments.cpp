#include "cli/experiments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "config/json.h"

namespace deadrelu {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// "# Title" of the README's first line.
std::string title_of(const fs::path& readme, const std::string& fallback) {
  if (!is_file(readme)) return fallback;
  const std::string text = read_text_file(readme.string(), true);
  if (!text.starts_with("# ")) return fallback;
  return text.substr(2, text.find('\n') - 2);
}

}  // namespace

fs::path find_experiments(const std::string& given) {
  if (!given.empty()) {
    if (is_folder(given)) return given;
    throw UserError(ExitCode::kInputOutput, "--experiments: there is no folder " + given);
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder :
       {fs::path("experiments"), program / "../share/deadrelu/experiments", program / "../../experiments"}) {
    if (is_folder(folder)) return folder.lexically_normal();
  }
  throw UserError(ExitCode::kInputOutput,
                  "no experiments found: there is no folder ./experiments and none beside the program; give "
                  "--experiments DIR");
}

std::vector<std::string> experiment_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (is_file(entry.path() / "config.json")) names.push_back(entry.path().filename().string());
  }
  if (error) {
    throw UserError(ExitCode::kInputOutput,
                    fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Experiment read_experiment(const fs::path& folder, const std::string& name) {
  const std::vector<std::string> names = experiment_names(folder);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const std::string nearest = nearest_name(name, names);
    throw UserError(ExitCode::kUsage,
                    fmt::format("there is no experiment '{}' in {}{}", name, folder.string(),
                                nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
  }
  const std::string config_path = (folder / name / "config.json").string();
  ConfigSource source = read_config(config_path, {});
  source.default_name = name;
  return {name, title_of(folder / name / "README.md", name), config_path, ExperimentConfig(source),
          read_claims((folder / name / "claims.json").string())};
}

}  // namespace deadrelu
