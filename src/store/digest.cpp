#include "store/digest.h"

#include <cerrno>
#include <cstdio>
#include <new>

#include <openssl/evp.h>

#include "store/store_error.h"

namespace deadrelu {

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

}  // namespace deadrelu
