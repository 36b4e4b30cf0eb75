// Files that tests of the readers write, and the sentence that a malformed one gets.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/error.h"

namespace deadrelu {

using Reals = std::vector<double>;
using Labels = std::vector<std::uint32_t>;

inline std::string write_file(const std::string& name, const std::string& bytes) {
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = testing::TempDir() + test + "_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string gzipped(const std::string& bytes) {
  const std::string path = write_file("packed.gz", "");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream packed(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(packed), std::istreambuf_iterator<char>()};
}

// An IDX file of unsigned bytes.
inline std::string idx_bytes(std::initializer_list<std::uint32_t> sizes,
                             const std::vector<std::uint8_t>& values, char type = 0x08) {
  std::string bytes = {0, 0, type, static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
  }
  return bytes.append(values.begin(), values.end());
}

// What the user is told when `action` fails; "" where it does not, and the exit code must be "input or
// output".
template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputOutput);
    return error.what();
  }
  return "";
}

}  // namespace deadrelu
