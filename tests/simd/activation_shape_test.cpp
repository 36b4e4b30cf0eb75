#include <gtest/gtest.h>

#include "activation_testing.h"
#include "simd/activation.h"

namespace deadrelu {
namespace {

template <class T>
class ActivationShapes : public ::testing::Test {};
TYPED_TEST_SUITE(ActivationShapes, Precisions);

TYPED_TEST(ActivationShapes, crelu_gives_the_two_halves_and_joins_their_gradients) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, units = 3, samples = 4;
    TestRandom random(1);
    const TestParameters<T> p(lanes);
    TestMatrix<T> z(units, samples, lanes, 1), a(2 * units, samples, lanes), g(2 * units, samples, lanes, 2),
        dz(units, samples, lanes), magnitude(units, samples, lanes);
    z.fill_random(random);
    g.fill_random(random);
    z(1, 2, 0) = 0;
    kernels.activation->forward(Activation::kCrelu, p.get(), z.constant(), a.view());
    kernels.activation->backward(Activation::kCrelu, p.get(), z.constant(), g.constant(), dz.view());
    kernels.activation->derivative_magnitude(Activation::kCrelu, p.get(), z.constant(), magnitude.view());
    for (std::size_t u = 0; u < units; ++u) {
      for (std::size_t n = 0; n < samples; ++n) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const T v = z(u, n, lane), up = g(u, n, lane), down = g(units + u, n, lane);
          EXPECT_EQ(a(u, n, lane), v > 0 ? v : 0);
          EXPECT_EQ(a(units + u, n, lane), v < 0 ? -v : 0);
          EXPECT_EQ(dz(u, n, lane), v > 0 ? up : v < 0 ? -down : T(kTestAtZero) * up - T(kTestAtZero) * down);
          EXPECT_EQ(magnitude(u, n, lane), v == 0 ? T(kTestAtZero) : T(1));
        }
      }
    }
  });
}

TYPED_TEST(ActivationShapes, maxout_takes_the_largest_piece_and_feeds_back_to_it_alone) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, units = 2, pieces = 3, samples = 5;
    TestRandom random(2);
    TestParameters<T> p(lanes);
    p.pieces = pieces;
    TestMatrix<T> z(units * pieces, samples, lanes), a(units, samples, lanes), g(units, samples, lanes),
        dz(units * pieces, samples, lanes), magnitude(units, samples, lanes);
    z.fill([&](std::size_t, std::size_t, std::size_t) { return double(random.below(4)) - 2; });  // with ties
    g.fill_random(random);
    kernels.activation->forward(Activation::kMaxout, p.get(), z.constant(), a.view());
    kernels.activation->backward(Activation::kMaxout, p.get(), z.constant(), g.constant(), dz.view());
    kernels.activation->derivative_magnitude(Activation::kMaxout, p.get(), z.constant(), magnitude.view());
    for (std::size_t u = 0; u < units; ++u) {
      for (std::size_t n = 0; n < samples; ++n) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          std::size_t winner = u * pieces;
          for (std::size_t i = winner + 1; i < (u + 1) * pieces; ++i) {
            if (z(i, n, lane) > z(winner, n, lane)) winner = i;
          }
          EXPECT_EQ(a(u, n, lane), z(winner, n, lane));
          for (std::size_t i = u * pieces; i < (u + 1) * pieces; ++i) {
            EXPECT_EQ(dz(i, n, lane), i == winner ? g(u, n, lane) : 0);
          }
          EXPECT_EQ(magnitude(u, n, lane), 1);
        }
      }
    }
  });
}

TYPED_TEST(ActivationShapes, maxout_keeps_a_nan_wherever_it_stands) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    TestParameters<T> p(kernels.lanes);
    p.pieces = 3;
    for (std::size_t where = 0; where < 3; ++where) {
      TestMatrix<T> z(3, 1, kernels.lanes), a(1, 1, kernels.lanes);
      z.fill([](std::size_t r, std::size_t, std::size_t) { return r; });
      z(where, 0, 1) = kNan<T>;
      kernels.activation->forward(Activation::kMaxout, p.get(), z.constant(), a.view());
      EXPECT_TRUE(std::isnan(a(0, 0, 1)));
      EXPECT_EQ(a(0, 0, 0), 2);
    }
  });
}

TYPED_TEST(ActivationShapes, a_training_rrelu_uses_the_slope_drawn_for_each_element) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    TestRandom random(3);
    const TestParameters<T> p(lanes);
    TestMatrix<T> z(3, 4, lanes), slopes(3, 4, lanes, 1), a(3, 4, lanes), g(3, 4, lanes), dz(3, 4, lanes);
    z.fill_random(random);
    slopes.fill_random(random, 0.125, 0.34);
    g.fill_random(random);
    ActivationParameters<T> drawn = p.get();
    drawn.drawn_slopes = slopes.constant();
    kernels.activation->forward(Activation::kRrelu, drawn, z.constant(), a.view());
    kernels.activation->backward(Activation::kRrelu, drawn, z.constant(), g.constant(), dz.view());
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t n = 0; n < 4; ++n) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const T v = z(r, n, lane), slope = v > 0 ? 1 : slopes(r, n, lane);
          EXPECT_EQ(a(r, n, lane), slope * v);
          EXPECT_EQ(dz(r, n, lane), slope * g(r, n, lane));
        }
      }
    }
  });
}

TYPED_TEST(ActivationShapes, the_slope_gradient_sums_the_negative_side_in_order) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, rows = 3, samples = 9;
    TestRandom random(4);
    TestMatrix<T> z(rows, samples, lanes), g(rows, samples, lanes, 1), sums = dense_column<T>(rows, lanes),
                                                                       expected(rows, 1, lanes);
    z.fill_random(random);
    g.fill_random(random);
    sums.fill_random(random);
    expected.fill([&](std::size_t r, std::size_t, std::size_t lane) {
      T sum = sums(r, 0, lane);
      for (std::size_t n = 0; n < samples; ++n) {
        sum = std::fma(std::min(z(r, n, lane), T(0)), g(r, n, lane), sum);
      }
      return sum;
    });
    kernels.activation->slope_gradient(z.constant(), g.constant(), sums.view().data);
    expect_same_bits(sums, expected);
  });
}

TYPED_TEST(ActivationShapes, strides_do_not_matter) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, rows = 3, samples = 5;
    const TestParameters<T> p(lanes);
    for (const Activation kind : kElementwise) {
      TestRandom random(5);
      TestMatrix<T> z(rows, samples, lanes), z2(rows, samples, lanes, 2, true), a(rows, samples, lanes),
          a2(rows, samples, lanes, 1, true), dz(rows, samples, lanes), dz2(rows, samples, lanes, 3);
      z.fill_random(random, -3, 3);
      z2.fill([&](std::size_t r, std::size_t n, std::size_t lane) { return z(r, n, lane); });
      kernels.activation->forward(kind, p.get(), z.constant(), a.view());
      kernels.activation->forward(kind, p.get(), z2.constant(), a2.view());
      expect_same_bits(a, a2);
      kernels.activation->backward(kind, p.get(), z.constant(), a.constant(), dz.view());
      kernels.activation->backward(kind, p.get(), z2.constant(), a2.constant(), dz2.view());
      expect_same_bits(dz, dz2);
    }
  });
}

TYPED_TEST(ActivationShapes, a_poisoned_lane_leaves_its_neighbours_alone) {
  using T = TypeParam;
  std::vector<Activation> kinds = kElementwise;
  kinds.push_back(Activation::kCrelu);
  kinds.push_back(Activation::kMaxout);
  on_every_target_in_lanes<T>([&](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, rows = 4, samples = 3;
    TestParameters<T> p(lanes);
    p.pieces = 2;
    for (const Activation kind : kinds) {
      const std::size_t outputs = kind == Activation::kCrelu ? 8 : kind == Activation::kMaxout ? 2 : 4;
      TestRandom random(6);
      TestMatrix<T> z(rows, samples, lanes), g(outputs, samples, lanes), a(outputs, samples, lanes),
          dz(rows, samples, lanes), a2(outputs, samples, lanes), dz2(rows, samples, lanes);
      z.fill_random(random, -2, 2);
      g.fill_random(random);
      kernels.activation->forward(kind, p.get(), z.constant(), a.view());
      kernels.activation->backward(kind, p.get(), z.constant(), g.constant(), dz.view());
      z(1, 1, 1) = kNan<T>;
      z(2, 0, 1) = kInfinity<T>;
      z(2, 2, 1) = -kInfinity<T>;
      g(0, 0, 1) = kInfinity<T>;
      kernels.activation->forward(kind, p.get(), z.constant(), a2.view());
      kernels.activation->backward(kind, p.get(), z.constant(), g.constant(), dz2.view());
      a2.fill([&](std::size_t r, std::size_t n, std::size_t lane) {
        return lane == 1 ? a(r, n, 1) : a2(r, n, lane);
      });
      dz2.fill([&](std::size_t r, std::size_t n, std::size_t lane) {
        return lane == 1 ? dz(r, n, 1) : dz2(r, n, lane);
      });
      expect_same_bits(a, a2);
      expect_same_bits(dz, dz2);
    }
  });
}

}  // namespace
}  // namespace deadrelu
