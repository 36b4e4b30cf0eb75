#include "simd/activation.h"

#include <gtest/gtest.h>

#include "activation_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Activations : public ::testing::Test {};
TYPED_TEST_SUITE(Activations, Precisions);

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
