// Other programs, started without a shell.
#pragma once

#include <string>
#include <vector>

namespace deadrelu {

struct ProgramResult {
  bool started = false;
  int exit_code = -1;  // 128 + n where a signal ended it
  std::string output;  // standard output and standard error
  bool succeeded() const { return started && exit_code == 0; }
};

// Runs a program that is looked for in PATH, with an empty standard input, and waits for its end.
ProgramResult run_program(const std::vector<std::string>& command);

}  // namespace deadrelu
