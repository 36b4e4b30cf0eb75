#include "simd/activation.h"

#include <gtest/gtest.h>

#include <bit>

#include "activation_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Activations : public ::testing::Test {};
TYPED_TEST_SUITE(Activations, Precisions);

constexpr float kLeast = std::numeric_limits<float>::denorm_min();
template <class T>
constexpr double kTolerance = sizeof(T) == 4 ? 1e-6 : 4e-15;

// e^−z² and the normal distribution's tail carry the rounding of z², which is the larger the further out z
// is.
double conditioning(Activation kind, double z) {
  return kind == Activation::kGaussian || kind == Activation::kGelu ? 1 + z * z : 1;
}

// A grid without kinks, finer near 0, and far out on both sides.
template <class T>
std::vector<T> smooth_points() {
  std::vector<T> points;
  for (double z = -14.03; z < 14; z += 0.0517) points.push_back(static_cast<T>(z));
  for (double z = 1e-6; z < 0.3; z *= 1.7) {
    points.push_back(static_cast<T>(z));
    points.push_back(static_cast<T>(-z));
  }
  for (const double z : {21.0, 33.0, 60.0, 85.0}) {
    points.push_back(static_cast<T>(z));
    points.push_back(static_cast<T>(-z));
  }
  return points;
}

TYPED_TEST(Activations, values_are_pytorchs_formulas) {
  using T = TypeParam;
  const std::vector<T> points = smooth_points<T>();
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const Activation kind : kElementwise) {
      const ActivationCurve<T> curve = activation_curve(kernels, kind, points);
      for (std::size_t i = 0; i < points.size(); ++i) {
        const long double expected = activation_oracle(kind, points[i]);
        const long double bound = kTolerance<T> * conditioning(kind, points[i]) * std::abs(expected) +
                                  4 * std::numeric_limits<T>::denorm_min();
        EXPECT_NEAR(curve.value[i], expected, bound) << "kind " << int(kind) << " at " << points[i];
      }
    }
  });
}

TYPED_TEST(Activations, derivatives_are_finite_differences_of_the_formulas) {
  using T = TypeParam;
  const std::vector<T> points = smooth_points<T>();
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const Activation kind : kElementwise) {
      const ActivationCurve<T> curve = activation_curve(kernels, kind, points);
      for (std::size_t i = 0; i < points.size(); ++i) {
        const long double z = points[i], h = std::min(1e-5L, std::abs(z) / 2);
        const long double slope = (activation_oracle(kind, z + h) - activation_oracle(kind, z - h)) / (2 * h);
        const long double relative = (sizeof(T) == 4 ? 4e-6L : 1e-6L) * conditioning(kind, points[i]);
        // silu, mish and gelu cross zero near -1, where their terms cancel.
        const long double cancelled = std::abs(z) < 3 ? std::numeric_limits<T>::epsilon() : 0;
        EXPECT_NEAR(curve.derivative[i], slope, relative * std::abs(slope) + cancelled + 1e-13L)
            << "kind " << int(kind) << " at " << points[i];
        EXPECT_EQ(curve.magnitude[i], std::abs(curve.derivative[i]));
      }
    }
  });
}

// Some numbers of every exponent, of both signs.
std::vector<float> points_of_every_exponent() {
  std::vector<float> points;
  TestRandom random(21);
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) {
    for (int i = 0; i < 64; ++i) {
      const auto mantissa = static_cast<std::uint32_t>(random.below(1u << 23));
      const auto magnitude = std::bit_cast<float>(exponent << 23 | (i == 0 ? 0 : mantissa));
      points.push_back(magnitude);
      points.push_back(-magnitude);
    }
  }
  for (double z = -15; z < 6; z += 0.00137) points.push_back(static_cast<float>(z));
  return points;
}

TEST(Activations, floats_of_every_exponent_keep_their_digits) {
  struct Bound {
    Activation kind;
    double relative;     // of the value
    double last_places;  // of the smallest numbers: silu and mish multiply such a one by z
  };
  const std::vector<float> points = points_of_every_exponent();
  on_every_target<float>([&](const Kernels<float>& kernels) {
    for (const auto& [kind, relative, last_places] :
         {Bound{Activation::kGelu, 4e-7, 1}, Bound{Activation::kSoftplus, 2e-7, 1},
          Bound{Activation::kTanh, 3e-7, 0}, Bound{Activation::kSigmoid, 3e-7, 1},
          Bound{Activation::kSilu, 3e-7, 60}, Bound{Activation::kMish, 5e-7, 60},
          Bound{Activation::kElu, 2e-7, 1}, Bound{Activation::kSelu, 3e-7, 2}}) {
      const ActivationCurve<float> curve = activation_curve(kernels, kind, points);
      for (std::size_t i = 0; i < points.size(); ++i) {
        const long double expected = activation_oracle(kind, points[i]);
        if (std::abs(expected) > std::numeric_limits<float>::max()) continue;
        ASSERT_NEAR(curve.value[i], expected, relative * std::abs(expected) + last_places * kLeast)
            << "kind " << int(kind) << " at " << points[i];
      }
    }
  });
}

TEST(Activations, gelus_derivative_keeps_the_digits_of_its_terms) {
  const std::vector<float> points = points_of_every_exponent();
  on_every_target<float>([&](const Kernels<float>& kernels) {
    const ActivationCurve<float> curve = activation_curve(kernels, Activation::kGelu, points);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const long double z = points[i], share = std::erfc(-z / std::sqrt(2.0L)) / 2;
      const long double rise = std::abs(z) < 1e3 ? z * std::exp(-z * z / 2) * 0.39894228040143267794L : 0;
      ASSERT_NEAR(curve.derivative[i], share + rise, 4e-7 * (share + std::abs(rise)) + 16 * kLeast)
          << points[i];
    }
  });
}

// PyTorch's derivative of a piece of slope 0 is a selection: 0·∞ does not end a run.
TYPED_TEST(Activations, a_dead_unit_has_no_gradient_however_infinite_the_one_above) {
  using T = TypeParam;
  struct Flat {
    Activation kind;
    double z;
  };
  const Flat flats[] = {{Activation::kRelu, -1},        {Activation::kRelu, -0.0},
                        {Activation::kRelu6, -2},       {Activation::kRelu6, 7},
                        {Activation::kCrelu, 0},        {Activation::kHardTanh, 2},
                        {Activation::kHardTanh, -1},    {Activation::kHardSigmoid, 4},
                        {Activation::kHardSigmoid, -3}, {Activation::kHardSwish, -3.5}};
  on_every_target<T>([&](const Kernels<T>& kernels) {
    TestParameters<T> parameters(kernels.lanes);
    std::fill(parameters.at_zero.begin(), parameters.at_zero.end(), T{0});
    for (const Flat& flat : flats) {
      TestMatrix<T> z(1, 1, kernels.lanes), above(2, 1, kernels.lanes), below(1, 1, kernels.lanes);
      z.fill([&](std::size_t, std::size_t, std::size_t) { return flat.z; });
      for (const T infinite : {kInfinity<T>, -kInfinity<T>, kNan<T>}) {
        above.fill([&](std::size_t, std::size_t, std::size_t) { return infinite; });
        kernels.activation->backward(flat.kind, parameters.get(), z.constant(),
                                     above.constant().row_range(0, flat.kind == Activation::kCrelu ? 2 : 1),
                                     below.view());
        for (std::size_t lane = 0; lane < kernels.lanes; ++lane)
          EXPECT_TRUE(same_bits(below(0, 0, lane), T(0))) << int(flat.kind) << " at " << flat.z;
      }
    }
    TestMatrix<T> z(1, 1, kernels.lanes), above(1, 1, kernels.lanes),
        sums = dense_column<T>(1, kernels.lanes);
    z.fill([](std::size_t, std::size_t, std::size_t) { return 1; });
    above.fill([](std::size_t, std::size_t, std::size_t) { return kInfinity<T>; });
    kernels.activation->slope_gradient(z.constant(), above.constant(), sums.view().data);
    EXPECT_EQ(sums(0, 0, 0), 0);
  });
}

TYPED_TEST(Activations, huge_inputs_reach_the_limits_without_infinity) {
  using T = TypeParam;
  const std::vector<T> points = {T(104), T(-104), T(1e3), T(-1e3), T(1e4), T(-1e4), T(1e30), T(-1e30)};
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const Activation kind : kElementwise) {
      const ActivationCurve<T> curve = activation_curve(kernels, kind, points);
      for (std::size_t i = 0; i < points.size(); ++i) {
        const long double expected = activation_oracle(kind, points[i]);
        EXPECT_NEAR(curve.value[i], expected, kTolerance<T> * std::abs(expected) + 1e-40)
            << "kind " << int(kind) << " at " << points[i];
        EXPECT_LE(curve.magnitude[i], 2) << "kind " << int(kind) << " at " << points[i];
      }
    }
  });
}

TYPED_TEST(Activations, silu_and_its_kin_vanish_far_below) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Activation kind :
         {Activation::kSilu, Activation::kMish, Activation::kGelu, Activation::kSigmoid,
          Activation::kSoftplus, Activation::kHardSwish, Activation::kRelu}) {
      const ActivationCurve<T> curve = activation_curve<T>(kernels, kind, {T(-1e4)});
      EXPECT_EQ(curve.value[0], 0) << int(kind);
      EXPECT_EQ(curve.derivative[0], 0) << int(kind);
    }
    EXPECT_EQ(activation_curve<T>(kernels, Activation::kSoftplus, {T(1e4)}).value[0], T(1e4));
    EXPECT_EQ(activation_curve<T>(kernels, Activation::kSigmoid, {T(1e4)}).value[0], 1);
  });
}

TYPED_TEST(Activations, saturated_derivatives_keep_their_digits) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const auto derivative = [&](Activation kind, double z) {
      return double(activation_curve<T>(kernels, kind, {T(z)}).derivative[0]);
    };
    EXPECT_NEAR(derivative(Activation::kTanh, 15), 4 * std::exp(-30.0), 1e-5 * 4 * std::exp(-30.0));
    EXPECT_NEAR(derivative(Activation::kSigmoid, 30), std::exp(-30.0), 1e-5 * std::exp(-30.0));
    EXPECT_NEAR(derivative(Activation::kSigmoid, -30), std::exp(-30.0), 1e-5 * std::exp(-30.0));
  });
}

struct Kink {
  Activation kind;
  double z, derivative;
};
const Kink kKinks[] = {
    {Activation::kRelu, 0, kTestAtZero},
    {Activation::kLeakyRelu, 0, kTestSlope + kTestAtZero*(1 - kTestSlope)},
    {Activation::kPrelu, 0, kTestSlope + kTestAtZero*(1 - kTestSlope)},
    {Activation::kRrelu, 0, kTestSlope + kTestAtZero*(1 - kTestSlope)},
    {Activation::kRelu6, 0, kTestAtZero},
    {Activation::kRelu6, 6, 0},
    {Activation::kAbs, 0, kTestAtZero},
    {Activation::kHardTanh, 1, 0},
    {Activation::kHardTanh, -1, 0},
    {Activation::kHardSigmoid, 3, 0},
    {Activation::kHardSigmoid, -3, 0},
    {Activation::kHardSwish, 3, 1},
    {Activation::kHardSwish, -3, 0},
    {Activation::kElu, 0, kTestAlpha},
    {Activation::kCelu, 0, 1},
    {Activation::kSoftsign, 0, 1},
    {Activation::kGaussian, 0, 0},
};

TYPED_TEST(Activations, kinks_have_the_documented_derivative) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Kink& kink : kKinks) {
      const ActivationCurve<T> curve = activation_curve<T>(kernels, kink.kind, {T(kink.z), T(-0.0)});
      EXPECT_EQ(curve.derivative[0], T(kink.derivative)) << int(kink.kind) << " at " << kink.z;
      EXPECT_NEAR(curve.value[0], activation_oracle(kink.kind, kink.z), kTolerance<T>) << int(kink.kind);
      if (kink.z == 0) {
        EXPECT_EQ(curve.derivative[1], T(kink.derivative)) << int(kink.kind) << " at -0";
      }
    }
  });
}

TYPED_TEST(Activations, a_nan_stays_nan_in_every_activation) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Activation kind : kElementwise) {
      const ActivationCurve<T> curve = activation_curve<T>(kernels, kind, {T(1), kNan<T>, T(-1)});
      EXPECT_TRUE(std::isnan(curve.value[1])) << int(kind);
      EXPECT_FALSE(std::isnan(curve.value[0])) << int(kind);
      EXPECT_FALSE(std::isnan(curve.value[2])) << int(kind);
    }
  });
}

TYPED_TEST(Activations, relu_of_nothing_positive_is_plus_zero) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const T value : activation_curve<T>(kernels, Activation::kRelu, {T(-0.0), T(-1), T(-1e30)}).value) {
      EXPECT_TRUE(same_bits(value, T(0)));
    }
  });
}

TYPED_TEST(Activations, every_lane_has_its_own_slope_and_alpha) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    TestParameters<T> parameters(lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      parameters.slope[lane] = T(0.5) / T(lane + 1);
      parameters.alpha[lane] = T(lane + 1);
    }
    TestMatrix<T> z(2, 3, lanes), output(2, 3, lanes);
    z.fill([](std::size_t, std::size_t, std::size_t) { return -2; });
    kernels.activation->forward(Activation::kLeakyRelu, parameters.get(), z.constant(), output.view());
    for (std::size_t lane = 0; lane < lanes; ++lane)
      EXPECT_EQ(output(1, 2, lane), -2 * parameters.slope[lane]);
    kernels.activation->forward(Activation::kElu, parameters.get(), z.constant(), output.view());
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      EXPECT_NEAR(output(1, 2, lane), parameters.alpha[lane] * std::expm1(-2.0), 1e-5);
    }
  });
}

}  // namespace
}  // namespace deadrelu
