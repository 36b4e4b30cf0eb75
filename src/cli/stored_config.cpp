#include "cli/stored_config.h"

#include <string>

#include "base/error.h"

namespace deadrelu {

ExperimentConfig stored_config(const StoreHeader& header, const std::filesystem::path& directory) {
  ConfigSource source;
  source.text = header.config;
  source.label = "the config in " + directory.string();
  source.directory = header.directory;
  source.default_name = header.name;
  try {
    return ExperimentConfig(source);
  } catch (const UserError& error) {
    // The config was right when it was stored.
    throw UserError(ExitCode::kInputOutput,
                    std::string("the store is damaged, or by another deadrelu:\n") + error.what());
  }
}

}  // namespace deadrelu
