#include "base/file_kind.h"

#include <algorithm>

namespace deadrelu {
namespace {

using enum FileFormat;
using namespace std::string_view_literals;

constexpr const char* kConvert = "convert it: python -m deadrelu convert FILE model.safetensors";
constexpr const char* kSaveAsCsv = "save it as CSV in the program that wrote it";
constexpr const char* kUnpack = "unpack it first";
constexpr const char* kPixels = "a table with a row an image is needed, as CSV, npy or IDX";

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view skip_blanks(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"sv)) text.remove_prefix(3);
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

// Letters of either case; `prefix` is lower case.
bool opens_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

// The name of a zip file's first entry (APPNOTE.TXT 4.3.7: its length at 26, itself from 30 on).
std::string_view first_entry(std::string_view start) {
  if (!start.starts_with("PK\3\4"sv) || start.size() < 30) return {};
  return start.substr(30,
                      static_cast<unsigned char>(start[26]) + 256u * static_cast<unsigned char>(start[27]));
}

bool is_torch_zip(std::string_view start) {
  const std::string_view entry = first_entry(start);
  return entry.ends_with("/data.pkl") || entry.ends_with("/version") || entry.ends_with("/.format_version");
}
bool is_keras(std::string_view start) {
  const std::string_view entry = first_entry(start);
  return entry == "metadata.json" || entry == "config.json" || entry == "model.weights.h5";
}
bool is_office(std::string_view start) {
  const std::string_view entry = first_entry(start);
  return entry == "[Content_Types].xml" || entry.starts_with("_rels/") || entry.starts_with("docProps/") ||
         entry.starts_with("xl/");
}
bool is_open_document(std::string_view start) { return first_entry(start) == "mimetype"; }
bool is_npz(std::string_view start) { return first_entry(start).ends_with(".npy"); }

// The length of the header in 8 bytes, low ones first, and then the header, a JSON object.
bool is_safetensors(std::string_view start) {
  return start.size() > 8 && start[5] == 0 && start[6] == 0 && start[7] == 0 && start[8] == '{';
}
// That length may begin as a pickle does.
bool is_pickle(std::string_view start) {
  return start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5 && !is_safetensors(start);
}
bool is_idx(std::string_view start) {
  if (start.size() < 4 || start[0] != 0 || start[1] != 0 || start[3] == 0) return false;
  return "\x08\x09\x0B\x0C\x0D\x0E"sv.find(start[2]) != std::string_view::npos;
}
// Every other byte of the first four is zero: two characters of ASCII.
bool is_bare_utf16(std::string_view start) {
  if (start.size() < 4) return false;
  const bool low_first = start[1] == 0 && start[3] == 0, high_first = start[0] == 0 && start[2] == 0;
  return low_first != high_first && start[low_first ? 0 : 1] > 8 && start[low_first ? 2 : 3] > 8;
}
bool is_html(std::string_view start) {
  const std::string_view text = skip_blanks(start);
  return opens_with(text, "<!doctype html") || opens_with(text, "<html");
}
bool is_xml(std::string_view start) { return opens_with(skip_blanks(start), "<?xml"); }

// Comments begin with %; where the first bytes hold nothing else, the rest is taken on trust.
bool is_arff(std::string_view start) {
  std::string_view text = skip_blanks(start);
  const bool comment = text.starts_with('%') && !text.starts_with("%PDF") && !text.starts_with("%!PS");
  while (text.starts_with('%')) text = skip_blanks(text.substr(std::min(text.find('\n'), text.size())));
  return opens_with(text, "@relation") || (comment && text.empty());
}
// An object, a list of objects or lists, or one object a line.
bool is_json(std::string_view start) {
  std::string_view text = skip_blanks(start);
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return false;
  const char opened = text[0];
  text = skip_blanks(text.substr(1));
  return text.empty() ||
         (opened == '{' ? "\"}/"sv : "{[]\"-0123456789/"sv).find(text[0]) != std::string_view::npos;
}
// "1 3:0.5 …"
bool is_libsvm(std::string_view start) {
  const std::string_view line = start.substr(0, start.find('\n'));
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || line.find_first_not_of("+-.0123456789") != blank) return false;
  const std::size_t colon = line.find_first_not_of("0123456789", blank + 1);
  return colon < line.size() && colon > blank + 1 && line[colon] == ':';
}
bool is_bzip2(std::string_view start) {
  return start.starts_with("BZh"sv) &&
         start.substr(std::min<std::size_t>(4, start.size())).starts_with("1AY&SY"sv);
}
bool is_text(std::string_view start) { return !start.empty() && start.find('\0') == std::string_view::npos; }
bool is_anything(std::string_view) { return true; }

// A row for each sign by which a kind is known: bytes at an offset, or a look at all of them. The first sign that is
// found counts.
struct Sign {
  using Look = bool (*)(std::string_view start);
  constexpr Sign(FileKind of, std::string_view there, std::size_t at = 0)
      : kind(of), bytes(there), offset(at) {}
  constexpr Sign(FileKind of, Look has_it) : kind(of), look(has_it) {}

  FileKind kind;
  std::string_view bytes = {};
  std::size_t offset = 0;
  Look look = nullptr;

  // A few letters may also begin a text (PAR1 a column's name): then a zero byte has to follow.
  bool is_in(std::string_view start) const {
    if (look != nullptr) return look(start);
    if (!start.substr(std::min(offset, start.size())).starts_with(bytes)) return false;
    const bool letters =
        bytes.size() < 6 && std::ranges::all_of(bytes, [](char c) { return c > ' ' && c < 0x7F; });
    return !letters || bytes[0] == '%' || start.find('\0') != std::string_view::npos;
  }
};

constexpr Sign kSigns[] = {
    {{kForeign, "a gzip file", kUnpack}, "\x1F\x8B"sv},
    {{kNpy, "a NumPy file (.npy)", "data.kind \"npy\" reads one"}, "\x93NUMPY"sv},
    {{kNpz, "a NumPy file (.npz)", "data.kind \"npz\" reads data from one, init.file parameters"}, is_npz},
    {{kForeign, "a PyTorch file", kConvert}, is_torch_zip},
    {{kForeign, "a PyTorch file", kConvert}, "\x80\2\x8A\x0Al\xFC\x9C\x46\xF9 j\xA8P\x19"sv},
    {{kForeign, "a Keras file", kConvert}, is_keras},
    {{kForeign, "an Excel file (xlsx)", kSaveAsCsv}, is_office},
    {{kForeign, "an OpenDocument file (ods)", kSaveAsCsv}, is_open_document},
    {{kForeign, "a zip archive", kUnpack}, "PK\3\4"sv},
    {{kForeign, "a zip archive", kUnpack}, "PK\5\6"sv},
    {{kForeign, "an Excel file (xls)", kSaveAsCsv}, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv},
    {{kForeign, "an HDF5 file",
      "a Keras network: python -m deadrelu convert FILE model.safetensors; data: write it as CSV or npy"},
     "\x89HDF\r\n\x1A\n"sv},
    {{kForeign, "a Parquet file", "pandas: pd.read_parquet(FILE).to_csv(\"data.csv\", index=False)"},
     "PAR1"sv},
    {{kForeign, "a Feather file", "pandas: pd.read_feather(FILE).to_csv(\"data.csv\", index=False)"},
     "ARROW1"sv},
    {{kForeign, "a Feather file", "pandas: pd.read_feather(FILE).to_csv(\"data.csv\", index=False)"},
     "FEA1"sv},
    {{kForeign, "an ORC file", "pandas: pd.read_orc(FILE).to_csv(\"data.csv\", index=False)"}, "ORC"sv},
    {{kForeign, "an Avro file", "write it as CSV"}, "Obj\1"sv},
    {{kForeign, "a pickle", "pandas or NumPy can load it and write it as CSV, npy or safetensors"},
     is_pickle},
    {{kForeign, "a GGUF file", ""}, "GGUF"sv},
    {{kForeign, "a MATLAB file", "scipy.io.loadmat reads it; write it as CSV or npy"},
     "MATLAB 5.0 MAT-file"sv},
    {{kForeign, "an SQLite database", "sqlite3 -header -csv FILE 'SELECT …' > data.csv"},
     "SQLite format 3\0"sv},
    {{kForeign, "a Stata file", "pandas: pd.read_stata(FILE).to_csv(\"data.csv\", index=False)"},
     "<stata_dta>"sv},
    {{kForeign, "an SPSS file", "pandas: pd.read_spss(FILE).to_csv(\"data.csv\", index=False)"}, "$FL2"sv},
    {{kForeign, "an R data file", "R: write.csv(x, \"data.csv\", row.names = FALSE)"}, "RDX"sv},
    {{kForeign, "a Git LFS pointer, not the file itself", "git lfs pull fetches it"},
     "version https://git-lfs"sv},
    {{kForeign, "a PDF file", ""}, "%PDF"sv},
    {{kForeign, "a PNG image", kPixels}, "\x89PNG\r\n\x1A\n"sv},
    {{kForeign, "a JPEG image", kPixels}, "\xFF\xD8\xFF"sv},
    {{kForeign, "a GIF image", kPixels}, "GIF8"sv},
    {{kForeign, "a TIFF image", kPixels}, "II*\0"sv},
    {{kForeign, "a TIFF image", kPixels}, "MM\0*"sv},
    {{kForeign, "a bzip2 file", kUnpack}, is_bzip2},
    {{kForeign, "an xz file", kUnpack},
     "\xFD"
     "7zXZ\0"sv},
    {{kForeign, "a Zstandard file", kUnpack}, "\x28\xB5\x2F\xFD"sv},
    {{kForeign, "a 7-Zip archive", kUnpack}, "7z\xBC\xAF\x27\x1C"sv},
    {{kForeign, "a RAR archive", kUnpack}, "Rar!\x1A\7"sv},
    {{kForeign, "a tar archive", kUnpack}, "ustar"sv, 257},
    {{kForeign, "a program (ELF)", ""},
     "\x7F"
     "ELF"sv},
    {{kSafetensors, "a safetensors file", "it holds a network's parameters: init.file reads them"},
     is_safetensors},
    {{kIdx, "an IDX file", "data.kind \"idx\" reads one"}, is_idx},
    {{kForeign, "a text in UTF-32", "iconv -f UTF-32 -t UTF-8 FILE > data.csv"}, "\xFF\xFE\0\0"sv},
    {{kForeign, "a text in UTF-32", "iconv -f UTF-32 -t UTF-8 FILE > data.csv"}, "\0\0\xFE\xFF"sv},
    {{kForeign, "a text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE > data.csv"}, "\xFF\xFE"sv},
    {{kForeign, "a text in UTF-16", "iconv -f UTF-16 -t UTF-8 FILE > data.csv"}, "\xFE\xFF"sv},
    {{kForeign, "a text in UTF-16", "iconv -f UTF-16LE -t UTF-8 FILE > data.csv"}, is_bare_utf16},
    {{kForeign, "an HTML page", "was a page downloaded instead of the file?"}, is_html},
    {{kForeign, "an XML file", ""}, is_xml},
    {{kForeign, "an ARFF file",
      "delete all lines up to @data, and comments (%); then it is CSV without a header"},
     is_arff},
    {{kJson, "a JSON file", "pandas: pd.read_json(FILE).to_csv(\"data.csv\", index=False)"}, is_json},
    {{kForeign, "a LIBSVM file", "scikit-learn's load_svmlight_file reads it; write it as CSV or npy"},
     is_libsvm},
    {{kText, "a text file", ""}, is_text},
    {{kUnknown, "a binary file of no known kind", ""}, is_anything},
};

}  // namespace

FileKind file_kind(std::string_view start) {
  start = start.substr(0, kFileStart);
  const auto* const found = std::ranges::find_if(kSigns, [&](const Sign& sign) { return sign.is_in(start); });
  return found->kind;
}

std::string foreign_file(const FileKind& found, std::string_view wanted) {
  std::string text = "is ";
  text.append(found.name).append(", not ").append(wanted);
  return *found.hint == '\0' ? text : text.append("; ").append(found.hint);
}

}  // namespace deadrelu
