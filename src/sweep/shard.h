// One of several equal parts of a sweep, for a process of its own.
#pragma once

#include <cstdint>

namespace deadrelu {

// Every count-th run of a sweep, from run `index` on: the shards 0 to count − 1 are disjoint and together
// complete, differ in size by one run at most, and share what is slow and what is quick in a sweep.
struct Shard {
  std::uint64_t index = 0, count = 1;

  bool is_whole() const { return count == 1; }
  bool contains(std::uint64_t position) const { return position % count == index; }
  // How many of the positions before `end` are in the shard.
  std::uint64_t size_before(std::uint64_t end) const { return end / count + (end % count > index ? 1 : 0); }
};

}  // namespace deadrelu
