// JSON texts with comments as documents, and the mistakes found in them: each with its line and pointer, all at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace deadrelu {

// Keys in file order. Whole numbers are number_integer where 64 bits with a sign hold them, else number_float.
using Json = nlohmann::ordered_json;

inline constexpr std::size_t kMostJsonBytes = std::size_t{64} << 20;
inline constexpr std::size_t kDeepestNesting = 64;

// A JSON pointer one level down; '~' and '/' in the key are escaped (RFC 6901).
std::string child_pointer(const std::string& pointer, std::string_view key);
std::string child_pointer(const std::string& pointer, std::size_t index);

// How many bytes from the start are valid UTF-8 (RFC 3629).
std::size_t valid_utf8(std::string_view text);

// The text in JSON quotes, with U+FFFD for what is not UTF-8 (only messages can hold such).
std::string json_quoted(std::string_view text);

// The one text of a value that ids and tables use: compact, and 1, 1.0 and 1e0 have the same.
std::string canonical_json(const Json& value);

// Whether it is a text, without a character.
bool is_empty_text(const Json& value);

// For error messages: `the text "abc"`, `1.5`, `a list`, …
std::string describe(const Json& value);

// "; did you mean "x"?" with the nearest of `allowed`, or nothing where none is near.
std::string did_you_mean(const std::string& given, const std::vector<std::string>& allowed);

inline bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// Finds the member of an object; null where the object has no such key, or where it is no object.
const Json* find_member(const Json& object, std::string_view key);

// Whether the number is whole, written as 100, 100.0 or 1e2; and as such.
bool is_whole(const Json& number);
std::int64_t to_whole(const Json& number);

// The mistakes of one text and of its --sets, gathered so that all of them are reported in one go. The same mistake
// counts once, and past a hundred no more are kept.
class Problems {
 public:
  static constexpr int kFile = -1;  // in place of the number of a --set

  // At a pointer; the line is looked up when it is reported.
  void add(const std::string& pointer, const std::string& message) {
    add_at(set_of(pointer), 0, pointer, message);
  }
  // `line`: 0 where it is to be looked up.
  void add_at(int set, std::uint32_t line, const std::string& pointer, const std::string& message);
  void add(const Problems& others) {
    for (const auto& p : others.found_) add_at(p.set, p.line, p.pointer, p.message);
  }
  // What stands at the pointer and below comes from a --set.
  void came_from(const std::string& pointer, int set) { sets_.emplace_back(pointer, set); }

  // Without any, for what comes from the same file and --sets.
  Problems fresh() const {
    Problems none;
    none.sets_ = sets_;
    return none;
  }

  bool empty() const { return found_.empty(); }
  std::size_t size() const { return found_.size(); }
  bool full() const { return found_.size() >= kMost; }

  // Each with the place `LABEL:LINE` or `--set PATH=VALUE`: the file's by line, then those of the --sets. `text` is
  // the file's; `sets` are the texts of the --sets.
  std::vector<Mistake> report(std::string_view text, const std::string& label,
                              const std::vector<std::string>& sets = {}) const;

 private:
  struct Problem {
    int set;
    std::uint32_t line;
    std::string pointer, message;
    auto operator<=>(const Problem&) const = default;
  };
  static constexpr std::size_t kMost = 100;
  int set_of(std::string_view pointer) const;

  std::set<Problem> found_;
  std::vector<std::pair<std::string, int>> sets_;
};

// Reads one JSON document; // and /* */ comments are skipped. Duplicate keys are problems, of which the first value
// counts. Returns false, with the problem added, where the text cannot be read at all (syntax, encoding, nesting).
bool read_json(std::string_view text, int set, Json& document, Problems& problems);

// Looks up the line of every pointer, or of what is nearest above it; for a text that read_json takes.
void find_lines(std::string_view text, std::map<std::string, std::uint32_t>& pointers);

// Reads a file, "-" being standard input. Throws UserError(kInputOutput) where it cannot be opened or read, is a
// directory, or is larger than kMostJsonBytes; with `only_regular` also where it is a pipe or a device.
std::string read_text_file(const std::string& path, bool only_regular);

}  // namespace deadrelu
