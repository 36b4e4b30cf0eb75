// What the activation tests share: parameters for every lane, and a scalar oracle written from PyTorch's
// formulas.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lane_testing.h"
#include "simd/activation.h"

namespace deadrelu {

inline constexpr double kTestSlope = 0.125, kTestAlpha = 1.5, kTestAtZero = 0.25;

// The expression that stands for all of them here: a/(1 + x²) with one number.
inline const ActivationPrograms& test_programs() {
  static const ActivationPrograms programs = [] {
    FormulaError error;
    return Formula::parse("a/(1 + x^2)", error).value().activation();
  }();
  return programs;
}

// The same numbers in every lane.
template <class T>
struct TestParameters {
  explicit TestParameters(std::size_t lanes)
      : slope(lane_values<T>(lanes, kTestSlope)),
        alpha(lane_values<T>(lanes, kTestAlpha)),
        at_zero(lane_values<T>(lanes, kTestAtZero)),
        formula_numbers(lane_values<T>(lanes, kTestAlpha)) {
    formula_numbers.insert(formula_numbers.end(), at_zero.begin(), at_zero.end());
  }
  ActivationParameters<T> get() const {
    return {slope.data(), alpha.data(), at_zero.data(), pieces, {}, &test_programs(), formula_numbers.data()};
  }

  std::vector<T> slope, alpha, at_zero, formula_numbers;
  std::size_t pieces = 1;
};

// Every activation that maps one number to one.
inline const std::vector<Activation> kElementwise = [] {
  std::vector<Activation> kinds;
  for (const Activation kind : values_of<Activation>())
    if (kind != Activation::kCrelu && kind != Activation::kMaxout) kinds.push_back(kind);
  return kinds;
}();

// PyTorch's documented formulas, in long double; not a number where one is missing.
inline long double activation_oracle(Activation kind, long double z) {
  using std::exp, std::expm1, std::max, std::min;
  const long double zero = 0, six = 6, alpha = kTestAlpha;
  switch (kind) {
    case Activation::kRelu: return max(zero, z);
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
    case Activation::kRrelu: return max(zero, z) + kTestSlope * min(zero, z);
    case Activation::kRelu6: return min(max(zero, z), six);
    case Activation::kElu: return z > 0 ? z : alpha * expm1(z);
    case Activation::kSelu:
      return 1.0507009873554804934193349852946L *
             (max(zero, z) + min(zero, 1.6732632423543772848170429916717L * expm1(min(zero, z))));
    case Activation::kCelu: return max(zero, z) + min(zero, alpha * expm1(min(zero, z) / alpha));
    case Activation::kGelu: return z * std::erfc(-z / std::sqrt(2.0L)) / 2;
    case Activation::kSilu: return z / (1 + exp(-z));
    case Activation::kMish: return z * std::tanh(std::log1p(exp(z)));
    case Activation::kSoftplus: return z > 60 ? z : std::log1p(exp(z));
    case Activation::kSoftsign: return z / (1 + std::abs(z));
    case Activation::kSigmoid: return 1 / (1 + exp(-z));
    case Activation::kTanh: return std::tanh(z);
    case Activation::kHardSigmoid: return min(max(zero, z + 3), six) / 6;
    case Activation::kHardTanh: return min(max(z, -1.0L), 1.0L);
    case Activation::kHardSwish: return z * (min(max(zero, z + 3), six) / 6);
    case Activation::kAbs: return std::abs(z);
    case Activation::kGaussian: return exp(-z * z);
    case Activation::kIdentity: return z;
    case Activation::kExpression: return alpha / (1 + z * z);
    case Activation::kCrelu:
    case Activation::kMaxout: break;
  }
  return std::numeric_limits<long double>::quiet_NaN();
}

// Value and derivative of one activation at given points: derivative by way of a gradient of 1.
template <class T>
struct ActivationCurve {
  std::vector<T> value, derivative, magnitude;
};
template <class T>
ActivationCurve<T> activation_curve(const Kernels<T>& kernels, Activation kind,
                                    const std::vector<T>& points) {
  const std::size_t lanes = kernels.lanes, samples = (points.size() + lanes - 1) / lanes;
  TestMatrix<T> z(1, samples, lanes), value(1, samples, lanes), ones(1, samples, lanes),
      derivative(1, samples, lanes), magnitude(1, samples, lanes);
  z.fill([&](std::size_t, std::size_t n, std::size_t lane) {
    return points[std::min(n * lanes + lane, points.size() - 1)];
  });
  ones.fill([](std::size_t, std::size_t, std::size_t) { return 1; });
  const TestParameters<T> parameters(lanes);
  kernels.activation->forward(kind, parameters.get(), z.constant(), value.view());
  kernels.activation->backward(kind, parameters.get(), z.constant(), ones.constant(), derivative.view());
  kernels.activation->derivative_magnitude(kind, parameters.get(), z.constant(), magnitude.view());
  ActivationCurve<T> curve;
  for (std::size_t i = 0; i < points.size(); ++i) {
    curve.value.push_back(value(0, i / lanes, i % lanes));
    curve.derivative.push_back(derivative(0, i / lanes, i % lanes));
    curve.magnitude.push_back(magnitude(0, i / lanes, i % lanes));
  }
  return curve;
}

}  // namespace deadrelu
