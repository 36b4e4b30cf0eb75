#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <tuple>

namespace deadrelu {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The block of a counter and key given as 32-bit words, in Random123's order.
Words block_of(const Words& counter, std::array<std::uint32_t, 2> key) {
  const std::uint64_t seed = std::uint64_t{key[1]} << 32 | key[0];
  const std::uint64_t index = std::uint64_t{counter[1]} << 32 | counter[0];
  return random_block(seed, static_cast<Purpose>(counter[3]), counter[2], index);
}

// kat_vectors of the Random123 distribution, philox4x32 with 10 rounds.
TEST(Random, blocks_are_philox_4x32_10) {
  EXPECT_EQ(block_of({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(block_of({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(block_of({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, seed_purpose_stream_and_index_all_matter) {
  std::set<Words> blocks;
  std::size_t count = 0;
  for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32, (1ULL << 63) - 1}) {
    for (const Purpose purpose : {Purpose::kWeights, Purpose::kBiases, Purpose::kData, Purpose::kOrder}) {
      for (const std::uint32_t stream : {0U, 1U, 0xffffffffU}) {
        for (const std::uint64_t index : {0ULL, 1ULL, 1ULL << 32, 1ULL << 63}) {
          blocks.insert(random_block(seed, purpose, stream, index));
          ++count;
        }
      }
    }
  }
  EXPECT_EQ(blocks.size(), count);
}

// The midpoint of the cell that the first 52 of 64 random bits name.
TEST(Random, uniform_is_a_midpoint_of_2_to_the_52_cells) {
  for (std::uint64_t index = 0; index < 1000; ++index) {
    const Words block = random_block(5, Purpose::kWeights, 2, index);
    const std::uint64_t bits = std::uint64_t{block[1]} << 32 | block[0];
    const double cell = random_uniform(5, Purpose::kWeights, 2, index) * 0x1p52 - 0.5;
    ASSERT_EQ(static_cast<std::uint64_t>(cell), bits >> 12);
  }
}

TEST(Random, uniform_has_the_moments_of_the_uniform_distribution) {
  constexpr int kCount = 200000;
  double sum = 0, squares = 0, low = 1, high = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = random_uniform(7, Purpose::kData, 0, static_cast<std::uint64_t>(i));
    sum += u;
    squares += (u - 0.5) * (u - 0.5);
    low = std::min(low, u);
    high = std::max(high, u);
  }
  EXPECT_GT(low, 0);
  EXPECT_LT(high, 1);
  EXPECT_NEAR(sum / kCount, 0.5, 4 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 12, 4 * std::sqrt(1.0 / 180 / kCount));
}

TEST(Random, below_is_the_high_half_of_a_product) {
  for (std::uint64_t index = 0; index < 1000; ++index) {
    const Words block = random_block(9, Purpose::kReplacement, 0, index);
    // For a bound of 2^k the result is the top k of the 64 bits.
    ASSERT_EQ(random_below(9, Purpose::kReplacement, 0, index, 1ULL << 32), block[1]);
    ASSERT_EQ(random_below(9, Purpose::kReplacement, 0, index, 1ULL << 8), block[1] >> 24);
    ASSERT_EQ(random_below(9, Purpose::kReplacement, 0, index, 1), 0U);
  }
}

TEST(Random, below_takes_every_value_equally_often) {
  constexpr std::size_t kBound = 7, kCount = 70000;
  std::array<double, kBound> counts{};
  for (std::size_t i = 0; i < kCount; ++i) counts[random_below(3, Purpose::kReplacement, 0, i, kBound)] += 1;
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - 10000) * (count - 10000) / 10000;
  EXPECT_LT(chi_square,
            6 + 4 * std::sqrt(2.0 * 6));  // mean and standard deviation of chi² with 6 degrees of freedom
}

}  // namespace
}  // namespace deadrelu
