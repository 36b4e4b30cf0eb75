// What the fuzz targets share. A target is a function that takes any bytes: a sentence (UserError) is a fine
// answer, a crash, a sanitizer's report, a hang or much memory is none. With libFuzzer (preset fuzz) it looks
// for such bytes; without it, replay.cpp feeds it the files of corpus/.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace deadrelu::fuzzing {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A file in memory, with a path to open.
class InputFile {
 public:
  explicit InputFile(std::string_view content) : descriptor_(memfd_create("input", MFD_CLOEXEC)) {
    if (descriptor_ < 0) std::abort();
    if (write(descriptor_, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      std::abort();
  }
  ~InputFile() { close(descriptor_); }
  InputFile(const InputFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// Runs what may end with a sentence.
template <class Work>
void allow_sentences(const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    if (*error.what() == '\0') std::abort();
  }
}

// Runs what may not: for what the program wrote itself.
template <class Work>
void forbid_sentences(const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::abort();
  }
}

}  // namespace deadrelu::fuzzing
