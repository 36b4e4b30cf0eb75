#include "cli/options.h"
#include "cli/print.h"
#include "cli/training.h"

namespace deadrelu {
namespace {

struct ExportOptions {
  std::string directory, format = "csv";
  bool json = false;
};

int export_again(const ExportOptions& options) {
  const auto files = write_tables_again(options.directory, parse_formats(options.format));
  if (options.json) {
    RowPrinter rows(true);
    for (const ExportedFile& file : files)
      rows.object({{"name", file.name}, {"rows", file.rows}, {"sha256", file.sha256}});
    rows.finish();
    return 0;
  }
  std::string text;
  for (const ExportedFile& file : files)
    text += fmt::format("{}/{}: {} rows\n", options.directory, file.name, file.rows);
  print_text(text);
  return 0;
}

}  // namespace

void add_export(CommandLine& line) {
  Command command(line, "export", "writes the tables of a result directory again from its store",
                  "Examples:\n  deadrelu export results/quickstart --format csv,jsonl");
  ExportOptions& options = command.calls(export_again);
  add_directory_argument(command, options.directory);
  add_format_option(command, options.format);
  command.flag("--json", options.json, "report the written files as a JSON array");
}

}  // namespace deadrelu
