#include "store/manifest.h"

#include <fstream>

#include <nlohmann/json.hpp>

namespace deadrelu {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kManifestFile = "manifest.json";

Json parsed_config(const std::string& text) {
  Json config = Json::parse(text, nullptr, false);
  return config.is_discarded() ? Json(text) : config;
}

Json data_files(const std::vector<InputFile>& files) {
  Json list = Json::array();
  for (const InputFile& file : files) list.push_back({{"path", file.name}, {"sha256", file.sha256}});
  return list;
}

Json tables(const std::vector<ExportedFile>& files) {
  Json list = Json::array();
  for (const ExportedFile& file : files)
    list.push_back({{"name", file.name}, {"rows", file.rows}, {"sha256", file.sha256}});
  return list;
}

void set_counts(Json& json, const Manifest& manifest) {
  json["complete"] = manifest.complete;
  json["runs"] = manifest.runs;
  json["recorded"] = manifest.recorded;
  json["diverged"] = manifest.diverged;
}

void write_json(const std::filesystem::path& directory, const Json& json) {
  OutputFile file(directory, kManifestFile);
  file.write(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  file.commit();
  sync_directory(directory);
}

}  // namespace

void write_manifest(const std::filesystem::path& directory, const Manifest& manifest) {
  Json json;
  json["version"] = manifest.version;
  json["commit"] = manifest.commit;
  json["compiler"] = manifest.compiler;
  json["host"] = manifest.host;
  json["simd"] = manifest.simd;
  json["threads"] = manifest.threads;
  json["started"] = manifest.started;
  json["ended"] = manifest.ended;
  if (!manifest.shard.is_whole()) {
    json["shard"] = std::to_string(manifest.shard.index) + "/" + std::to_string(manifest.shard.count);
  }
  set_counts(json, manifest);
  json["failed"] = manifest.failed;
  json["trained_now"] = manifest.trained_now;
  json["data_files"] = data_files(manifest.data_files);
  json["tables"] = tables(manifest.tables);
  json["config"] = parsed_config(manifest.config);
  write_json(directory, json);
}

bool refresh_manifest(const std::filesystem::path& directory, const Manifest& manifest) {
  std::ifstream file(directory / kManifestFile);
  Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) return false;
  set_counts(json, manifest);
  json["tables"] = tables(manifest.tables);
  write_json(directory, json);
  return true;
}

}  // namespace deadrelu
