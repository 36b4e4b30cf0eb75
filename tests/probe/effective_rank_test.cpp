#include "probe/effective_rank.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"
#include "probe/recomputed.h"
#include "simd/lane_testing.h"

namespace deadrelu {
namespace {

// Of [row][column], through the probe.
double effective_rank_of(const Matrix& matrix) {
  const std::size_t rows = matrix.size(), columns = matrix[0].size();
  Buffer<double> values(rows * columns);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(matrix[r].data(), columns, &values[r * columns]);
  RankProbe<double> probe(1, rows, columns, columns);
  probe.begin();
  probe.add(dense_lane_matrix<const double>(values.data(), rows, columns, 1));
  return probe.effective_rank(0);
}

// The last of each of `count` equal parts.
Matrix evenly_spread_columns(const Matrix& matrix, std::size_t count) {
  Matrix some(matrix.size());
  for (std::size_t r = 0; r < matrix.size(); ++r)
    for (std::size_t part = 1; part <= count; ++part)
      some[r].push_back(matrix[r][(part * matrix[r].size() + count - 1) / count - 1]);
  return some;
}

// Through the probe, in blocks of `block` columns, of which it takes `taken`; lane l holds the matrix drawn with seed l.
template <class T>
void expect_ranks_of_lanes(std::size_t rows, std::size_t columns, std::size_t block, double tolerance,
                           std::size_t taken = 1000) {
  std::vector<double> expected;  // of the lanes seen so far, the same bits everywhere
  on_every_target<T>([&](const Kernels<T>& table) {
    RankProbe<T> probe(table.lanes, rows, columns, taken);
    for (int pass = 0; pass < 2; ++pass) {  // the second begin() forgets the first
      probe.begin();
      for (std::size_t from = 0; from < columns; from += block) {
        const std::size_t count = std::min(block, columns - from);
        Buffer<T> values(rows * count * table.lanes);
        for (std::size_t lane = 0; lane < table.lanes; ++lane) {
          const Matrix matrix = random_matrix(rows, columns, static_cast<std::uint32_t>(lane));
          for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < count; ++c)
              values[(r * count + c) * table.lanes + lane] = static_cast<T>(matrix[r][from + c]);
        }
        probe.add(dense_lane_matrix<const T>(values.data(), rows, count, table.lanes));
      }
    }
    for (std::size_t lane = 0; lane < table.lanes; ++lane) {
      const Matrix matrix = evenly_spread_columns(
          random_matrix(rows, columns, static_cast<std::uint32_t>(lane)), std::min(taken, columns));
      EXPECT_NEAR(probe.effective_rank(lane), recomputed_effective_rank(matrix), tolerance) << lane;
      if (lane == expected.size()) expected.push_back(probe.effective_rank(lane));
      EXPECT_EQ(probe.effective_rank(lane), expected[lane]);
    }
  });
}

TEST(EffectiveRank, more_samples_than_units_agrees_with_the_singular_values) {
  expect_ranks_of_lanes<double>(6, 40, 12, 1e-10);
  expect_ranks_of_lanes<float>(6, 40, 12, 1e-5);
}

TEST(EffectiveRank, more_units_than_samples_agrees_with_the_singular_values) {
  expect_ranks_of_lanes<double>(30, 11, 4, 1e-10);
  expect_ranks_of_lanes<float>(30, 11, 4, 1e-5);
}

TEST(EffectiveRank, as_many_units_as_samples_agrees_with_the_singular_values) {
  expect_ranks_of_lanes<double>(9, 9, 9, 1e-7);
}

TEST(EffectiveRank, comes_from_samples_that_are_evenly_spread) {
  for (const std::size_t taken : {1, 5, 7, 13, 39, 40})
    expect_ranks_of_lanes<double>(6, 40, 12, 1e-10, taken);
}

TEST(EffectiveRank, one_sample_or_one_unit_has_rank_one) {
  expect_ranks_of_lanes<double>(7, 1, 5, 1e-12);
  expect_ranks_of_lanes<double>(1, 7, 3, 1e-12);
}

TEST(EffectiveRank, a_zero_matrix_has_rank_zero) {
  EXPECT_EQ(effective_rank_of(Matrix(5, std::vector<double>(8))), 0);
}

TEST(EffectiveRank, the_identity_of_size_n_has_rank_n) {
  for (const std::size_t n : {1, 2, 7, 20}) {
    Matrix identity(n, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) identity[i][i] = 1;
    EXPECT_NEAR(effective_rank_of(identity), static_cast<double>(n), 1e-12 * static_cast<double>(n));
  }
}

TEST(EffectiveRank, two_unequal_singular_values_give_the_exponential_of_their_entropy) {
  // σ = 3, 1: p = 3/4, 1/4.
  const double expected = std::exp(-0.75 * std::log(0.75) - 0.25 * std::log(0.25));
  EXPECT_NEAR(effective_rank_of({{3, 0}, {0, 1}}), expected, 1e-14);
}

TEST(EffectiveRank, a_rank_deficient_matrix_counts_no_rounding_noise) {
  const Matrix left = random_matrix(20, 3, 5), right = random_matrix(3, 50, 6);
  Matrix product(20, std::vector<double>(50));
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 50; ++j)
      for (std::size_t k = 0; k < 3; ++k) product[i][j] += left[i][k] * right[k][j];
  EXPECT_NEAR(effective_rank_of(product), recomputed_effective_rank(product), 1e-6);
  EXPECT_LE(effective_rank_of(product), 3);
  const Matrix equal_rows(10, {1, 2, 3, 4});
  EXPECT_NEAR(effective_rank_of(equal_rows), 1, 1e-12);
}

TEST(EffectiveRank, is_the_same_at_any_scale) {
  const Matrix matrix = random_matrix(5, 9, 8);
  const double rank = effective_rank_of(matrix);
  for (const double scale : {1e-30, 1e30}) {
    Matrix scaled = matrix;
    for (auto& row : scaled)
      for (double& value : row) value *= scale;
    EXPECT_NEAR(effective_rank_of(scaled), rank, 1e-10) << scale;
  }
}

TEST(EffectiveRank, infinite_activations_have_none) {
  EXPECT_TRUE(std::isnan(effective_rank_of({{INFINITY, 0}, {0, 1}})));
}

}  // namespace
}  // namespace deadrelu
