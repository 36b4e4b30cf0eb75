#include "base/enum_names.h"

#include <algorithm>
#include <vector>

namespace deadrelu {
namespace {

constexpr std::size_t kShortestPrefix = 3;  // "lin" begins "linear"; a single letter begins too many names
constexpr std::size_t kLongestName = 256;   // longer ones are no typing mistake

bool begins(std::string_view name, std::string_view prefix) {
  return prefix.size() >= kShortestPrefix && name.starts_with(prefix);
}

// ASCII letters only: names of keys and activations, and most column names.
std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Optimal string alignment distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> before_last(width), last(width), row(width);
  for (std::size_t j = 0; j < width; ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view given, std::span<const std::string> allowed) {
  if (given.size() > kLongestName) return "";
  const std::string meant = lower_case(given);
  std::string nearest;
  std::size_t nearest_distance = kLongestName;
  for (const std::string& name : allowed) {
    if (name.size() > kLongestName) continue;
    const std::string lower = lower_case(name);
    const std::size_t distance = edit_distance(meant, lower);
    const bool near =
        3 * distance <= std::max(meant.size(), lower.size()) || begins(lower, meant) || begins(meant, lower);
    if (near && distance < nearest_distance) {
      nearest = name;
      nearest_distance = distance;
    }
  }
  return nearest;
}

}  // namespace deadrelu
