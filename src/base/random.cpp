#include "base/random.h"

#include <cassert>

#include <Random123/philox.h>

namespace deadrelu {

std::array<std::uint32_t, 4> random_block(std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                                          std::uint64_t index) {
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(index),
                                               static_cast<std::uint32_t>(index >> 32), stream,
                                               static_cast<std::uint32_t>(purpose)}};
  const r123::Philox4x32::ctr_type block = r123::Philox4x32()(counter, key);
  return {block[0], block[1], block[2], block[3]};
}

namespace {

std::uint64_t random_bits(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t index) {
  const auto block = random_block(seed, purpose, stream, index);
  return static_cast<std::uint64_t>(block[1]) << 32 | block[0];
}

}  // namespace

double random_uniform(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t index) {
  return (static_cast<double>(random_bits(seed, purpose, stream, index) >> 12) + 0.5) * 0x1p-52;
}

std::uint64_t random_below(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t index,
                           std::uint64_t bound) {
  assert(bound > 0);
  const unsigned __int128 product =
      static_cast<unsigned __int128>(random_bits(seed, purpose, stream, index)) * bound;
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace deadrelu
