#include "store/output_file.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "store/store_error.h"

namespace deadrelu {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

FileLock start(const std::filesystem::path& file) {
  std::optional<FileLock> lock = FileLock::acquire(file);
  if (!lock)
    throw UserError(ExitCode::kInputOutput, file.string() + ": another process is writing this file");
  if (ftruncate(lock->descriptor(), 0) != 0) throw_system_error(file, "cannot be written", errno);
  return std::move(*lock);
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& directory, const std::string& name)
    : directory_(directory), name_(name), lock_(start(directory / ("." + name + ".tmp"))) {}

OutputFile::~OutputFile() {
  if (lock_) lock_->remove_file();
}

void OutputFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) write_out();
}

void OutputFile::write_out() {
  digest_.update(buffer_);
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t count = ::write(lock_->descriptor(), buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error(directory_ / name_, "cannot be written", errno);
    done += static_cast<std::size_t>(count);
  }
  buffer_.clear();
}

void OutputFile::sync() {
  write_out();
  if (fsync(lock_->descriptor()) != 0 && errno != EINVAL && errno != ENOTSUP)
    throw_system_error(directory_ / name_, "cannot be written", errno);
  sha256_ = digest_.hex();
}

void OutputFile::commit() {
  if (sha256_.empty()) sync();
  if (std::rename(lock_->path().c_str(), (directory_ / name_).c_str()) != 0)
    throw_system_error(directory_ / name_, "cannot be written", errno);
  lock_.reset();
}

void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace deadrelu
