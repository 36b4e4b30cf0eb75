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
  TestMatrix<T> b(shape.depth, shape.columns, lanes, random.below(3));
  TestMatrix<T> c(shape.rows, shape.columns, lanes, random.below(3));
  TestMatrix<T> bias = dense_column<T>(shape.rows, lanes), before(shape.rows, shape.columns, lanes);
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
    for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 23, 40}) {
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
  on_every_target_in_lanes<TypeParam>([](const Kernels<TypeParam>& kernels) {
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
      for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 23, 40}) {
        TestMatrix<T> x(rows, 13, kernels.lanes, 1, by_columns), sums = dense_column<T>(rows, kernels.lanes),
                                                                 expected(rows, 1, kernels.lanes);
        x.fill_random(random);
        sums.fill_random(random);
        expected.fill([&](std::size_t r, std::size_t, std::size_t lane) {
          T sum = sums(r, 0, lane);
          for (std::size_t n = 0; n < x.columns(); ++n) sum += x(r, n, lane);
          return sum;
        });
        kernels.dense->add_row_sums(x.constant().transposed().row_range(0, 5).transposed(), sums.view().data);
        const LaneMatrix<const T> rest = x.constant().transposed().row_range(5, 8).transposed();
        kernels.dense->add_row_sums(rest, sums.view().data);
        expect_same_bits(sums, expected);
      }
    }
  });
}

TYPED_TEST(Dense, a_layer_of_relus_is_a_product_with_its_ends_taken_along) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(6);
    const std::size_t lanes = kernels.lanes;
    for (const std::size_t rows : {1, 2, 5, 7, 13, 40}) {
      for (const std::size_t depth : {1, 2, 3, 4, 90, 300}) {
        const std::size_t columns = 1 + random.below(30);
        TestMatrix<T> w(rows, depth, lanes), x(depth, columns, lanes, 1), z(rows, columns, lanes, 1),
            h(rows, columns, lanes, 1), bare(rows, columns, lanes, 1), sums(rows, columns, lanes, 1);
        TestMatrix<T> bias = dense_column<T>(rows, lanes);
        w.fill_random(random);
        x.fill_random(random);
        bias.fill_random(random);
        x(0, columns - 1, 0) = kNan<T>;
        kernels.dense->multiply(w.constant(), x.constant(), ProductStart::kBias, bias.view().data,
                                sums.view());
        kernels.dense->relu_layer(w.constant(), x.constant(), bias.view().data, h.view(), z.view());
        kernels.dense->relu_layer(w.constant(), x.constant(), bias.view().data, bare.view(), {});
        expect_same_bits(z, sums);
        expect_same_bits(h, bare);
        sums.fill([&](std::size_t r, std::size_t c, std::size_t lane) {
          return z(r, c, lane) <= 0 ? 0 : z(r, c, lane);
        });
        expect_same_bits(h, sums);
      }
    }
  });
}

TYPED_TEST(Dense, a_weight_gradient_sums_over_the_samples_and_takes_the_bias_along) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(7);
    const std::size_t lanes = kernels.lanes;
    for (const std::size_t outputs : {1, 2, 3, 4, 6, 11, 17, 40}) {
      for (const std::size_t inputs : {1, 2, 3, 9, 16, 35, 50}) {
        const std::size_t samples = 1 + random.below(400);
        SCOPED_TRACE(::testing::Message() << outputs << " x " << inputs << " over " << samples);
        TestMatrix<T> dz(outputs, samples, lanes, 2), x(inputs, samples, lanes, 1);
        dz.fill_random(random);
        x.fill_random(random);
        // Dense, with something behind it that must stay.
        Buffer<T> values((outputs * inputs + 2) * lanes);
        const LaneMatrix<T> dw = dense_lane_matrix(values.data(), outputs, inputs, lanes);
        T* const guard = values.data() + outputs * inputs * lanes;
        std::fill_n(guard, 2 * lanes, T{77});
        TestMatrix<T> db = dense_column<T>(outputs, lanes);
        const auto expect = [&](T start_w, T start_b) {
          for (std::size_t lane = 0; lane < lanes; ++lane) {
            for (std::size_t o = 0; o < outputs; ++o) {
              T sum = start_b;
              for (std::size_t s = 0; s < samples; ++s) sum += dz(o, s, lane);
              ASSERT_TRUE(same_bits(db(o, 0, lane), sum));
              for (std::size_t i = 0; i < inputs; ++i) {
                T weight = start_w;
                for (std::size_t s = 0; s < samples; ++s)
                  weight = std::fma(dz(o, s, lane), x(i, s, lane), weight);
                ASSERT_TRUE(same_bits(dw.at(o, i)[lane], weight)) << o << " " << i << " lane " << lane;
              }
            }
          }
          for (std::size_t i = 0; i < 2 * lanes; ++i) ASSERT_EQ(guard[i], 77);
        };
        db.fill([](std::size_t, std::size_t, std::size_t) { return kNan<T>; });
        std::fill_n(values.data(), outputs * inputs * lanes, kNan<T>);
        kernels.dense->weight_gradient(dz.constant(), x.constant(), ProductStart::kZero, dw, db.view().data);
        ASSERT_NO_FATAL_FAILURE(expect(0, 0));
        db.fill([](std::size_t, std::size_t, std::size_t) { return 2; });
        std::fill_n(values.data(), outputs * inputs * lanes, T{3});
        kernels.dense->weight_gradient(dz.constant(), x.constant(), ProductStart::kAccumulate, dw,
                                       db.view().data);
        ASSERT_NO_FATAL_FAILURE(expect(3, 2));
        std::fill_n(values.data(), outputs * inputs * lanes, T{3});
        kernels.dense->weight_gradient(dz.constant(), x.constant(), ProductStart::kAccumulate, dw, nullptr);
        ASSERT_NO_FATAL_FAILURE(expect(3, 2));
      }
    }
  });
}

// The oracle is weight_gradient beside Wᵀ·dZ, where the ReLU below is not 0.
TYPED_TEST(Dense, a_layer_passes_its_gradient_back_to_the_relus_below) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    TestRandom random(8);
    const std::size_t lanes = kernels.lanes;
    for (const std::size_t outputs : {1, 2, 3, 4, 5, 17}) {
      for (const std::size_t inputs : {1, 2, 3, 4, 7, 40}) {
        for (const ProductStart start : {ProductStart::kZero, ProductStart::kAccumulate}) {
          const std::size_t samples = 1 + random.below(70);
          SCOPED_TRACE(::testing::Message() << outputs << " x " << inputs << " over " << samples);
          TestMatrix<T> w(outputs, inputs, lanes), z(inputs, samples, lanes, 1), x(inputs, samples, lanes, 1),
              dz(outputs, samples, lanes, 2), dx(inputs, samples, lanes, 1), below(inputs, samples, lanes, 1);
          w.fill_random(random);
          z.fill_random(random);
          z(inputs - 1, samples - 1, 0) = kNan<T>;
          x.fill([&](std::size_t r, std::size_t c, std::size_t lane) {
            return z(r, c, lane) <= 0 ? T{0} : z(r, c, lane);
          });
          dz.fill_random(random);
          Buffer<T> values(outputs * inputs * lanes), expected_values(outputs * inputs * lanes);
          std::fill_n(values.data(), values.size(), T{3});
          std::fill_n(expected_values.data(), values.size(), T{3});
          const LaneMatrix<T> dw = dense_lane_matrix(values.data(), outputs, inputs, lanes);
          const LaneMatrix<T> expected_dw = dense_lane_matrix(expected_values.data(), outputs, inputs, lanes);
          TestMatrix<T> db = dense_column<T>(outputs, lanes), expected_db = dense_column<T>(outputs, lanes);
          for (TestMatrix<T>* sums : {&db, &expected_db})
            sums->fill([](std::size_t, std::size_t, std::size_t) { return 2; });

          kernels.dense->weight_gradient(dz.constant(), x.constant(), start, expected_dw,
                                         expected_db.view().data);
          kernels.dense->multiply(w.constant().transposed(), dz.constant(), ProductStart::kZero, nullptr,
                                  below.view());
          below.fill([&](std::size_t r, std::size_t c, std::size_t lane) {
            return z(r, c, lane) <= 0 ? T{0} : below(r, c, lane);
          });
          const auto expect = [&] {
            expect_same_bits(dx, below);
            for (std::size_t i = 0; i < values.size(); ++i)
              ASSERT_TRUE(same_bits(values[i], expected_values[i])) << i;
          };
          kernels.dense->relu_backward(w.constant().transposed(), dz.constant(), x.constant(), start, dw,
                                       db.view().data, dx.view());
          expect();
          expect_same_bits(db, expected_db);
          std::fill_n(values.data(), values.size(), T{3});
          kernels.dense->relu_backward(w.constant().transposed(), dz.constant(), x.constant(), start, dw,
                                       nullptr, dx.view());
          expect();
        }
      }
    }
  });
}

// A layer whose weights take SGD's step, both ways: gradient, then update; and all in one.
template <class T>
struct SteppedLayer {
  std::size_t outputs, inputs, samples;

  void expect_same(const Kernels<T>& kernels, ProductStart start, TestRandom& random) const {
    const std::size_t lanes = kernels.lanes, count = outputs * inputs * lanes;
    TestMatrix<T> dz(outputs, samples, lanes, 1), x(inputs, samples, lanes, 1), dx(inputs, samples, lanes, 1),
        other_dx(inputs, samples, lanes, 1);
    dz.fill_random(random);
    x.fill_random(random, 0, 1);
    // Something behind the weights must stay.
    Buffer<T> w(count + lanes), dw(count + lanes), other_w(count + lanes), other_dw(count + lanes),
        numbers(kUpdateNumbers * lanes), poison(lanes), other_poison(lanes);
    for (Buffer<T>* values : {&w, &dw})
      for (T& value : values->span()) value = static_cast<T>(random.uniform(-1, 1));
    for (std::size_t lane = 0; lane < lanes; ++lane) numbers[lane] = static_cast<T>(random.uniform(0, 1));
    if (random.below(2) == 1)  // in the last lane the last weight overflows, or has been NaN before
      w[count - 1] = random.below(2) == 1 ? kNan<T> : -std::numeric_limits<T>::max();
    if (random.below(2) == 1) dz(outputs / 2, samples / 2, 0) = random.below(2) == 1 ? kNan<T> : kInfinity<T>;
    for (const auto& [from, to] : {std::pair(&w, &other_w), std::pair(&dw, &other_dw)})
      std::copy_n(from->data(), from->size(), to->data());
    UpdateParameters<T> parameters;
    parameters.numbers = numbers.data();
    TestMatrix<T> db = dense_column<T>(outputs, lanes), other_db = dense_column<T>(outputs, lanes);
    for (TestMatrix<T>* sums : {&db, &other_db})
      sums->fill([](std::size_t, std::size_t, std::size_t) { return 2; });
    const auto weights = [&](Buffer<T>& values) {
      return dense_lane_matrix(values.data(), outputs, inputs, lanes);
    };
    kernels.dense->relu_backward(weights(w).transposed(), dz.constant(), x.constant(), start, weights(dw),
                                 db.view().data, dx.view());
    kernels.update->update(Optimizer::kSgd, parameters, outputs * inputs, w.data(), dw.data(), nullptr,
                           nullptr, poison.data());
    kernels.dense->relu_gradient(weights(other_w).transposed(), dz.constant(), x.constant(), other_dx.view());
    kernels.dense->weight_step(dz.constant(), x.constant(), start, weights(other_dw), other_db.view().data,
                               {other_w.data(), numbers.data(), other_poison.data()});
    for (std::size_t i = 0; i < w.size(); ++i) ASSERT_TRUE(same_bits(w[i], other_w[i])) << "weight " << i;
    for (std::size_t lane = 0; lane < lanes; ++lane)
      ASSERT_EQ(std::isnan(poison[lane]), std::isnan(other_poison[lane])) << "lane " << lane;
    expect_same_bits(db, other_db);
    expect_same_bits(dx, other_dx);
  }
};

TYPED_TEST(Dense, a_weight_gradient_that_ends_with_the_step_makes_the_weights_of_one_that_is_followed_by_it) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    TestRandom random(9);
    for (const std::size_t outputs : {4, 5, 6, 7, 8, 11, 17, 33}) {
      for (const std::size_t inputs : {1, 2, 3, 4, 5, 9, 16, 32, 48, 50, 64, 112}) {
        if (kernels.engine == Engine::kWide && inputs % kernels.vector != 0) continue;
        for (const ProductStart start : {ProductStart::kZero, ProductStart::kAccumulate}) {
          const std::size_t samples = 1 + random.below(random.below(4) == 0 ? 500 : 40);
          SCOPED_TRACE(::testing::Message() << outputs << " x " << inputs << " over " << samples);
          SteppedLayer<TypeParam>{outputs, inputs, samples}.expect_same(kernels, start, random);
        }
      }
    }
  });
}

TYPED_TEST(Dense, a_dead_unit_has_no_gradient_however_infinite_the_one_above) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    const std::size_t lanes = kernels.lanes, samples = 5;
    for (const std::size_t outputs : {1, 3, 9}) {
      for (const std::size_t inputs : {2, 6, 40}) {
        TestMatrix<T> w(outputs, inputs, lanes), x(inputs, samples, lanes, 1), dz(outputs, samples, lanes, 2),
            dx(inputs, samples, lanes, 1);
        w.fill([](std::size_t, std::size_t, std::size_t) { return std::numeric_limits<T>::max(); });
        dz.fill([](std::size_t, std::size_t, std::size_t) { return 4; });
        x.fill([](std::size_t r, std::size_t, std::size_t) { return r % 2; });
        Buffer<T> dw(outputs * inputs * lanes);
        kernels.dense->relu_backward(
            w.constant().transposed(), dz.constant(), x.constant(), ProductStart::kZero,
            dense_lane_matrix(dw.data(), outputs, inputs, lanes), nullptr, dx.view());
        x.fill([](std::size_t r, std::size_t, std::size_t) { return r % 2 == 0 ? T{0} : kInfinity<T>; });
        expect_same_bits(dx, x);
      }
    }
  });
}

}  // namespace
}  // namespace deadrelu
