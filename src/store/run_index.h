// Which runs are recorded, and their numbers in the store: 16 bytes a run.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace deadrelu {

// A sorted vector, and a small table of what came since it was sorted last.
class RunIndex {
 public:
  RunIndex() = default;
  explicit RunIndex(std::vector<std::pair<std::uint64_t, std::uint64_t>> entries)
      : sorted_(std::move(entries)) {
    std::sort(sorted_.begin(), sorted_.end());
  }

  std::optional<std::uint64_t> find(std::uint64_t id) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), std::pair(id, std::uint64_t{0}));
    if (at != sorted_.end() && at->first == id) return at->second;
    const auto recent = recent_.find(id);
    return recent == recent_.end() ? std::nullopt : std::optional(recent->second);
  }

  // REQUIRES: the id is not there yet.
  void insert(std::uint64_t id, std::uint64_t number) {
    assert(!find(id));
    recent_.emplace(id, number);
    if (recent_.size() >= std::max<std::size_t>(kRecent, sorted_.size() / 16)) merge();
  }

  std::size_t size() const { return sorted_.size() + recent_.size(); }

 private:
  static constexpr std::size_t kRecent = 16384;

  void merge() {
    const auto middle = static_cast<std::ptrdiff_t>(sorted_.size());
    sorted_.insert(sorted_.end(), recent_.begin(), recent_.end());
    std::sort(sorted_.begin() + middle, sorted_.end());
    std::inplace_merge(sorted_.begin(), sorted_.begin() + middle, sorted_.end());
    recent_.clear();
  }

  std::vector<std::pair<std::uint64_t, std::uint64_t>> sorted_;  // (id, number)
  std::unordered_map<std::uint64_t, std::uint64_t> recent_;
};

}  // namespace deadrelu
