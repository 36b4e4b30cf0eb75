#include "config/problems.h"

#include "base/names.h"

namespace deadrelu {

Place place_of(const Node& node, std::string pointer) { return {node.set, node.line, std::move(pointer)}; }

void Problems::add(Place place, std::string message) {
  if (!full()) problems_.insert({std::move(place), std::move(message)});
}

void Problems::add(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) add(problem.place, problem.message);
}

void Problems::add(const Problems& others) {
  for (const Problem& problem : others.problems_) add(problem.place, problem.message);
}

std::string Problems::report(const std::string& label, const std::vector<std::string>& sets) const {
  std::string text;
  for (const auto& [place, message] : problems_) {
    if (!text.empty()) text += '\n';
    if (place.set >= 0) {
      text += "--set " + sets[static_cast<std::size_t>(place.set)] + ": ";
    } else {
      text += label + ':' + std::to_string(place.line) + ": ";
    }
    if (!place.pointer.empty()) text += place.pointer + ": ";
    text += message;
  }
  if (full()) text += "\n(there may be more)";
  return text;
}

std::string did_you_mean(const std::string& given, const std::vector<std::string>& allowed) {
  const std::string nearest = nearest_name(given, allowed);
  return nearest.empty() ? "" : "; did you mean " + json_quoted(nearest) + "?";
}

}  // namespace deadrelu
