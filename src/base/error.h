// The one exception type for a user's mistakes, and the exit codes of the program.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace deadrelu {

enum class ExitCode : int {
  kOk = 0,
  kRunFailed = 1,    // a run could not be trained (a diverged run is a result, not a failure)
  kUsage = 2,        // usage or config error: nothing was run, nothing was written
  kNotMet = 3,       // an expectation of reproduce, verify, merge, critical or diagnose was not met
  kInputOutput = 4,  // unreadable or malformed input file, full disk, unwritable directory
};

// One mistake, and where it stands.
struct Mistake {
  std::string place;     // "sweep.json:12", "--set train.steps=0"; empty: in no text of the user's
  std::string pointer;   // JSON pointer in what stands there: "/train/steps"; empty: all of it
  std::string sentence;  // may hold several lines where there is no place
  std::string text() const {
    return (place.empty() ? "" : place + ": ") + (pointer.empty() ? "" : pointer + ": ") + sentence;
  }
};

// Mistakes of the user or of the machine, told in sentences. Thrown in config/, data/, store/ and cli/ only
// and caught once, in cli/; `what()` has their texts, one below the other.
class UserError : public std::runtime_error {
 public:
  UserError(ExitCode code, const std::string& sentence)
      : UserError(code, std::vector<Mistake>{{"", "", sentence}}) {}
  UserError(ExitCode code, std::vector<Mistake> mistakes)
      : std::runtime_error(text_of(mistakes)), code_(code), mistakes_(std::move(mistakes)) {}
  ExitCode code() const { return code_; }
  const std::vector<Mistake>& mistakes() const { return mistakes_; }

 private:
  static std::string text_of(const std::vector<Mistake>& mistakes) {
    std::string text;
    for (const Mistake& mistake : mistakes) text.append(text.empty() ? "" : "\n").append(mistake.text());
    return text;
  }

  ExitCode code_;
  std::vector<Mistake> mistakes_;
};

// Throws UserError(kInputOutput) "place: sentence"; a sentence with values is formatted.
[[noreturn]] inline void fail_input(const std::string& place, const std::string& sentence) {
  throw UserError(ExitCode::kInputOutput, place + ": " + sentence);
}
template <class... Values>
[[noreturn]] void fail_input(const std::string& place, fmt::format_string<Values...> sentence,
                             Values&&... values) {
  fail_input(place, fmt::format(sentence, std::forward<Values>(values)...));
}

}  // namespace deadrelu
