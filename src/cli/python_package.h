// The Python package `deadrelu`, which draws what the program measures.
#pragma once

#include <map>
#include <string>

namespace deadrelu {

// Hands a command over to the package: this process becomes Python's, which is $DEADRELU_PYTHON, else the python3 beside
// the program, as in a virtual environment, else the one in PATH. Empty options are left out. Throws
// UserError(kInputOutput) where there is no Python; returns never.
[[noreturn]] void hand_over_to_package(const std::string& command,
                                       const std::map<std::string, std::string>& options);

}  // namespace deadrelu
