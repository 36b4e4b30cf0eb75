#include "store/manifest.h"

#include <fmt/format.h>

#include <algorithm>
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

Json data_sets(const std::filesystem::path& directory, const std::vector<std::string>& data) {
  std::vector<std::string> all = manifest_data(directory);
  all.insert(all.end(), data.begin(), data.end());
  Json list = Json::array();
  for (auto set = all.begin(); set != all.end(); ++set)
    if (std::find(all.begin(), set, *set) == set) list.push_back(Json::parse(*set));
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

std::string found_json(const FoundData& found) {
  Json json = {
      {"files", found.files}, {"rows", found.rows}, {"inputs", found.inputs}, {"outputs", found.outputs}};
  if (!found.targets.empty()) json["targets"] = found.targets;
  Json classes = Json::array();
  for (std::size_t c = 0; c < found.class_counts.size(); ++c)
    classes.push_back({{"name", found.class_name(c)}, {"rows", found.class_counts[c]}});
  if (!classes.empty()) {
    json.erase("outputs");
    json["classes"] = std::move(classes);
  }
  for (const auto& [name, detail] : found.details)
    std::visit([&, key = name](const auto& value) { json[key] = value; }, detail);
  if (!found.warnings.empty()) json["warnings"] = found.warnings;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> manifest_data(const std::filesystem::path& directory) {
  std::ifstream file(directory / kManifestFile);
  const Json json = Json::parse(file, nullptr, false);
  std::vector<std::string> data;
  if (json.is_object() && json.contains("data") && json["data"].is_array())
    for (const Json& set : json["data"]) data.push_back(set.dump());
  return data;
}

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
  if (!manifest.shard.is_whole())
    json["shard"] = fmt::format("{}/{}", manifest.shard.index, manifest.shard.count);
  set_counts(json, manifest);
  json["failed"] = manifest.failed;
  json["trained_now"] = manifest.trained_now;
  json["data_files"] = data_files(manifest.data_files);
  json["data"] = data_sets(directory, manifest.data);
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
