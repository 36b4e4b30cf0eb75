// main() of a fuzz target that is built without libFuzzer: runs it once on every file of the folders that are
// given.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "fuzzing.h"

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') continue;  // an option for libFuzzer
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      const std::string bytes = text.str();
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++files;
    }
  }
  std::cout << files << " files\n";
  return files > 0 ? 0 : 1;
}
