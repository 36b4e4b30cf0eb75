#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/reference_formula.h"
#include "reference/reference_network.h"

namespace deadrelu::reference {
namespace {

constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kSeluScale = 1.0507009873554804934193349852946;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }
double clamp(double z, double low, double high) { return std::min(std::max(z, low), high); }

}  // namespace

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

double activation_value(const ActivationSpec& activation, double slope, double z) {
  const double alpha = activation.alpha;
  switch (activation.kind) {
    case Activation::kRelu: return std::max(z, 0.0);
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
    case Activation::kRrelu: return std::max(z, 0.0) + slope * std::min(z, 0.0);
    case Activation::kRelu6: return clamp(z, 0, 6);
    case Activation::kElu: return z > 0 ? z : alpha * std::expm1(z);
    case Activation::kSelu: return kSeluScale * (z > 0 ? z : kSeluAlpha * std::expm1(z));
    case Activation::kCelu: return std::max(z, 0.0) + std::min(0.0, alpha * std::expm1(z / alpha));
    case Activation::kGelu: return z * normal_cdf(z);
    case Activation::kSilu: return z * sigmoid(z);
    case Activation::kMish: return z * std::tanh(softplus(z));
    case Activation::kSoftplus: return softplus(z);
    case Activation::kSoftsign: return z / (1 + std::abs(z));
    case Activation::kSigmoid: return sigmoid(z);
    case Activation::kTanh: return std::tanh(z);
    case Activation::kHardSigmoid: return clamp(z / 6 + 0.5, 0, 1);
    case Activation::kHardTanh: return clamp(z, -1, 1);
    case Activation::kHardSwish: return z * clamp(z + 3, 0, 6) / 6;
    case Activation::kAbs: return std::abs(z);
    case Activation::kGaussian: return std::exp(-z * z);
    case Activation::kIdentity: return z;
    case Activation::kExpression: {
      const Formula formula = formula_of(activation);
      return formula_value<double>(formula, std::span(&z, 1), formula.values_of_numbers(activation.numbers));
    }
    case Activation::kCrelu:
    case Activation::kMaxout: break;
  }
  return kNoFormula;
}

double activation_derivative(const ActivationSpec& activation, double slope, double z) {
  const double alpha = activation.alpha, at_zero = activation.at_zero;
  const double unit_step = z > 0 ? 1 : z < 0 ? 0 : at_zero;
  switch (activation.kind) {
    case Activation::kRelu: return unit_step;
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
    case Activation::kRrelu: return slope + (1 - slope) * unit_step;
    case Activation::kRelu6: return z < 6 ? unit_step : 0;
    case Activation::kElu: return z > 0 ? 1 : alpha * std::exp(z);
    case Activation::kSelu: return kSeluScale * (z > 0 ? 1 : kSeluAlpha * std::exp(z));
    case Activation::kCelu: return z > 0 ? 1 : std::exp(z / alpha);
    case Activation::kGelu: return normal_cdf(z) + z * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    case Activation::kSilu: return sigmoid(z) * (1 + z * (1 - sigmoid(z)));
    case Activation::kMish: {
      const double t = std::tanh(softplus(z));
      return t + z * (1 - t * t) * sigmoid(z);
    }
    case Activation::kSoftplus: return sigmoid(z);
    case Activation::kSoftsign: return 1 / ((1 + std::abs(z)) * (1 + std::abs(z)));
    case Activation::kSigmoid: return sigmoid(z) * sigmoid(-z);
    case Activation::kTanh: return 1 / (std::cosh(z) * std::cosh(z));
    case Activation::kHardSigmoid: return std::abs(z) < 3 ? 1.0 / 6 : 0;
    case Activation::kHardTanh: return std::abs(z) < 1 ? 1 : 0;
    case Activation::kHardSwish: return z <= -3 ? 0 : z >= 3 ? 1 : (2 * z + 3) / 6;
    case Activation::kAbs: return z > 0 ? 1 : z < 0 ? -1 : at_zero;
    case Activation::kGaussian: return -2 * z * std::exp(-z * z);
    case Activation::kIdentity: return 1;
    case Activation::kExpression: {
      const Formula formula = formula_of(activation);
      return formula_derivative(formula, z, formula.values_of_numbers(activation.numbers), at_zero);
    }
    case Activation::kCrelu:
    case Activation::kMaxout: break;
  }
  return kNoFormula;
}

}  // namespace deadrelu::reference
