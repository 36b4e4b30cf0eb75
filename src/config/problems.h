// The mistakes found in a config, gathered so that all of them are reported in one go.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "config/json_node.h"

namespace deadrelu {

// Where a mistake stands. Ordered as it is reported: the file's by line, then those of the --sets.
struct Place {
  int set = -1;  // number of the --set; -1: the file
  std::uint32_t line = 1;
  std::string pointer;  // JSON pointer; empty: the whole file
  auto operator<=>(const Place&) const = default;
};

Place place_of(const Node& node, std::string pointer);

struct Problem {
  Place place;
  std::string message;
  auto operator<=>(const Problem&) const = default;
};

// A set of problems: the same problem counts once, and past a hundred no more are kept.
class Problems {
 public:
  void add(Place place, std::string message);
  void add(const std::vector<Problem>& problems);
  void add(const Problems& others);
  bool empty() const { return problems_.empty(); }
  bool full() const { return problems_.size() >= kMost; }
  // `LABEL:LINE: /pointer: message`, or `--set PATH=VALUE: /pointer: message`, one a line.
  // `sets` are the texts of the --sets.
  std::string report(const std::string& label, const std::vector<std::string>& sets) const;

 private:
  static constexpr std::size_t kMost = 100;
  std::set<Problem> problems_;
};

// "; did you mean "x"?" with the nearest of `allowed`, or nothing where none is near.
std::string did_you_mean(const std::string& given, const std::vector<std::string>& allowed);

}  // namespace deadrelu
