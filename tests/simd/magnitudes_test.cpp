#include "simd/magnitudes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Squares : public ::testing::Test {};
TYPED_TEST_SUITE(Squares, Precisions);

TYPED_TEST(Squares, squares_are_summed_in_double_row_by_row) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    TestRandom random(5);
    for (std::size_t rows = 1; rows <= 19; ++rows) {
      TestMatrix<T> a(rows, 7, kernels.lanes, rows % 3, rows % 2 == 1), b(rows, 7, kernels.lanes, 1);
      a.fill_random(random);
      b.fill_random(random);
      std::vector<double> squares(kernels.lanes, 3), differences(kernels.lanes, 4);
      kernels.squares->add(a.constant(), squares.data());
      kernels.squares->add_differences(a.constant(), b.constant(), differences.data());
      for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
        double square = 3, difference = 4;
        for (std::size_t r = 0; r < rows; ++r) {
          double row = 0, row_difference = 0;
          for (std::size_t c = 0; c < 7; ++c) {
            const double x = a(r, c, lane), d = x - double(b(r, c, lane));
            row = std::fma(x, x, row);
            row_difference = std::fma(d, d, row_difference);
          }
          square += row;
          difference += row_difference;
        }
        EXPECT_EQ(squares[lane], square);
        EXPECT_EQ(differences[lane], difference);
      }
    }
  });
}

TYPED_TEST(Squares, magnitudes_are_summed_in_ascending_order) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    TestRandom random(6);
    for (std::size_t rows = 1; rows <= 43; ++rows) {
      for (const bool by_columns : {false, true}) {
        const bool centered = rows % 2 == 1;
        TestMatrix<T> x(rows, 7, kernels.lanes, rows % 3, by_columns);
        x.fill_random(random);
        std::vector<T> origin(rows * kernels.lanes), sums(rows * kernels.lanes), expected(sums.size());
        for (std::size_t i = 0; i < sums.size(); ++i) {
          origin[i] = centered ? static_cast<T>(random.uniform(-1, 1)) : T{0};
          T sum = sums[i] = static_cast<T>(random.uniform(0, 9));
          for (std::size_t c = 0; c < 7; ++c)
            sum += std::abs(x(i / kernels.lanes, c, i % kernels.lanes) - origin[i]);
          expected[i] = sum;
        }
        kernels.magnitudes->add(x.constant(), centered ? origin.data() : nullptr, sums.data());
        EXPECT_EQ(sums, expected) << rows << " rows";
      }
    }
  });
}

TYPED_TEST(Squares, matrices_of_two_shapes_are_our_own_mistake) {
  using T = TypeParam;
  const Kernels<T> table = kernels<T>(available_simd()[0]);
  const TestMatrix<T> small(2, 3, table.lanes), large(3, 3, table.lanes);
  std::vector<double> sums(table.lanes);
  EXPECT_DEBUG_DEATH(table.squares->add_differences(small.constant(), large.constant(), sums.data()),
                     "same_shape");
}

TYPED_TEST(Squares, norms_are_right_for_tiny_and_huge_values) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const double size : {1e-38, 1e-30, 1e30, 1e38}) {
      TestMatrix<T> x(3, 4, kernels.lanes);
      x.fill([&](std::size_t, std::size_t, std::size_t) { return size; });
      std::vector<double> sums(kernels.lanes);
      kernels.squares->add(x.constant(), sums.data());
      const double norm = std::sqrt(12.0) * size;
      for (const double sum : sums) EXPECT_NEAR(std::sqrt(sum), norm, 1e-7 * norm);
    }
  });
}

}  // namespace
}  // namespace deadrelu
