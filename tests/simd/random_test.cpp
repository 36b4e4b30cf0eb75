#include "simd/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "lane_testing.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

template <class T>
class Random : public ::testing::Test {};
TYPED_TEST_SUITE(Random, Precisions);

std::vector<std::uint64_t> seeds_of(std::size_t lanes) {
  std::vector<std::uint64_t> seeds;
  for (std::size_t lane = 0; lane < lanes; ++lane) seeds.push_back(0xFEDCBA9876543210u * (lane + 1) + lane);
  return seeds;
}

constexpr std::uint64_t kFirsts[] = {0, 77, 0xFFFFFFF0u,
                                     0xFFFFFFFFFFFFFFF0u};  // with a carry, and around the end

TYPED_TEST(Random, uniform_numbers_are_made_of_each_lanes_blocks) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    const std::vector<std::uint64_t> seeds = seeds_of(lanes);
    std::vector<double> lower, width;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      lower.push_back(0.125 - double(lane));
      width.push_back(1.0 / 3 + double(lane));
    }
    for (const std::uint64_t first : kFirsts) {
      for (const std::size_t words : {1, 3, 4}) {
        for (const std::size_t count : {1, 2, 7, 33}) {
          TestMatrix<T> drawn(words + 1, count, lanes, 1), expected(words + 1, count, lanes, 1);
          kernels.random->uniform({seeds.data(), Purpose::kSlope, 5, first, 3}, lower.data(), width.data(),
                                  drawn.view().row_range(0, words));
          expected.fill([&](std::size_t word, std::size_t i, std::size_t lane) {
            const auto block = random_block(seeds[lane], Purpose::kSlope, 5, first + 3 * i);
            return word == words ? 0 : lower[lane] + width[lane] * ((block[word] + 0.5) * 0x1p-32);
          });
          expect_same_bits(drawn, expected);
        }
      }
    }
  });
}

TYPED_TEST(Random, normal_numbers_are_those_of_each_lanes_stream) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    const std::vector<std::uint64_t> seeds = seeds_of(lanes);
    for (const std::uint64_t first : kFirsts) {
      for (const std::size_t count : {1, 2, 7, 33}) {
        const std::size_t whole = (count * lanes + kernels.vector - 1) / kernels.vector * kernels.vector;
        Buffer<T> drawn(whole);
        kernels.random->normal({seeds.data(), Purpose::kPerturbation, 5, first, 1}, count, drawn.data());
        std::vector<double> expected(count);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          fill_normal(expected, seeds[lane], Purpose::kPerturbation, 5, first);
          for (std::size_t i = 0; i < count; ++i)
            ASSERT_EQ(drawn[i * lanes + lane], static_cast<T>(expected[i])) << first << ' ' << i;
        }
      }
    }
  });
}

TYPED_TEST(Random, examples_are_drawn_from_each_lanes_blocks) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, vector = kernels.vector;
    const std::vector<std::uint64_t> seeds = seeds_of(lanes);
    for (const std::uint64_t first : kFirsts) {
      for (const std::uint32_t bound : {1u, 10u, 1000003u, 1u << 31, 0xFFFFFFFFu}) {
        for (const std::size_t count : {1, 2, 7, 33}) {
          const std::size_t whole = (count * lanes + vector - 1) / vector * vector;
          std::vector<std::uint32_t> drawn(whole + 1, 123);
          kernels.order->draw({seeds.data(), Purpose::kReplacement, 0, first, 1}, bound, count, drawn.data());
          for (std::size_t i = 0; i < count * lanes; ++i)
            ASSERT_EQ(drawn[i],
                      random_below(seeds[i % lanes], Purpose::kReplacement, 0, first + i / lanes, bound));
          EXPECT_EQ(drawn[whole], 123u);
        }
      }
    }
  });
}

TYPED_TEST(Random, masks_are_made_of_the_halves_of_each_lanes_words) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    const std::vector<std::uint64_t> seeds = seeds_of(lanes);
    std::vector<std::uint32_t> dropped;
    std::vector<T> kept;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      dropped.push_back(lane == 1 ? 65536 : static_cast<std::uint32_t>(30000 * lane % 65536));
      kept.push_back(static_cast<T>(1.5 + double(lane)));
    }
    for (const std::uint64_t first : kFirsts) {
      for (const std::size_t rows : {1, 5, 8}) {
        for (const std::size_t count : {1, 2, 7, 33}) {
          TestMatrix<T> drawn(rows + 1, count, lanes, 1), expected(rows + 1, count, lanes, 1);
          kernels.random->mask({seeds.data(), Purpose::kDropout, 5, first, 3}, dropped.data(), kept.data(),
                               drawn.view().row_range(0, rows));
          expected.fill([&](std::size_t row, std::size_t i, std::size_t lane) {
            if (row == rows) return 0.0;
            const auto block = random_block(seeds[lane], Purpose::kDropout, 5, first + 3 * i);
            const std::uint32_t half = block[row / 2] >> (row % 2 * 16) & 0xFFFF;
            return half < dropped[lane] ? 0 : double(kept[lane]);
          });
          expect_same_bits(drawn, expected);
        }
      }
    }
  });
}

// As torch.nn.Dropout's: each factor by itself is 0 with probability p, independent of its neighbours, and 1 on the
// average.
TEST(Masks, are_fair_and_independent) {
  const Kernels<double> kernels = deadrelu::kernels<double>(available_simd()[0], Engine::kWide);
  constexpr std::size_t kCount = 60 * 512;
  for (const double p : {0.1, 0.5, 0.8}) {
    const std::uint64_t seed = 42;
    const auto dropped = static_cast<std::uint32_t>(p * 65536 + 0.5);
    const double kept = 1 / (1 - p);
    TestMatrix<double> drawn(8, kCount, 1, 0);
    kernels.random->mask({&seed, Purpose::kDropout, 0, 0, 1}, &dropped, &kept, drawn.view());
    const auto value = [&](std::size_t row, std::size_t i) { return *drawn.view().at(row, i); };
    double sum = 0, with_row = 0, with_next = 0;
    for (std::size_t row = 0; row < 8; ++row) {
      for (std::size_t i = 0; i + 1 < kCount; ++i) {
        sum += value(row, i) - 1;
        with_row += (value(row, i) - 1) * (value((row + 1) % 8, i) - 1);
        with_next += (value(row, i) - 1) * (value(row, i + 1) - 1);
      }
    }
    const double count = 8.0 * (kCount - 1), variance = p / (1 - p);
    EXPECT_LT(std::abs(sum), 4 * std::sqrt(count * variance)) << p;
    EXPECT_LT(std::abs(with_row), 4 * std::sqrt(count) * variance) << p;
    EXPECT_LT(std::abs(with_next), 4 * std::sqrt(count) * variance) << p;
  }
}

}  // namespace
}  // namespace deadrelu
