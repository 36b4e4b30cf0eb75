// What a file is, told by its first bytes: so that a reader can name what it was given instead.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deadrelu {

// Those that the program reads, and the rest.
enum class FileFormat { kText, kJson, kIdx, kNpy, kNpz, kSafetensors, kForeign, kUnknown };

struct FileKind {
  FileFormat format = FileFormat::kUnknown;
  const char* name = "";  // with its article: "a Parquet file"
  const char* hint = "";  // what to do with one, where something else is needed; "": nothing is known to help
};

inline constexpr std::size_t kFileStart = 4096;  // as many first bytes tell all kinds

// The kind of a file that begins with `start`: its first kFileStart bytes, or all where it has fewer; of a
// gzip file the unpacked ones, else it is one. Text is what has no zero byte and looks like nothing else;
// unknown is what is neither, and the empty file.
FileKind file_kind(std::string_view start);

// "is a Parquet file, not a CSV file; read it with …": a sentence's end. `wanted` comes with its article.
std::string foreign_file(const FileKind& found, std::string_view wanted);

}  // namespace deadrelu
