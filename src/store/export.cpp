#include "store/export.h"

#include <memory>
#include <utility>

#include "base/error.h"
#include "store/output_file.h"
#include "store/schema.h"
#include "store/summary.h"
#include "store/table_files.h"

namespace deadrelu {
namespace {

constexpr const char* kColumnsFile = "columns.json";
constexpr const char* kParametersFile = "parameters.jsonl";

void ignore_names(std::span<const std::string>) {}

std::vector<std::string> summary_names(const std::vector<SweptColumn>& swept) {
  std::vector<std::string> names;
  for (const ColumnDoc& column : summary_columns(swept)) names.push_back(column.name);
  return names;
}

// parameters.jsonl: the layers are JSON text already.
struct ParametersFile {
  std::filesystem::path directory;
  std::unique_ptr<OutputFile> file = nullptr;
  std::uint64_t rows = 0;

  void add(std::span<const Cell> row) {
    if (!file) file = std::make_unique<OutputFile>(directory, kParametersFile);
    std::string start = "{\"run_id\": ";
    append_json_cell(start, row[0]);
    start += ", \"step\": ";
    append_json_cell(start, row[1]);
    file->write(start + ", \"layers\": ");
    file->write(std::get<std::string>(row[2]));
    file->write("}\n");
    ++rows;
  }

  void commit(std::vector<ExportedFile>& exported) {
    std::error_code error;
    if (!file) {
      std::filesystem::remove(directory / kParametersFile, error);
      return;
    }
    file->commit();
    exported.push_back({kParametersFile, rows, file->sha256()});
  }
};

// A format that was exported before is written too: beside fresh tables, its files would be stale.
ExportFormats with_present_ones(const std::filesystem::path& directory, ExportFormats formats) {
  std::error_code ignored;
  formats.csv = formats.csv || std::filesystem::exists(directory / "runs.csv", ignored);
  formats.jsonl = formats.jsonl || std::filesystem::exists(directory / "runs.jsonl", ignored);
  return formats;
}

// All files of one export.
class Exporter {
 public:
  Exporter(const std::filesystem::path& directory, const ExportFormats& formats)
      : directory_(directory),
        reader_(directory),
        formats_(with_present_ones(directory, formats)),
        summary_(directory, "summary", summary_names(swept()), formats_),
        parameters_{directory},
        columns_(directory, kColumnsFile) {
    if (!reader_.places_complete())
      throw UserError(ExitCode::kInputOutput,
                      directory.string() +
                          ": its sweep was changed, and the command that changed it was cut off; run "
                          "the same `deadrelu run` again before exporting");
  }

  std::vector<ExportedFile> run() {
    write_runs_and_summary();
    for (const Table table : {Table::kMetrics, Table::kLayers, Table::kUnits, Table::kStream})
      write_rows(table);
    reader_.query(ordered_select(Table::kParameters, swept()), ignore_names,
                  [&](std::span<const Cell> row) { parameters_.add(row); });
    columns_.write(columns_json(swept()));
    return commit();
  }

 private:
  const std::vector<SweptColumn>& swept() const { return reader_.header().swept; }

  TableFiles& start(Table table) {
    return *tables_.emplace_back(
        std::make_unique<TableFiles>(directory_, table_name(table), table_columns(table, swept()), formats_));
  }

  void write_runs_and_summary() {
    TableFiles& runs = start(Table::kRuns);
    runs.open();
    summary_.open();
    Summary summary(swept().size(), [&](std::span<const Cell> row) { summary_.add(row); });
    reader_.query(ordered_select_with_points(swept()), ignore_names, [&](std::span<const Cell> row) {
      const auto columns = row.first(row.size() - 1);
      runs.add(columns);
      summary.add(static_cast<std::uint64_t>(std::get<std::int64_t>(row.back())), columns);
    });
    summary.finish();
  }

  void write_rows(Table table) {
    TableFiles& files = start(table);
    reader_.query(ordered_select(table, swept()), ignore_names,
                  [&](std::span<const Cell> row) { files.add(row); });
  }

  std::vector<ExportedFile> commit() {
    for (const auto& table : tables_) table->sync();
    summary_.sync();
    if (parameters_.file) parameters_.file->sync();
    columns_.sync();
    std::vector<ExportedFile> exported;
    for (const auto& table : tables_) table->commit(exported);
    summary_.commit(exported);
    parameters_.commit(exported);
    columns_.commit();
    exported.push_back({kColumnsFile, 0, columns_.sha256()});
    sync_directory(directory_);
    return exported;
  }

  std::filesystem::path directory_;
  StoreReader reader_;
  ExportFormats formats_;
  std::vector<std::unique_ptr<TableFiles>> tables_;
  TableFiles summary_;
  ParametersFile parameters_;
  OutputFile columns_;
};

}  // namespace

std::vector<ExportedFile> export_tables(const std::filesystem::path& directory,
                                        const ExportFormats& formats) {
  return Exporter(directory, formats).run();
}

}  // namespace deadrelu
