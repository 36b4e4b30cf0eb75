#include "store/read_only.h"

#include <system_error>

namespace deadrelu {
namespace {

// The path as part of a URI.
std::string escaped(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%' && c != '?' && c != '#') {
      text += c;
    } else {
      text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

}  // namespace

bool has_journal(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file.string() + "-wal", error) ||
         std::filesystem::exists(file.string() + "-journal", error);
}

std::string read_only_uri(const std::filesystem::path& file, bool at_rest) {
  // A store at rest is read without locks, or SQLite would make -wal and -shm files beside it.
  return "file:" + escaped(std::filesystem::absolute(file).string()) + "?mode=ro" +
         (at_rest ? "&immutable=1" : "&readonly_shm=1");
}

FileState::FileState(const std::filesystem::path& file) {
  struct stat info;
  if (stat(file.c_str(), &info) != 0) return;
  inode = info.st_ino;
  size = info.st_size;
  modified = info.st_mtim;
}

bool FileState::operator==(const FileState& other) const {
  return inode == other.inode && size == other.size && modified.tv_sec == other.modified.tv_sec &&
         modified.tv_nsec == other.modified.tv_nsec;
}

}  // namespace deadrelu
