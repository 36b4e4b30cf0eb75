#include "config/run_id.h"

#include <openssl/evp.h>

#include <new>
#include <string>

#include "train/run_spec.h"

namespace deadrelu {

struct PointHash::State {
  State() : kind(EVP_MD_fetch(nullptr, "SHA256", nullptr)), point(EVP_MD_CTX_new()), run(EVP_MD_CTX_new()) {
    if (kind == nullptr || point == nullptr || run == nullptr) throw std::bad_alloc();
  }
  ~State() {
    EVP_MD_CTX_free(run);
    EVP_MD_CTX_free(point);
    EVP_MD_free(kind);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD* kind;
  EVP_MD_CTX* point;  // after the point's text
  EVP_MD_CTX* run;
};

PointHash::PointHash() : state_(std::make_unique<State>()) {}
PointHash::~PointHash() = default;

void PointHash::start(std::string_view point_text) {
  EVP_DigestInit_ex(state_->point, state_->kind, nullptr);
  EVP_DigestUpdate(state_->point, point_text.data(), point_text.size());
}

std::uint64_t PointHash::id(std::uint64_t seed) const {
  const std::string rest =
      "seed=" + std::to_string(seed) + "\nengine_epoch=" + std::to_string(kEngineEpoch) + '\n';
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_MD_CTX_copy_ex(state_->run, state_->point);
  EVP_DigestUpdate(state_->run, rest.data(), rest.size());
  EVP_DigestFinal_ex(state_->run, digest, nullptr);
  std::uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = id << 8 | digest[i];
  return id;
}

}  // namespace deadrelu
