// Run ids: a hash of everything that decides a run's numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace deadrelu {

// The first 8 bytes (big endian) of SHA-256 of a point's canonical text, the seed and the engine epoch. The
// point's text is hashed once for all of its seeds.
class PointHash {
 public:
  PointHash();
  ~PointHash();
  void start(std::string_view point_text);
  std::uint64_t id(std::uint64_t seed) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
