// SHA-256 of bytes as they pass by, and of files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace deadrelu {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // 64 hex digits; ends the digest.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Hex SHA-256 of a file. Throws UserError(kInputOutput).
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace deadrelu
