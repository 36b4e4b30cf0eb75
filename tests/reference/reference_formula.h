// Formulas by way of the standard library: the independent oracle of the program that vectors run through.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/formula.h"

namespace deadrelu::reference {

// One operation on numbers.
template <class Real>
Real formula_operation(FormulaOp op, Real a, Real b, Real c) {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const bool either = std::isnan(a) || std::isnan(b);
  switch (op) {
    case FormulaOp::kInput:
    case FormulaOp::kNumber:
    case FormulaOp::kConstant: break;
    case FormulaOp::kCopy: return a;
    case FormulaOp::kNegate: return -a;
    case FormulaOp::kAbs: return std::abs(a);
    case FormulaOp::kExp: return std::exp(a);
    case FormulaOp::kLog: return std::log(a);
    case FormulaOp::kLog1p: return std::log1p(a);
    case FormulaOp::kExpm1: return std::expm1(a);
    case FormulaOp::kSqrt: return std::sqrt(a);
    case FormulaOp::kTanh: return std::tanh(a);
    case FormulaOp::kSin: return std::sin(a);
    case FormulaOp::kCos: return std::cos(a);
    case FormulaOp::kErf: return std::erf(a);
    case FormulaOp::kSigmoid: return 1 / (1 + std::exp(-a));
    case FormulaOp::kSoftplus: return std::max(a, Real{0}) + std::log1p(std::exp(-std::abs(a)));
    case FormulaOp::kSigmoidSlope:
      return std::exp(-std::abs(a)) / std::pow(1 + std::exp(-std::abs(a)), Real{2});
    case FormulaOp::kAdd: return a + b;
    case FormulaOp::kSubtract: return a - b;
    case FormulaOp::kMultiply: return a * b;
    case FormulaOp::kDivide: return a / b;
    case FormulaOp::kPower: return std::pow(a, b);
    case FormulaOp::kMin: return either ? nan : std::min(a, b);
    case FormulaOp::kMax: return either ? nan : std::max(a, b);
    case FormulaOp::kLess: return a < b;
    case FormulaOp::kLessEqual: return a <= b;
    case FormulaOp::kEqual: return a == b;
    case FormulaOp::kNotEqual: return a != b;
    case FormulaOp::kGradient: return a == 0 ? 0 : a * b;
    case FormulaOp::kWhere: return a != 0 ? b : c;
  }
  return nan;
}

// The value of every node of the formula's graph; the last one is the formula's.
template <class Real>
std::vector<Real> node_values(const Formula& formula, std::span<const Real> inputs,
                              std::span<const Real> numbers) {
  std::vector<Real> values;
  for (const FormulaNode& node : formula.nodes()) {
    const auto operand = [&](std::size_t i) {
      return i < info_of(node.op).operands ? values[node.in[i]] : Real{0};
    };
    values.push_back(node.op == FormulaOp::kInput    ? inputs[node.in[0]]
                     : node.op == FormulaOp::kNumber ? numbers[node.in[0]]
                     : node.op == FormulaOp::kConstant
                         ? static_cast<Real>(node.value)
                         : formula_operation(node.op, operand(0), operand(1), operand(2)));
  }
  return values;
}
template <class Real>
Real formula_value(const Formula& formula, std::span<const Real> inputs, std::span<const Real> numbers) {
  return node_values<Real>(formula, inputs, numbers).back();
}

// A program, step by step.
template <class Real>
Real program_value(const FormulaProgram& program, std::span<const Real> inputs,
                   std::span<const Real> numbers) {
  std::vector<Real> slots(inputs.begin(), inputs.end());
  slots.insert(slots.end(), numbers.begin(), numbers.end());
  for (const double constant : program.constants) slots.push_back(static_cast<Real>(constant));
  slots.resize(program.slots());
  for (const FormulaProgram::Step& step : program.steps)
    slots[step.out] = formula_operation(step.op, slots[step.in[0]], slots[step.in[1]], slots[step.in[2]]);
  return slots.back();
}

// The derivative with respect to the first input by dual numbers, with the conventions of base/formula.h at kinks.
double formula_derivative(const Formula& formula, double x, std::span<const double> numbers, double at_zero);

// A formula of x (or x1 … of several inputs) and of a, b, c, with all operators and functions that there are.
std::string random_formula(std::mt19937& random, int depth, int inputs = 1);

}  // namespace deadrelu::reference
