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

std::vector<DataFile> input_files(const RunSpec& spec) {
  std::vector<DataFile> files = data_files(spec.data);
  if (const std::string& name = spec.init.file; !name.empty())
    files.push_back({name, (std::filesystem::path(spec.data.directory) / name).string()});
  return files;
}

InputCheck::InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add)
    : add_(std::move(add)) {
  for (const InputFile& file : known) known_.emplace(file.name, file.sha256);
}

void InputCheck::look_at(const RunSpec& spec) {
  for (const DataFile& file : input_files(spec)) look_at(file.name, file.path);
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
