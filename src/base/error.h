// The one exception type for a user's mistakes, and the exit codes of the program.
#pragma once

#include <stdexcept>
#include <string>

namespace deadrelu {

enum class ExitCode : int {
  kOk = 0,
  kRunFailed = 1,    // a run could not be trained (a diverged run is a result, not a failure)
  kUsage = 2,        // usage or config error: nothing was run, nothing was written
  kNotMet = 3,       // an expectation of reproduce, verify or merge was not met
  kInputOutput = 4,  // unreadable or malformed input file, full disk, unwritable directory
};

// A mistake of the user or of the machine, told in a sentence. Thrown in config/, data/, store/ and cli/ only
// and caught once, in cli/; `what()` may hold several lines, one mistake each.
class UserError : public std::runtime_error {
 public:
  UserError(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace deadrelu
