#include "cli/result_files.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <ctime>

#include "cli/build_info.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string host_name() {
  utsname names{};
  if (uname(&names) != 0) return "";
  return fmt::format("{} ({} {}, {})", names.nodename, names.sysname, names.release, names.machine);
}

void count(const StoreReader& store, Manifest& manifest) {
  manifest.config = store.header().config;
  manifest.shard = store.header().shard;
  manifest.runs = store.header().shard_runs();
  manifest.recorded = store.recorded_count();
  manifest.diverged = store.diverged_count();
  manifest.complete = manifest.recorded == manifest.runs;
  manifest.data_files = store.input_files();
}

void export_and_count(const std::filesystem::path& directory, const ExportFormats& formats,
                      Manifest& manifest) {
  count(StoreReader(directory), manifest);  // its cache is gone before the export fills another one
  manifest.tables = export_tables(directory, formats);
  manifest.ended = utc_now();
}

}  // namespace

Manifest start_manifest() {
  Manifest manifest;
  manifest.version = build_info().version;
  manifest.commit = build_info().commit;
  manifest.compiler = build_info().compiler;
  manifest.host = host_name();
  manifest.started = utc_now();
  return manifest;
}

void write_result_files(const std::filesystem::path& directory, const ExportFormats& formats,
                        Manifest& manifest) {
  export_and_count(directory, formats, manifest);
  write_manifest(directory, manifest);
}

std::vector<ExportedFile> write_tables_again(const std::filesystem::path& directory,
                                             const ExportFormats& formats) {
  Manifest manifest = start_manifest();
  export_and_count(directory, formats, manifest);
  // Where none was left, by a training that was killed, this one says at least what the tables hold.
  if (!refresh_manifest(directory, manifest)) write_manifest(directory, manifest);
  return manifest.tables;
}

}  // namespace deadrelu
