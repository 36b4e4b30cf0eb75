// The files of one table, in every asked-for format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/export.h"
#include "store/output_file.h"

namespace deadrelu {

// Files start with the first row, or with open(). Throws UserError(kInputOutput).
class TableFiles {
 public:
  TableFiles(const std::filesystem::path& directory, std::string table, std::vector<std::string> columns,
             const ExportFormats& formats);

  void open();
  // One cell a column.
  void add(std::span<const Cell> row);
  void sync();
  // Gives the files their names and appends them to `exported`; where nothing was started, removes former
  // files.
  void commit(std::vector<ExportedFile>& exported);

 private:
  std::filesystem::path directory_;
  std::string table_;
  std::vector<std::string> columns_, json_keys_;  // {"a": · , "b": · …
  ExportFormats formats_;
  std::unique_ptr<OutputFile> csv_, jsonl_;
  std::string line_;
  std::uint64_t rows_ = 0;
  bool open_ = false;
};

}  // namespace deadrelu
