#include "cli/input_check.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "store/manifest.h"

namespace deadrelu {
namespace {

std::optional<std::string> digest_of(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  try {
    return sha256_of_file(path);
  } catch (const UserError&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<NamedPath> input_paths(const RunSpec& spec) {
  std::vector<NamedPath> paths;
  const auto add = [&](const std::string& name) {
    if (!name.empty()) paths.push_back({name, (std::filesystem::path(spec.data.directory) / name).string()});
  };
  if (spec.data.kind == DataKind::kCsv) add(spec.data.path);
  if (spec.data.kind == DataKind::kIdx) {
    for (const std::string& name :
         {spec.data.images, spec.data.labels, spec.data.test_images, spec.data.test_labels})
      add(name);
  }
  add(spec.init.file);
  return paths;
}

InputCheck::InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add)
    : add_(std::move(add)) {
  for (const InputFile& file : known) known_.emplace(file.name, file.sha256);
}

void InputCheck::look_at(const RunSpec& spec) {
  for (const NamedPath& file : input_paths(spec)) look_at(file.name, file.path);
}

void InputCheck::look_at(const std::string& name, const std::string& path) {
  if (!seen_.insert(name).second) return;
  const auto digest = digest_of(path);
  if (!digest) return;
  const auto [known, is_new] = known_.try_emplace(name, *digest);
  if (is_new) add_({name, *digest});
  if (known->second == *digest) return;
  throw UserError(ExitCode::kInputOutput,
                  fmt::format("{}: the file has changed since runs of this directory were trained on it "
                              "(sha256 {:.12}… then, {:.12}… now); put it back, or choose another --out",
                              path, known->second, *digest));
}

}  // namespace deadrelu
