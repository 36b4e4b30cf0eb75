#include "store/table_files.h"

#include <utility>

#include "store/json_text.h"

namespace deadrelu {

TableFiles::TableFiles(const std::filesystem::path& directory, std::string table,
                       std::vector<std::string> columns, const ExportFormats& formats)
    : directory_(directory), table_(std::move(table)), columns_(std::move(columns)), formats_(formats) {
  for (const std::string& column : columns_) {
    std::string key = json_keys_.empty() ? "{" : ", ";
    append_json_text(key, column);
    json_keys_.push_back(key + ": ");
  }
}

void TableFiles::open() {
  if (open_) return;
  open_ = true;
  if (formats_.jsonl) jsonl_ = std::make_unique<OutputFile>(directory_, table_ + ".jsonl");
  if (!formats_.csv) return;
  csv_ = std::make_unique<OutputFile>(directory_, table_ + ".csv");
  std::string header;
  for (const std::string& column : columns_) {
    if (!header.empty()) header += ',';
    append_csv_cell(header, column);
  }
  csv_->write(header + "\n");
}

void TableFiles::add(std::span<const Cell> row) {
  open();
  ++rows_;
  if (csv_) {
    line_.clear();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line_ += ',';
      append_csv_cell(line_, row[i]);
    }
    csv_->write(line_ += '\n');
  }
  if (jsonl_) {
    line_.clear();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line_ += json_keys_[i];
      append_json_cell(line_, row[i]);
    }
    jsonl_->write(line_ += "}\n");
  }
}

void TableFiles::sync() {
  if (csv_) csv_->sync();
  if (jsonl_) jsonl_->sync();
}

void TableFiles::commit(std::vector<ExportedFile>& exported) {
  for (OutputFile* file : {csv_.get(), jsonl_.get()}) {
    if (file == nullptr) continue;
    file->commit();
    exported.push_back({file->name(), rows_, file->sha256()});
  }
  if (open_) return;
  for (const char* extension : {".csv", ".jsonl"}) {
    std::error_code error;
    std::filesystem::remove(directory_ / (table_ + extension), error);
  }
}

}  // namespace deadrelu
