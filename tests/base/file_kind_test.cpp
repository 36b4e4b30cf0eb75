#include "base/file_kind.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace deadrelu {
namespace {

using namespace std::string_literals;

std::string zip(const std::string& first_entry) {
  std::string header = "PK\3\4" + std::string(22, '\0');
  header += static_cast<char>(first_entry.size());
  return header + "\0\0\0"s + first_entry + "\x12\x34"s;
}

TEST(FileKind, a_file_is_named_by_its_first_bytes) {
  const std::string long_comment = "% " + std::string(2 * kFileStart, 'x');
  const std::vector<std::pair<std::string, std::string>> files = {
      {zip("xl/workbook.xml"), "an Excel file (xlsx)"},
      {zip("[Content_Types].xml"), "an Excel file (xlsx)"},
      {zip("mimetype"), "an OpenDocument file (ods)"},
      {zip("archive/data.pkl"), "a PyTorch file"},
      {zip("metadata.json"), "a Keras file"},
      {zip("inputs.npy"), "a NumPy file (.npz)"},
      {zip("data.csv"), "a zip archive"},
      {"\x93NUMPY\1\0"s, "a NumPy file (.npy)"},
      {"PAR1\x15\0\x15"s, "a Parquet file"},
      {"ARROW1\0\0"s, "a Feather file"},
      {"\x89HDF\r\n\x1A\n"s, "an HDF5 file"},
      {"\x80\x04\x95\0\0"s, "a pickle"},
      {"\x80\2\x8A\x0Al\xFC\x9C\x46\xF9 j\xA8P\x19."s, "a PyTorch file"},
      {"\x48\0\0\0\0\0\0\0{\"w\":"s, "a safetensors file"},
      {"\x80\4\0\0\0\0\0\0{\"w\":"s, "a safetensors file"},  // no pickle
      {"\0\0\x08\3\0\0\0\1"s, "an IDX file"},
      {"\xFF\xFE"
       "a\0,\0"s,
       "a text in UTF-16"},
      {"\xFE\xFF\0a\0,"s, "a text in UTF-16"},
      {"a\0,\0y\0"s, "a text in UTF-16"},
      {"\0a\0,\0y"s, "a text in UTF-16"},
      {"\xFF\xFE\0\0a\0\0\0"s, "a text in UTF-32"},
      {"% iris\n%\n\n@RELATION iris\n", "an ARFF file"},
      {"@relation iris\n", "an ARFF file"},
      {long_comment, "an ARFF file"},
      {"%PDF-1.7\n%\xE2\xE3\n", "a PDF file"},
      {"\n<!DOCTYPE html>\n<html>", "an HTML page"},
      {"<html lang=\"en\">", "an HTML page"},
      {"<?xml version=\"1.0\"?>", "an XML file"},
      {"{\"data\": {\"kind\"", "a JSON file"},
      {"[\n  {\"x\": 1}", "a JSON file"},
      {"\x89PNG\r\n\x1A\n"s, "a PNG image"},
      {"\xFF\xD8\xFF\xE0"s, "a JPEG image"},
      {"\x1F\x8B\x08"s, "a gzip file"},
      {"BZh91AY&SY\x12"s, "a bzip2 file"},
      {"SQLite format 3\0"s, "an SQLite database"},
      {std::string(257, 'n') + "ustar\0"s, "a tar archive"},
      {"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer, not the file itself"},
      {"+1 3:1 11:0.5\n", "a LIBSVM file"},
      {"a,b,y\n1,2,3\n", "a text file"},
      {"\xEF\xBB\xBF"
       "a,b,y\n",
       "a text file"},
      {"PAR1,PAR2,y\n1,2,3\n", "a text file"},
      {"ORC count,y\n1,3\n", "a text file"},
      {"[kg],y\n1,3\n", "a text file"},
      {"1 3 4\n", "a text file"},
      {"12:30 3 4\n", "a text file"},
      {"a\0b"s, "a binary file of no known kind"},
      {"", "a binary file of no known kind"},
  };
  for (const auto& [start, name] : files) EXPECT_EQ(file_kind(start).name, name) << start;
}

// A file may be cut anywhere.
TEST(FileKind, no_start_is_too_short) {
  for (const std::string& whole :
       {zip("archive/data.pkl"), "\xFF\xFE\0\0a"s, "% x\n@relation"s, "-1 12:"s, "[ "s})
    for (std::size_t size = 0; size <= whole.size(); ++size)
      EXPECT_STRNE(file_kind(whole.substr(0, size)).name, "");
}

TEST(FileKind, the_sentence_says_what_it_is_what_is_needed_and_what_to_do) {
  EXPECT_EQ(foreign_file(file_kind(zip("xl/workbook.xml")), "a CSV file"),
            "is an Excel file (xlsx), not a CSV file; save it as CSV in the program that wrote it");
  EXPECT_EQ(foreign_file(file_kind("%PDF-1.7"), "a CSV file"), "is a PDF file, not a CSV file");
}

}  // namespace
}  // namespace deadrelu
