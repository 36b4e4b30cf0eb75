#include <filesystem>

#include "config/experiment_config.h"
#include "config/file_text.h"
#include "config/json_read.h"

namespace deadrelu {

ConfigSource read_config(const std::string& path, std::vector<std::string> sets) {
  ConfigSource source;
  source.text = read_text_file(path, kMostConfigBytes, false);
  source.sets = std::move(sets);
  if (path == "-") {
    source.label = "standard input";
    source.default_name = "experiment";
    return source;
  }
  const std::filesystem::path file(path);
  source.label = path;
  source.directory = file.parent_path().string();
  source.default_name = file.stem().string().substr(0, 100);
  return source;
}

}  // namespace deadrelu
