#include "data/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "base/buffer.h"
#include "simd/kernels.h"

namespace deadrelu {
namespace {

using Indices = std::vector<std::uint32_t>;

std::vector<std::uint32_t> positions_of(const Permutation& permutation, std::size_t size) {
  std::vector<std::uint32_t> values(size);
  for (std::uint32_t i = 0; i < size; ++i) values[i] = permutation(i);
  return values;
}

BatchOrder order_of(std::uint64_t seed, Sampling sampling, std::size_t samples, std::size_t batch_size) {
  return {
      order_kernels<float>(available_simd().front(), Engine::kWide), {seed}, sampling, samples, batch_size};
}

Indices piece(BatchOrder& order, std::uint64_t step, std::size_t from, std::size_t count) {
  Buffer<std::uint32_t> indices(count);  // has room for the vector's rest
  order.fill(step, from, count, indices.data());
  return {indices.data(), indices.data() + count};
}
Indices batch(BatchOrder& order, std::uint64_t step) { return piece(order, step, 0, order.batch_size(step)); }

// Chi-square of equally likely outcomes in standard deviations from its mean.
double chi_square_z(const std::vector<double>& counts) {
  const double cells = static_cast<double>(counts.size());
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / cells;
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - expected) * (count - expected) / expected;
  return (chi_square - (cells - 1)) / std::sqrt(2 * (cells - 1));
}

TEST(Permutation, every_value_appears_once) {
  for (const std::size_t size : {1,  2,  3,   4,   5,   7,   8,    12,   15,   16,   17,    18,    31,   32,
                                 33, 64, 100, 127, 128, 129, 1000, 1024, 1025, 4097, 60000, 65536, 65537}) {
    for (const std::uint64_t seed : {0, 1, 2}) {
      std::vector<std::uint32_t> values = positions_of(Permutation(seed, Purpose::kOrder, 5, size), size);
      std::sort(values.begin(), values.end());
      for (std::uint32_t i = 0; i < size; ++i) ASSERT_EQ(values[i], i) << "size " << size;
    }
  }
}

TEST(Permutation, the_largest_sizes_stay_in_range) {
  for (const std::size_t size : {(std::size_t{1} << 31) - 1, std::size_t{1} << 31}) {
    const Permutation permutation(3, Purpose::kOrder, 0, size);
    for (std::uint32_t i = 0; i < 1000; ++i)
      EXPECT_LT(permutation(static_cast<std::uint32_t>(size) - 1 - i), size);
  }
}

// Every lane of every target walks through its own permutation.
TEST(BatchOrder, every_lane_gets_what_its_permutation_gives) {
  for (const SimdTarget target : available_simd()) {
    for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
      std::vector<std::uint64_t> seeds(engine == Engine::kWide ? 1 : lane_count<double>(target));
      std::iota(seeds.begin(), seeds.end(), 70);
      for (const std::size_t size : {5, 16, 17, 33, 100, 1000, 1025, 2049}) {
        BatchOrder order(order_kernels<double>(target, engine), seeds, Sampling::kEpoch, size, size - 1);
        const std::size_t from = size / 3, count = size - 1 - from;
        Buffer<std::uint32_t> filled(count * seeds.size());
        order.fill(2 * 7, from, count, filled.data());
        for (std::size_t lane = 0; lane < seeds.size(); ++lane) {
          const Permutation permutation(seeds[lane], Purpose::kOrder, 7, size);
          for (std::size_t i = 0; i < count; ++i)
            ASSERT_EQ(filled[i * seeds.size() + lane], permutation(static_cast<std::uint32_t>(from + i)));
        }
      }
    }
  }
}

TEST(Permutation, all_orders_of_a_few_values_are_equally_likely) {
  for (const std::size_t size : {2, 3, 4, 5}) {
    std::map<std::vector<std::uint32_t>, double> seen;
    std::size_t orders = 1;
    for (std::size_t i = 2; i <= size; ++i) orders *= i;
    for (std::uint64_t seed = 0; seed < 60000; ++seed) {
      ++seen[positions_of(Permutation(seed, Purpose::kOrder, 0, size), size)];
    }
    ASSERT_EQ(seen.size(), orders);
    std::vector<double> counts;
    for (const auto& [order, count] : seen) counts.push_back(count);
    EXPECT_LT(std::abs(chi_square_z(counts)), 4) << "size " << size;
  }
}

TEST(Permutation, pairs_of_positions_hold_every_pair_of_values_equally_often) {
  for (const std::uint32_t size : {12u, 17u, 33u, 60u}) {
    for (const auto& [first, second] : {std::pair(0u, 1u), std::pair(3u, 4u), std::pair(0u, size - 1)}) {
      std::vector<double> counts(std::size_t{size} * size);
      for (std::uint64_t seed = 0; seed < 100000; ++seed) {
        const Permutation permutation(seed, Purpose::kOrder, 1, size);
        ++counts[permutation(first) * size + permutation(second)];
      }
      std::vector<double> possible;
      for (std::uint32_t a = 0; a < size; ++a) {
        for (std::uint32_t b = 0; b < size; ++b) {
          if (a != b) possible.push_back(counts[a * size + b]);
        }
      }
      EXPECT_LT(std::abs(chi_square_z(possible)), 4) << size << ": " << first << ", " << second;
    }
  }
}

// A random permutation has one fixed point and one successor pair (p(i+1) = p(i) + 1) on average, variance 1
// each.
TEST(Permutation, neighbours_stay_neighbours_no_more_often_than_by_chance) {
  constexpr std::uint32_t kSize = 1000, kSeeds = 4000;
  double fixed = 0, successors = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto values = positions_of(Permutation(seed, Purpose::kOrder, 0, kSize), kSize);
    for (std::uint32_t i = 0; i < kSize; ++i) {
      fixed += values[i] == i ? 1 : 0;
      if (i + 1 < kSize) successors += values[i + 1] == values[i] + 1 ? 1 : 0;
    }
  }
  EXPECT_NEAR(fixed / kSeeds, 1, 4 / std::sqrt(kSeeds));
  EXPECT_NEAR(successors / kSeeds, 1, 4 / std::sqrt(kSeeds));
}

TEST(Permutation, seed_purpose_and_both_halves_of_the_stream_count) {
  const auto values = positions_of(Permutation(1, Purpose::kOrder, 0, 100), 100);
  EXPECT_EQ(values, positions_of(Permutation(1, Purpose::kOrder, 0, 100), 100));
  EXPECT_NE(values, positions_of(Permutation(2, Purpose::kOrder, 0, 100), 100));
  EXPECT_NE(values, positions_of(Permutation(1, Purpose::kSplit, 0, 100), 100));
  EXPECT_NE(values, positions_of(Permutation(1, Purpose::kOrder, 1, 100), 100));
  EXPECT_NE(values, positions_of(Permutation(1, Purpose::kOrder, std::uint64_t{1} << 32, 100), 100));
}

// Results that are recorded depend on these orders: a change here is a new engine epoch.
TEST(Permutation, the_orders_are_what_they_always_were) {
  EXPECT_EQ(positions_of(Permutation(0, Purpose::kOrder, 0, 8), 8), (Indices{6, 0, 1, 5, 4, 3, 2, 7}));
  EXPECT_EQ(positions_of(Permutation(0, Purpose::kOrder, 0, 20), 20),
            (Indices{0, 16, 12, 6, 7, 8, 10, 11, 15, 4, 2, 1, 3, 17, 5, 18, 14, 9, 13, 19}));
}

TEST(BatchOrder, an_epoch_visits_every_example_once_and_ends_with_what_is_left) {
  BatchOrder order = order_of(4, Sampling::kEpoch, 103, 10);
  EXPECT_EQ(order.batches_per_epoch(), 11u);
  EXPECT_EQ(order.batch_size(9), 10u);
  EXPECT_EQ(order.batch_size(10), 3u);
  EXPECT_EQ(order.batch_size(21), 3u);
  std::vector<std::vector<std::uint32_t>> epochs;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::uint32_t> visited;
    for (std::uint64_t step = 11 * epoch; step < 11 * (epoch + 1); ++step) {
      const auto indices = batch(order, step);
      visited.insert(visited.end(), indices.begin(), indices.end());
    }
    epochs.push_back(visited);
    std::sort(visited.begin(), visited.end());
    ASSERT_EQ(visited.size(), 103u);
    for (std::uint32_t i = 0; i < 103; ++i) ASSERT_EQ(visited[i], i);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(BatchOrder, steps_and_pieces_may_come_in_any_order) {
  BatchOrder there = order_of(9, Sampling::kEpoch, 50, 8), back = order_of(9, Sampling::kEpoch, 50, 8);
  std::vector<std::vector<std::uint32_t>> batches;
  for (std::uint64_t step = 0; step < 20; ++step) batches.push_back(batch(there, step));
  for (std::uint64_t step = 20; step-- > 0;) {
    const std::size_t size = batches[step].size();
    const Indices rest = piece(back, step, 1, size - 1);
    Indices pieces = piece(back, step, 0, 1);
    pieces.insert(pieces.end(), rest.begin(), rest.end());
    EXPECT_EQ(pieces, batches[step]);
  }
}

TEST(BatchOrder, a_full_batch_is_in_file_order) {
  BatchOrder order = order_of(1, Sampling::kEpoch, 5, 5);
  EXPECT_EQ(batch(order, 0), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(batch(order, 7), (Indices{0, 1, 2, 3, 4}));
}

TEST(BatchOrder, sequential_batches_start_again_after_the_last_example) {
  BatchOrder order = order_of(1, Sampling::kSequential, 5, 2);
  EXPECT_EQ(batch(order, 0), (Indices{0, 1}));
  EXPECT_EQ(batch(order, 2), (Indices{4}));
  EXPECT_EQ(batch(order, 3), (Indices{0, 1}));
}

TEST(BatchOrder, draws_with_replacement_are_uniform_and_all_batches_full) {
  BatchOrder order = order_of(6, Sampling::kWithReplacement, 10, 4);
  EXPECT_EQ(order.batch_size(2), 4u);
  std::vector<double> counts(10), neighbours(100);
  std::uint32_t previous = 0;
  for (std::uint64_t step = 0; step < 20000; ++step) {
    for (const std::uint32_t example : batch(order, step)) {
      ++counts[example];
      ++neighbours[previous * 10 + example];
      previous = example;
    }
  }
  EXPECT_LT(std::abs(chi_square_z(counts)), 4);
  EXPECT_LT(std::abs(chi_square_z(neighbours)), 4);
  BatchOrder full = order_of(6, Sampling::kWithReplacement, 10, 10);
  std::vector<std::uint32_t> indices = batch(full, 0);
  EXPECT_EQ(indices[0], random_below(6, Purpose::kReplacement, 0, 0, 10));
  EXPECT_EQ(batch(full, 3)[2], random_below(6, Purpose::kReplacement, 0, 32, 10));
}

}  // namespace
}  // namespace deadrelu
