#include "cli/stored_config.h"

namespace deadrelu {

ExperimentConfig stored_config(const StoreHeader& header, const std::filesystem::path& directory) {
  ConfigSource source;
  source.text = header.config;
  source.label = "the config in " + directory.string();
  source.directory = header.directory;
  source.default_name = header.name;
  return ExperimentConfig(source);
}

}  // namespace deadrelu
