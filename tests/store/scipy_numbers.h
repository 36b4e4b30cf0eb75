// What SciPy computes: tests/reference/scipy_numbers.py made the file.
#pragma once

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

namespace deadrelu {

inline nlohmann::json scipy_numbers() {
  const auto tests = std::filesystem::path(__FILE__).parent_path().parent_path();
  return nlohmann::json::parse(std::ifstream(tests / "reference" / "scipy_numbers.json"));
}

}  // namespace deadrelu
