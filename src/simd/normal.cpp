#include "simd/normal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr std::size_t kBlock = 256;  // draws at a time; the scratch stays in the L1 cache

double unit_interval(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace

void fill_normal(std::span<double> out, std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                 std::uint64_t first_index) {
  std::array<double, kBlock> scratch;
  for (std::size_t from = 0; from < out.size(); from += kBlock) {
    const std::span<double> sines = out.subspan(from, std::min(kBlock, out.size() - from));
    const std::span<double> logs = std::span(scratch).first(sines.size());
    for (std::size_t j = 0; j < sines.size(); ++j) {
      const auto words = random_block(seed, purpose, stream, first_index + from + j);
      logs[j] = unit_interval(words[0], words[1]);
      sines[j] = 2 * std::numbers::pi * unit_interval(words[2], words[3]);
    }
    vector_log(logs);
    vector_sin(sines);
    for (std::size_t j = 0; j < sines.size(); ++j) sines[j] *= std::sqrt(-2 * logs[j]);
  }
}

}  // namespace deadrelu
