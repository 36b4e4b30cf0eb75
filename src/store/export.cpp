#include "store/export.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "store/cells.h"
#include "store/output_file.h"
#include "store/schema.h"
#include "store/summary.h"

namespace deadrelu {
namespace {

constexpr const char* kColumnsFile = "columns.json";

// A format that was exported before is written too: beside fresh tables, its files would be stale.
ExportFormats with_present_ones(const std::filesystem::path& directory, ExportFormats formats) {
  std::error_code ignored;
  formats.csv = formats.csv || std::filesystem::exists(directory / "runs.csv", ignored);
  formats.jsonl = formats.jsonl || std::filesystem::exists(directory / "runs.jsonl", ignored);
  return formats;
}

void append_json(std::string& line, const Cell& cell, ColumnType type) {
  const auto* text = std::get_if<std::string>(&cell);
  if (text != nullptr && type == ColumnType::kJson) {
    line += *text;
  } else {
    append_json_cell(line, cell);
  }
}

// The files of one table, in every asked-for format. They start with the first row, or with open().
class TableFiles {
 public:
  TableFiles(const std::filesystem::path& directory, ExportedTable table, const ExportFormats& formats)
      : directory_(directory), table_(std::move(table)), formats_(formats) {
    for (const ColumnInfo& column : table_.columns) {
      std::string key = json_keys_.empty() ? "{" : ", ";
      append_json_text(key, column.name);
      json_keys_.push_back(key + ": ");
      if (column.type == ColumnType::kJson) formats_ = {false, true};  // there is no JSON in a cell of CSV
    }
  }

  void open() {
    if (open_) return;
    open_ = true;
    if (formats_.jsonl) jsonl_ = std::make_unique<OutputFile>(directory_, table_.name + ".jsonl");
    if (!formats_.csv) return;
    csv_ = std::make_unique<OutputFile>(directory_, table_.name + ".csv");
    std::vector<Cell> names;
    for (const ColumnInfo& column : table_.columns) names.emplace_back(column.name);
    append_csv_row(line_, names);
    csv_->write(line_ += '\n');
  }

  // One cell a column.
  void add(std::span<const Cell> row) {
    open();
    ++rows_;
    if (csv_) {
      line_.clear();
      append_csv_row(line_, row);
      csv_->write(line_ += '\n');
    }
    if (jsonl_) {
      line_.clear();
      for (std::size_t i = 0; i < row.size(); ++i) {
        line_ += json_keys_[i];
        append_json(line_, row[i], table_.columns[i].type);
      }
      jsonl_->write(line_ += "}\n");
    }
  }

  void sync() {
    if (csv_) csv_->sync();
    if (jsonl_) jsonl_->sync();
  }

  // Gives the files their names and appends them to `exported`; where nothing was started, removes former
  // ones.
  void commit(std::vector<ExportedFile>& exported) {
    for (OutputFile* file : {csv_.get(), jsonl_.get()}) {
      if (file == nullptr) continue;
      file->commit();
      exported.push_back({file->name(), rows_, file->sha256()});
    }
    if (open_) return;
    for (const char* extension : {".csv", ".jsonl"}) {
      std::error_code ignored;
      std::filesystem::remove(directory_ / (table_.name + extension), ignored);
    }
  }

 private:
  std::filesystem::path directory_;
  ExportedTable table_;
  ExportFormats formats_;
  std::vector<std::string> json_keys_;  // {"a": · , "b": · …
  std::unique_ptr<OutputFile> csv_, jsonl_;
  std::string line_;
  std::uint64_t rows_ = 0;
  bool open_ = false;
};

// All files of one export.
class Exporter {
 public:
  Exporter(const std::filesystem::path& directory, const ExportFormats& formats, const Tables& tables)
      : directory_(directory),
        tables_(tables),
        reader_(directory, tables),
        columns_(directory, kColumnsFile) {
    if (!reader_.places_complete())
      fail_input(directory,
                 "its sweep was changed, and the command that "
                 "changed it was cut off; run "
                 "the same `deadrelu run` again before exporting");
    for (const ExportedTable& table : exported_tables(swept(), tables))
      files_.push_back(std::make_unique<TableFiles>(directory, table, with_present_ones(directory, formats)));
  }

  std::vector<ExportedFile> run() {
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i].always) files_[i]->open();
      tables_[i].has_one_row() ? write_runs_and_summary(tables_[i], *files_[i])
                               : write_rows(tables_[i], *files_[i]);
    }
    columns_.write(columns_json(swept(), tables_));
    return commit();
  }

 private:
  const std::vector<SweptColumn>& swept() const { return reader_.header().swept; }

  void write_runs_and_summary(const Table& table, TableFiles& runs) {
    TableFiles& points = *files_.back();
    points.open();
    Summary summary(table, swept().size(), [&](std::span<const Cell> row) { points.add(row); });
    reader_.for_each_row(ordered_select(table, swept(), true), [&](std::span<const Cell> row) {
      const auto columns = row.first(row.size() - 1);
      runs.add(columns);
      summary.add(static_cast<std::uint64_t>(std::get<std::int64_t>(row.back())), columns);
    });
    summary.finish();
  }

  void write_rows(const Table& table, TableFiles& files) {
    reader_.for_each_row(ordered_select(table, swept()), [&](std::span<const Cell> row) { files.add(row); });
  }

  std::vector<ExportedFile> commit() {
    for (const auto& table : files_) table->sync();
    columns_.sync();
    std::vector<ExportedFile> exported;
    for (const auto& table : files_) table->commit(exported);
    columns_.commit();
    exported.push_back({kColumnsFile, 0, columns_.sha256()});
    sync_directory(directory_);
    return exported;
  }

  std::filesystem::path directory_;
  const Tables& tables_;
  StoreReader reader_;
  std::vector<std::unique_ptr<TableFiles>> files_;  // [table], then the summary
  OutputFile columns_;
};

}  // namespace

std::vector<ExportedTable> exported_tables(const std::vector<SweptColumn>& swept, const Tables& tables) {
  std::vector<ExportedTable> exported;
  for (const Table& table : tables) exported.push_back({table.name, exported_columns(table, swept)});
  exported.push_back({"summary", summary_columns(tables.front(), swept)});
  return exported;
}

std::string columns_json(const std::vector<SweptColumn>& swept, const Tables& tables) {
  using Json = nlohmann::ordered_json;
  Json json;
  for (const ExportedTable& table : exported_tables(swept, tables))
    for (const ColumnInfo& column : table.columns)
      json[table.name].push_back({{"name", column.name},
                                  {"type", std::string(column_type_name(column.type))},
                                  {"unit", column.unit},
                                  {"meaning", column.meaning},
                                  {"definition", column.definition}});
  return Json{{"tables", json}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<ExportedFile> export_tables(const std::filesystem::path& directory, const ExportFormats& formats,
                                        const Tables& tables) {
  return Exporter(directory, formats, tables).run();
}

}  // namespace deadrelu
