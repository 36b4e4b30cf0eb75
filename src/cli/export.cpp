#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/result_files.h"

namespace deadrelu {
namespace {

struct ExportOptions {
  std::string directory, format = "csv";
  bool json = false;
};

std::string report_json(const std::vector<ExportedFile>& files) {
  std::string text = "[";
  for (std::size_t i = 0; i < files.size(); ++i) {
    append_json_cell(text += i == 0 ? "\n{\"name\": " : ",\n{\"name\": ", Cell(files[i].name));
    text += fmt::format(", \"rows\": {}, \"sha256\": \"{}\"}}", files[i].rows, files[i].sha256);
  }
  return text + "\n]\n";
}

std::string report_text(const std::string& directory, const std::vector<ExportedFile>& files) {
  std::string text;
  for (const ExportedFile& file : files)
    text += fmt::format("{}/{}: {} rows\n", directory, file.name, file.rows);
  return text;
}

int export_results(const ExportOptions& options) {
  const std::vector<ExportedFile> files =
      write_tables_again(options.directory, parse_formats(options.format));
  StandardOutput out;
  out.write(options.json ? report_json(files) : report_text(options.directory, files));
  out.flush();
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("export", "writes the tables of a result directory again from its store");
  const auto options = std::make_shared<ExportOptions>();
  add_directory_argument(*command, options->directory);
  command->add_option("--format", options->format, "csv, jsonl or csv,jsonl (default: csv)")
      ->type_name("LIST");
  command->add_flag("--json", options->json, "report the written files as a JSON array");
  command->footer("Examples:\n  deadrelu export results/quickstart --format csv,jsonl");
  command->callback([options, &action] { action = [options] { return export_results(*options); }; });
}

}  // namespace deadrelu
