#include "data/input_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace deadrelu {

OpenFile open_input(const std::string& path) {
  // Not blocking: opening a pipe that nobody writes to would wait for ever.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail_input(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    fail_input(path, S_ISDIR(status.st_mode) ? "is a directory, a file is needed" : "is not a regular file");
  }
  return {descriptor, static_cast<std::uint64_t>(status.st_size)};
}

Bytes map_file(const std::string& path) {
  const auto [descriptor, size] = open_input(path);
  void* const mapped = size > 0 ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  const int error = errno;
  close(descriptor);
  if (mapped == nullptr) fail_input(path, "is empty");
  if (mapped == MAP_FAILED) fail_input(path, std::string("cannot be mapped: ") + std::strerror(error));
  return {{static_cast<const std::byte*>(mapped),
           [length = size](const std::byte* first) { munmap(const_cast<std::byte*>(first), length); }},
          size};
}

namespace {

constexpr unsigned kBufferBytes = 256 * 1024;
constexpr std::uint64_t kBestRatio = 1032;                  // 258 bytes in two bits
constexpr std::size_t kLongestRead = std::size_t{1} << 30;  // zlib counts in int

bool starts_with_gzip_magic(int descriptor) {
  unsigned char magic[2] = {0, 0};
  return pread(descriptor, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

}  // namespace

ByteSource::ByteSource(const std::string& path) : path_(path) {
  const auto [descriptor, size] = open_input(path);
  if (!starts_with_gzip_magic(descriptor)) plain_size_ = size;
  if (__builtin_mul_overflow(size, plain_size_ ? 1 : kBestRatio, &most_bytes_)) most_bytes_ = UINT64_MAX;
  file_ = gzdopen(descriptor, "rb");
  if (file_ == nullptr) {
    close(descriptor);
    fail("cannot be opened: out of memory");
  }
  gzbuffer(file_, kBufferBytes);
}

ByteSource::~ByteSource() { gzclose_r(file_); }

std::string_view ByteSource::start() {
  if (start_.empty()) {
    std::string start(kFileStart, '\0');
    start.resize(read(start.data(), start.size()));
    start_ = std::move(start);
  }
  return start_;
}

void ByteSource::require(FileFormat format, std::string_view wanted) {
  const FileKind found = file_kind(start());
  if (found.format != format && found.format != FileFormat::kUnknown) fail(foreign_file(found, wanted));
}

std::size_t ByteSource::read(void* to, std::size_t size) {
  std::size_t done = std::min(size, start_.size());
  std::copy_n(start_.data(), done, static_cast<char*>(to));
  start_.erase(0, done);
  while (done < size) {
    const auto wanted = static_cast<unsigned>(std::min(size - done, kLongestRead));
    errno = 0;
    const int got = gzread(file_, static_cast<char*>(to) + done, wanted);
    if (got > 0) done += static_cast<std::size_t>(got);
    if (got == static_cast<int>(wanted)) continue;
    int error = Z_OK;
    const char* reason = gzerror(file_, &error);
    if (error == Z_ERRNO) fail(std::string("cannot be read: ") + std::strerror(errno));
    if (error == Z_BUF_ERROR) fail("is a corrupt gzip file: it ends early");
    if (error != Z_OK && error != Z_STREAM_END) fail(std::string("is a corrupt gzip file: ") + reason);
    break;
  }
  return done;
}

void ByteSource::fail(const std::string& text) const { fail_input(path_, text); }

}  // namespace deadrelu
