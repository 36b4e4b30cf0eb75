#include "simd/dense.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Dense : public ::testing::Test {};
TYPED_TEST_SUITE(Dense, Precisions);

// The definition: start + Σ_k a·b, ascending, one fused multiply-add a term.
template <class T>
T product(const TestMatrix<T>& a, const TestMatrix<T>& b, T start, std::size_t m, std::size_t n,
          std::size_t lane) {
  T sum = start;
  for (std::size_t k = 0; k < a.columns(); ++k) sum = std::fma(a(m, k, lane), b(k, n, lane), sum);
  return sum;
}

template <class T>
struct Shape {
  std::size_t rows, columns, depth;
};

template <class T>
void expect_product(const Kernels<T>& kernels, const Shape<T>& shape, ProductStart start,
                    TestRandom& random) {
  const std::size_t lanes = kernels.lanes;
  TestMatrix<T> a(shape.rows, shape.depth, lanes, random.below(3), random.below(2) == 1);
  TestMatrix<T> b(shape.depth, shape.columns, lanes, random.below(3), random.below(2) == 1);
  TestMatrix<T> c(shape.rows, shape.columns, lanes, random.below(3), random.below(4) == 0);
  TestMatrix<T> bias(shape.rows, 1, lanes), before(shape.rows, shape.columns, lanes);
  a.fill_random(random);
  b.fill_random(random);
  bias.fill_random(random);
  c.fill_random(random);
  before.fill([&](std::size_t m, std::size_t n, std::size_t lane) { return c(m, n, lane); });
  const T* bias_or_null = start == ProductStart::kBias ? bias.view().data : nullptr;
  kernels.dense->multiply(a.constant(), b.constant(), start, bias_or_null, c.view());
  TestMatrix<T> expected(shape.rows, shape.columns, lanes);
  expected.fill([&](std::size_t m, std::size_t n, std::size_t lane) {
    const T from = start == ProductStart::kZero   ? T{0}
                   : start == ProductStart::kBias ? bias(m, 0, lane)
                                                  : before(m, n, lane);
    return product(a, b, from, m, n, lane);
  });
  expect_same_bits(c, expected);
}

constexpr ProductStart kStarts[] = {ProductStart::kZero, ProductStart::kBias, ProductStart::kAccumulate};

TYPED_TEST(Dense, a_product_is_the_ascending_fused_sum_for_every_small_shape) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    TestRandom random(1);
    for (std::size_t rows = 1; rows <= 9; ++rows) {
      for (std::size_t columns = 1; columns <= 17; ++columns) {
        const Shape<TypeParam> shape{rows, columns, 1 + random.below(6)};
        SCOPED_TRACE(::testing::Message() << rows << " x " << columns << " x " << shape.depth);
        expect_product(kernels, shape, kStarts[random.below(3)], random);
      }
    }
  });
}

TYPED_TEST(Dense, a_product_is_the_ascending_fused_sum_across_depth_blocks) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    TestRandom random(2);
    for (const std::size_t depth : {1, 2, 31, 63, 64, 65, 127, 128, 129, 200, 333}) {
      for (const ProductStart start : kStarts) {
        const Shape<TypeParam> shape{1 + random.below(11), 1 + random.below(14), depth};
        SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.columns << " x " << depth);
        expect_product(kernels, shape, start, random);
      }
    }
  });
}

TYPED_TEST(Dense, an_empty_sum_is_its_start) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    TestRandom random(3);
    for (const ProductStart start : kStarts)
      expect_product(kernels, Shape<TypeParam>{5, 7, 0}, start, random);
  });
}

TYPED_TEST(Dense, a_sum_cut_into_pieces_is_the_sum_in_one) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(4);
    const std::size_t rows = 6, columns = 11, depth = 150, lanes = kernels.lanes;
    TestMatrix<T> a(rows, depth, lanes), b(depth, columns, lanes), whole(rows, columns, lanes),
        pieces(rows, columns, lanes);
    a.fill_random(random);
    b.fill_random(random);
    kernels.dense->multiply(a.constant(), b.constant(), ProductStart::kZero, nullptr, whole.view());
    ProductStart start = ProductStart::kZero;
    for (std::size_t k = 0; k < depth;) {
      const std::size_t n = std::min(depth - k, 1 + random.below(40));
      const LaneMatrix<const T> part = a.constant().transposed().row_range(k, n).transposed();
      kernels.dense->multiply(part, b.constant().row_range(k, n), start, nullptr, pieces.view());
      start = ProductStart::kAccumulate;
      k += n;
    }
    expect_same_bits(pieces, whole);
  });
}

TYPED_TEST(Dense, a_poisoned_lane_leaves_its_neighbours_alone) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(5);
    const std::size_t rows = 5, columns = 7, depth = 20, lanes = kernels.lanes;
    TestMatrix<T> a(rows, depth, lanes), b(depth, columns, lanes), clean(rows, columns, lanes),
        poisoned(rows, columns, lanes), sums(rows, 1, lanes), poisoned_sums(rows, 1, lanes);
    a.fill_random(random);
    b.fill_random(random);
    kernels.dense->multiply(a.constant(), b.constant(), ProductStart::kZero, nullptr, clean.view());
    kernels.dense->add_row_sums(a.constant(), sums.view().data);
    a(2, 3, 1) = kNan<T>;
    b(4, 4, 1) = kInfinity<T>;
    kernels.dense->multiply(a.constant(), b.constant(), ProductStart::kZero, nullptr, poisoned.view());
    kernels.dense->add_row_sums(a.constant(), poisoned_sums.view().data);
    EXPECT_TRUE(std::isnan(poisoned(2, 0, 1)));
    EXPECT_TRUE(std::isnan(poisoned_sums(2, 0, 1)));
    for (std::size_t m = 0; m < rows; ++m) {
      for (std::size_t n = 0; n < columns; ++n) poisoned(m, n, 1) = clean(m, n, 1);
      poisoned_sums(m, 0, 1) = sums(m, 0, 1);
    }
    expect_same_bits(poisoned, clean);
    expect_same_bits(poisoned_sums, sums);
  });
}

TYPED_TEST(Dense, row_sums_ascend_and_continue) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(6);
    for (const bool by_columns : {false, true}) {
      for (std::size_t rows = 1; rows <= 9; ++rows) {
        TestMatrix<T> x(rows, 13, kernels.lanes, 1, by_columns), sums(rows, 1, kernels.lanes),
            expected(rows, 1, kernels.lanes);
        x.fill_random(random);
        sums.fill_random(random);
        expected.fill([&](std::size_t r, std::size_t, std::size_t lane) {
          T sum = sums(r, 0, lane);
          for (std::size_t n = 0; n < x.columns(); ++n) sum += x(r, n, lane);
          return sum;
        });
        kernels.dense->add_row_sums(x.constant().first_columns(5), sums.view().data);
        const LaneMatrix<const T> rest = x.constant().transposed().row_range(5, 8).transposed();
        kernels.dense->add_row_sums(rest, sums.view().data);
        expect_same_bits(sums, expected);
      }
    }
  });
}

}  // namespace
}  // namespace deadrelu
