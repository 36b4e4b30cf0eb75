#include "store/output_file.h"

#include <cstdio>
#include <new>

#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "store/connection.h"

namespace deadrelu {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

FileLock start(const std::filesystem::path& file) {
  std::optional<FileLock> lock = FileLock::acquire(file);
  if (!lock) fail_input(file, "another process is writing this file");
  if (ftruncate(lock->descriptor(), 0) != 0) throw_system_error(file, "cannot be written", errno);
  return std::move(*lock);
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string Sha256::hex() {
  static constexpr char kDigits[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest, &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256_of_file(const std::filesystem::path& file) {
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  const std::unique_ptr<std::FILE, Close> stream(std::fopen(file.c_str(), "rb"));
  if (!stream) throw_system_error(file, "cannot be read", errno);
  Sha256 digest;
  std::string block(std::size_t{1} << 16, '\0');
  std::size_t count;
  while ((count = std::fread(block.data(), 1, block.size(), stream.get())) > 0)
    digest.update(std::string_view(block).substr(0, count));
  if (std::ferror(stream.get())) throw_system_error(file, "cannot be read", errno);
  return digest.hex();
}

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
