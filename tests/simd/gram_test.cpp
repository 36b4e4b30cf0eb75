#include "simd/gram.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class GramOf : public ::testing::Test {};
TYPED_TEST_SUITE(GramOf, Precisions);

// Every run's product of a random matrix, which may lie transposed, against the naive loop, to the bit.
template <class T>
void expect_naive(const Kernels<T>& table, std::size_t rows, std::size_t columns, bool by_columns) {
  const std::size_t part = kernels<double>(table.target, table.engine).lanes;
  TestRandom random(static_cast<std::uint32_t>(rows * 100 + columns));
  TestMatrix<T> x(rows, columns, table.lanes, 1, by_columns);
  x.fill_random(random);
  for (std::size_t lane = 0; lane < table.lanes; lane += part) {
    TestMatrix<double> gram(rows, rows, part, 1);
    gram.fill_random(random);
    TestMatrix<double> before(rows, rows, part);
    before.fill([&](std::size_t i, std::size_t j, std::size_t run) { return gram(i, j, run); });
    LaneMatrix<const T> first = x.constant();
    first.data += lane;
    table.gram->add(first, gram.view());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        for (std::size_t run = 0; run < part; ++run) {
          double sum = before(i, j, run);
          for (std::size_t n = 0; n < columns; ++n)
            sum = std::fma(double(x(i, n, lane + run)), double(x(j, n, lane + run)), sum);
          ASSERT_TRUE(same_bits(gram(i, j, run), sum))
              << rows << " x " << columns << " (" << i << ", " << j << ") run " << lane + run;
        }
      }
    }
  }
}

TYPED_TEST(GramOf, every_shape_is_the_naive_loop_to_the_bit) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& table) {
    for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 31, 64, 65, 67, 130})
      for (const std::size_t columns : {0, 1, 2, 31, 32, 33, 70}) expect_naive(table, rows, columns, false);
  });
}

TYPED_TEST(GramOf, a_transposed_matrix_is_the_naive_loop_to_the_bit) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& table) {
    for (const std::size_t rows : {1, 5, 16, 66})
      for (const std::size_t columns : {1, 3, 40}) expect_naive(table, rows, columns, true);
  });
}

}  // namespace
}  // namespace deadrelu
