#include "simd/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Losses : public ::testing::Test {};
TYPED_TEST_SUITE(Losses, Precisions);

constexpr auto kLosses = values_of<Loss>();

// One sample's loss by PyTorch's formula, in long double.
long double sample_loss(Loss loss, const std::vector<long double>& y, const std::vector<long double>& t) {
  const std::size_t outputs = y.size();
  long double sum = 0, exponentials = 0;
  for (const long double v : y) exponentials += std::exp(v);
  for (std::size_t o = 0; o < outputs; ++o) {
    switch (loss) {
      case Loss::kMse: sum += (y[o] - t[o]) * (y[o] - t[o]) / outputs; break;
      case Loss::kHalfMse: sum += (y[o] - t[o]) * (y[o] - t[o]) / 2 / outputs; break;
      case Loss::kMae: sum += std::abs(y[o] - t[o]) / outputs; break;
      case Loss::kCrossEntropy: sum -= t[o] * (y[o] - std::log(exponentials)); break;
      case Loss::kBinaryCrossEntropy: sum += (std::log1p(std::exp(y[o])) - t[o] * y[o]) / outputs; break;
    }
  }
  return sum;
}

template <class T>
struct LossCase {
  LossCase(Loss kind, std::size_t outputs, std::size_t samples, std::size_t lanes)
      : loss(kind),
        y(outputs, samples, lanes, 1),
        t(outputs, samples, lanes),
        gradient(outputs, samples, lanes, 2),
        sums(lanes) {
    TestRandom random(outputs * 100 + samples);
    y.fill_random(random, -3, 3);
    t.fill_random(random, -2, 2);
    if (kind == Loss::kBinaryCrossEntropy) {
      t.fill([&](std::size_t, std::size_t, std::size_t) { return random.below(2); });
    }
    if (kind == Loss::kCrossEntropy) {
      t.fill([&](std::size_t o, std::size_t n, std::size_t lane) { return (n * 7 + lane) % outputs == o; });
    }
  }
  void evaluate(const Kernels<T>& kernels, T scale) {
    kernels.loss->evaluate(loss, y.constant(), t.constant(), scale, sums.data(), gradient.view());
  }
  std::vector<long double> column(const TestMatrix<T>& x, std::size_t n, std::size_t lane) const {
    std::vector<long double> values;
    for (std::size_t o = 0; o < x.rows(); ++o) values.push_back(x(o, n, lane));
    return values;
  }

  Loss loss;
  TestMatrix<T> y, t, gradient;
  std::vector<double> sums;
};

TYPED_TEST(Losses, sums_are_pytorchs_formulas) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Loss loss : kLosses) {
      for (const std::size_t outputs : {1, 2, 5}) {
        LossCase<T> test(loss, outputs, 9, kernels.lanes);
        test.sums.assign(kernels.lanes, 10);  // a sum goes on where it stands
        test.evaluate(kernels, 1);
        for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
          long double expected = 10;
          for (std::size_t n = 0; n < 9; ++n) {
            expected += sample_loss(loss, test.column(test.y, n, lane), test.column(test.t, n, lane));
          }
          EXPECT_NEAR(test.sums[lane], expected, sizeof(T) == 4 ? 1e-5 : 1e-13)
              << int(loss) << ' ' << outputs;
        }
      }
    }
  });
}

TYPED_TEST(Losses, gradients_are_finite_differences_of_the_formulas) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Loss loss : kLosses) {
      for (const std::size_t outputs : {1, 2, 5}) {
        LossCase<T> test(loss, outputs, 4, kernels.lanes);
        test.evaluate(kernels, T(0.25));
        for (std::size_t o = 0; o < outputs; ++o) {
          for (std::size_t n = 0; n < 4; ++n) {
            for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
              auto y = test.column(test.y, n, lane);
              const auto t = test.column(test.t, n, lane);
              const long double center = y[o], h = 1e-6L;
              y[o] = center + h;
              const long double above = sample_loss(loss, y, t);
              y[o] = center - h;
              const long double slope = 0.25L * (above - sample_loss(loss, y, t)) / (2 * h);
              EXPECT_NEAR(test.gradient(o, n, lane), slope, sizeof(T) == 4 ? 1e-6 : 1e-11) << int(loss);
            }
          }
        }
      }
    }
  });
}

TYPED_TEST(Losses, the_absolute_error_is_flat_at_zero) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    LossCase<T> test(Loss::kMae, 1, 1, kernels.lanes);
    test.y(0, 0, 0) = test.t(0, 0, 0);
    test.evaluate(kernels, 1);
    EXPECT_EQ(test.gradient(0, 0, 0), 0);
    EXPECT_EQ(std::abs(test.gradient(0, 0, 1)), 1);
  });
}

TYPED_TEST(Losses, a_batch_in_pieces_gives_the_bits_of_the_whole) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    constexpr std::pair<std::size_t, std::size_t> kPieces[] = {{0, 16}, {16, 9}, {25, 1}, {26, 17}};
    for (const std::size_t outputs : {1, 3}) {
      std::vector<double> counts(kernels.lanes), counted(kernels.lanes);
      for (const Loss loss : kLosses) {
        LossCase<T> whole(loss, outputs, 43, kernels.lanes), pieces(loss, outputs, 43, kernels.lanes);
        whole.evaluate(kernels, T(0.3));
        kernels.loss->count_correct(whole.y.constant(), whole.t.constant(), 0, T(0.5), counts.data());
        for (const auto& piece : kPieces) {
          const auto part = [&](auto view) {
            return view.transposed().row_range(piece.first, piece.second).transposed();
          };
          const auto y = part(pieces.y.constant()), t = part(pieces.t.constant());
          kernels.loss->evaluate(loss, y, t, T(0.3), pieces.sums.data(), part(pieces.gradient.view()));
          kernels.loss->count_correct(y, t, 0, T(0.5), counted.data());
        }
        EXPECT_EQ(pieces.sums, whole.sums);
        EXPECT_EQ(counted, counts);
        expect_same_bits(pieces.gradient, whole.gradient);
      }
    }
  });
}

TYPED_TEST(Losses, the_sum_is_the_same_without_a_gradient) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Loss loss : kLosses) {
      LossCase<T> with(loss, 3, 7, kernels.lanes), without(loss, 3, 7, kernels.lanes);
      with.evaluate(kernels, 1);
      kernels.loss->evaluate(loss, without.y.constant(), without.t.constant(), 1, without.sums.data(), {});
      EXPECT_EQ(with.sums, without.sums);
    }
  });
}

TYPED_TEST(Losses, huge_logits_neither_overflow_nor_vanish) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    TestMatrix<T> y(2, 3, lanes), t(2, 3, lanes), g(2, 3, lanes);
    const double logits[2][3] = {{1e4, -1e4, 3e38}, {-1e4, 1e4, -3e38}};
    y.fill([&](std::size_t o, std::size_t n, std::size_t) { return logits[o][n]; });
    t.fill([](std::size_t o, std::size_t, std::size_t) { return o == 0; });
    std::vector<double> first(lanes), second(lanes), third(lanes);
    const auto sample = [&](auto view, std::size_t n) {
      return view.transposed().row_range(n, 1).transposed();
    };
    const auto evaluate = [&](Loss loss, std::size_t n, std::vector<double>& sums) {
      sums.assign(lanes, 0);
      kernels.loss->evaluate(loss, sample(y.constant(), n), sample(t.constant(), n), 1, sums.data(),
                             sample(g.view(), n));
    };
    evaluate(Loss::kCrossEntropy, 0, first);
    evaluate(Loss::kCrossEntropy, 1, second);
    evaluate(Loss::kCrossEntropy, 2, third);
    EXPECT_EQ(first[0], 0);
    EXPECT_EQ(second[0], 2e4);
    EXPECT_EQ(third[0], 0);
    EXPECT_EQ(g(0, 0, 0), 0);
    EXPECT_EQ(g(0, 1, 0), -1);
    EXPECT_EQ(g(1, 1, 0), 1);
    evaluate(Loss::kBinaryCrossEntropy, 0, first);
    evaluate(Loss::kBinaryCrossEntropy, 1, second);
    EXPECT_EQ(first[0], 0);
    EXPECT_EQ(second[0], 1e4);
    EXPECT_EQ(g(0, 1, 0), T(-0.5));
  });
}

TYPED_TEST(Losses, a_poisoned_lane_shows_in_its_sum_and_nowhere_else) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    for (const Loss loss : kLosses) {
      for (std::size_t row = 0; row < 3; ++row) {
        LossCase<T> clean(loss, 3, 5, kernels.lanes), poisoned(loss, 3, 5, kernels.lanes);
        poisoned.y(row, 2, 1) = kNan<T>;
        clean.evaluate(kernels, 1);
        poisoned.evaluate(kernels, 1);
        EXPECT_TRUE(std::isnan(poisoned.sums[1])) << int(loss) << " row " << row;
        poisoned.sums[1] = clean.sums[1];
        EXPECT_EQ(poisoned.sums, clean.sums);
        poisoned.gradient.fill([&](std::size_t o, std::size_t n, std::size_t lane) {
          return lane == 1 ? clean.gradient(o, n, 1) : poisoned.gradient(o, n, lane);
        });
        expect_same_bits(poisoned.gradient, clean.gradient);
      }
    }
  });
}

TYPED_TEST(Losses, correct_samples_have_their_largest_output_where_the_target_is) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    // Samples: right, wrong, a tie whose first is right, a tie whose first is wrong, NaN beside the right
    // one.
    const double outputs[3][5] = {{5, 1, 2, 2, 9}, {1, 4, 2, 2, kNan<T>}, {0, 2, 0, 1, 0}};
    const double targets[3][5] = {{1, 1, 1, 0, 1}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 0}};
    TestMatrix<T> y(3, 5, lanes), t(3, 5, lanes);
    y.fill([&](std::size_t o, std::size_t n, std::size_t) { return outputs[o][n]; });
    t.fill([&](std::size_t o, std::size_t n, std::size_t) { return targets[o][n]; });
    y(0, 1, 1) = 50;  // lane 1 has the second sample right as well
    std::vector<double> counts(lanes, 100);
    kernels.loss->count_correct(y.constant(), t.constant(), 0, T(0.5), counts.data());
    EXPECT_EQ(counts[0], 102);
    EXPECT_EQ(counts[1], 103);
  });
}

TYPED_TEST(Losses, a_single_output_is_compared_with_the_threshold) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const double outputs[5] = {0.7, 0.3, 0.5, 0.6, kNan<T>}, targets[5] = {1, 0, 1, 0, 0};
    TestMatrix<T> y(1, 5, kernels.lanes), t(1, 5, kernels.lanes);
    y.fill([&](std::size_t, std::size_t n, std::size_t) { return outputs[n]; });
    t.fill([&](std::size_t, std::size_t n, std::size_t) { return targets[n]; });
    std::vector<double> counts(kernels.lanes);
    kernels.loss->count_correct(y.constant(), t.constant(), T(0.5), T(0.5), counts.data());
    for (const double count : counts) EXPECT_EQ(count, 2);
    kernels.loss->count_correct(y.constant(), t.constant(), T(0.4), T(0.5), counts.data());
    for (const double count : counts) EXPECT_EQ(count, 2 + 3);
    kernels.loss->count_correct(y.constant(), t.constant(), T(0.4), T(-1), counts.data());  // all are wanted
    for (const double count : counts) EXPECT_EQ(count, 2 + 3 + 3);
  });
}

}  // namespace
}  // namespace deadrelu
