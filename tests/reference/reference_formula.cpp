#include "reference/reference_formula.h"

#include <numbers>

namespace deadrelu::reference {
namespace {

struct Dual {
  double value = 0, slope = 0;
};

double slope_of(FormulaOp op, const Dual& a, const Dual& b, const Dual& c, double value, double at_zero) {
  const double u = a.value;
  const auto between = [&](double left, double right) { return left + at_zero * (right - left); };
  switch (op) {
    case FormulaOp::kNegate: return -a.slope;
    case FormulaOp::kAbs: return u > 0 ? a.slope : u < 0 ? -a.slope : at_zero * std::abs(a.slope);
    case FormulaOp::kExp: return a.slope * value;
    case FormulaOp::kLog: return a.slope / u;
    case FormulaOp::kLog1p: return a.slope / (1 + u);
    case FormulaOp::kExpm1: return a.slope * std::exp(u);
    case FormulaOp::kSqrt: return a.slope / (2 * value);
    case FormulaOp::kTanh: return a.slope / (std::cosh(u) * std::cosh(u));
    case FormulaOp::kSin: return a.slope * std::cos(u);
    case FormulaOp::kCos: return -a.slope * std::sin(u);
    case FormulaOp::kErf: return a.slope * 2 / std::sqrt(std::numbers::pi) * std::exp(-u * u);
    case FormulaOp::kSigmoid:
      return a.slope * std::exp(-std::abs(u)) / std::pow(1 + std::exp(-std::abs(u)), 2);
    case FormulaOp::kSoftplus: return a.slope / (1 + std::exp(-u));
    case FormulaOp::kAdd: return a.slope + b.slope;
    case FormulaOp::kSubtract: return a.slope - b.slope;
    case FormulaOp::kMultiply: return a.slope * b.value + a.value * b.slope;
    case FormulaOp::kDivide: return (a.slope - value * b.slope) / b.value;
    case FormulaOp::kPower: {
      const double rise = a.slope == 0 ? 0 : b.value * std::pow(u, b.value - 1) * a.slope;
      return rise + (b.slope == 0 || u == 0 ? 0 : value * std::log(u) * b.slope);
    }
    case FormulaOp::kMin:
      if (u == b.value) return between(std::max(a.slope, b.slope), std::min(a.slope, b.slope));
      return u < b.value ? a.slope : b.slope;
    case FormulaOp::kMax:
      if (u == b.value) return between(std::min(a.slope, b.slope), std::max(a.slope, b.slope));
      return u > b.value ? a.slope : b.slope;
    case FormulaOp::kWhere: return u != 0 ? b.slope : c.slope;
    default: return 0;
  }
}

}  // namespace

double formula_derivative(const Formula& formula, double x, std::span<const double> numbers, double at_zero) {
  std::vector<Dual> duals;
  for (const FormulaNode& node : formula.nodes()) {
    const auto operand = [&](std::size_t i) {
      return i < info_of(node.op).operands ? duals[node.in[i]] : Dual{};
    };
    Dual dual;
    if (node.op == FormulaOp::kInput) {
      dual = {x, 1};
    } else if (node.op == FormulaOp::kNumber) {
      dual = {numbers[node.in[0]], 0};
    } else if (node.op == FormulaOp::kConstant) {
      dual = {node.value, 0};
    } else {
      const Dual a = operand(0), b = operand(1), c = operand(2);
      dual.value = formula_operation(node.op, a.value, b.value, c.value);
      dual.slope = slope_of(node.op, a, b, c, dual.value, at_zero);
    }
    duals.push_back(dual);
  }
  return duals.back().slope;
}

std::string random_formula(std::mt19937& random, int depth, int inputs) {
  const auto below = [&](std::size_t count) { return random() % count; };
  const auto part = [&] { return random_formula(random, depth - 1, inputs); };
  if (depth == 0 || below(8) == 0) {
    static constexpr const char* kLeaves[] = {"0.5", "2", "1.25e-1", "3", "a", "b", "c", "pi", "e"};
    if (below(2) == 0)
      return inputs == 1 ? "x" : "x" + std::to_string(1 + below(static_cast<std::size_t>(inputs)));
    return kLeaves[below(std::size(kLeaves))];
  }
  static constexpr const char* kOperators[] = {" + ", " - ",  "*",   "/",    "^",    "^2*",
                                               " < ", " <= ", " > ", " >= ", " == ", " != "};
  switch (below(4)) {
    case 0: return "(" + part() + kOperators[below(std::size(kOperators))] + part() + ")";
    case 1: return "(" + part() + kOperators[below(5)] + part() + ")";
    case 2: return "-" + part();
    default: break;
  }
  std::vector<FormulaOpInfo> functions;
  for (const FormulaOpInfo& info : kFormulaOps)
    if (info.function != nullptr) functions.push_back(info);
  const FormulaOpInfo& function = functions[below(functions.size())];
  std::string text = std::string(function.function) + "(";
  for (std::size_t i = 0; i < function.operands; ++i) text += (i > 0 ? ", " : "") + part();
  return text + ")";
}

}  // namespace deadrelu::reference
