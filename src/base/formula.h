// Formulas as users write them: from text to a graph of operations, its derivative, and the steps in which
// vectors of numbers pass through it (simd/formula.h).
//
//   comparison  sum [(< | <= | > | >= | == | !=) sum]             1 or 0
//   sum         product {(+ | -) product}
//   product     signed {(* | /) signed}
//   signed      (- | +) signed  |  atom [^ signed]                so -x^2 is -(x^2), and ^ goes from right to left
//   atom        1.5e-3  |  x  |  x1, x2, …  |  a name  |  pi  |  e  |  function(comparison, …)  |  (comparison)
//
// where(c, a, b) is a where c is not 0, else b. min and max of NaN are NaN. A power with a whole exponent of at
// most 64 in size is made of products, 1 divided by one where it is negative.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deadrelu {

enum class FormulaOp : std::uint8_t {
  kInput,
  kNumber,
  kConstant,
  kCopy,
  kNegate,
  kAbs,
  kExp,
  kLog,
  kLog1p,
  kExpm1,
  kSqrt,
  kTanh,
  kSin,
  kCos,
  kErf,
  kSigmoid,
  kSoftplus,
  kSigmoidSlope,  // the derivative of sigmoid
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
  kMin,
  kMax,
  kLess,
  kLessEqual,
  kEqual,
  kNotEqual,
  kGradient,  // slope · gradient above; 0 where the slope is 0, whatever the gradient
  kWhere,
};

struct FormulaOpInfo {
  FormulaOp op;
  std::size_t operands = 0;
  const char* function = nullptr;  // as formulas call it
};

// One row an operation, in the enum's order.
inline constexpr std::array<FormulaOpInfo, 31> kFormulaOps{{
    {FormulaOp::kInput},
    {FormulaOp::kNumber},
    {FormulaOp::kConstant},
    {FormulaOp::kCopy, 1},
    {FormulaOp::kNegate, 1},
    {FormulaOp::kAbs, 1, "abs"},
    {FormulaOp::kExp, 1, "exp"},
    {FormulaOp::kLog, 1, "log"},
    {FormulaOp::kLog1p, 1, "log1p"},
    {FormulaOp::kExpm1, 1, "expm1"},
    {FormulaOp::kSqrt, 1, "sqrt"},
    {FormulaOp::kTanh, 1, "tanh"},
    {FormulaOp::kSin, 1, "sin"},
    {FormulaOp::kCos, 1, "cos"},
    {FormulaOp::kErf, 1, "erf"},
    {FormulaOp::kSigmoid, 1, "sigmoid"},
    {FormulaOp::kSoftplus, 1, "softplus"},
    {FormulaOp::kSigmoidSlope, 1},
    {FormulaOp::kAdd, 2},
    {FormulaOp::kSubtract, 2},
    {FormulaOp::kMultiply, 2},
    {FormulaOp::kDivide, 2},
    {FormulaOp::kPower, 2},
    {FormulaOp::kMin, 2, "min"},
    {FormulaOp::kMax, 2, "max"},
    {FormulaOp::kLess, 2},
    {FormulaOp::kLessEqual, 2},
    {FormulaOp::kEqual, 2},
    {FormulaOp::kNotEqual, 2},
    {FormulaOp::kGradient, 2},
    {FormulaOp::kWhere, 3, "where"},
}};
constexpr const FormulaOpInfo& info_of(FormulaOp op) { return kFormulaOps[static_cast<std::size_t>(op)]; }

// "abs, exp, …, where": for documentation.
std::string formula_function_names();

// Whether a number of a formula may be called so: letters, digits and _, no function, constant or input.
bool is_formula_name(std::string_view name);

struct FormulaNode {
  FormulaOp op = FormulaOp::kConstant;
  std::array<std::uint16_t, 3> in{};  // operands, which are earlier nodes; kInput, kNumber: in[0] says which
  double value = 0;                   // kConstant
};

// Steps that vectors go through, one after the other. Slots hold vectors: first the inputs, then the numbers, the
// constants and the temporary values, and last the result, which the last step writes.
struct FormulaProgram {
  struct Step {
    FormulaOp op;
    std::uint16_t out;
    std::array<std::uint16_t, 3> in;
  };
  std::size_t inputs = 0, numbers = 0, temporaries = 0;
  std::vector<double> constants;
  std::vector<Step> steps;

  std::size_t slots() const { return inputs + numbers + constants.size() + temporaries + 1; }
};

inline constexpr std::size_t kLongestFormula = 1000;  // bytes
inline constexpr std::size_t kDeepestFormula = 64;    // brackets, signs and powers in each other
inline constexpr std::size_t kMostFormulaInputs = 64;
inline constexpr std::size_t kMostFormulaSlots = 512;  // of each program

// Of activations, whose one input is z, or `x` in the formula. Their numbers are the formula's, then
// derivative_at_zero.
struct ActivationPrograms {
  FormulaProgram value;      // of z
  FormulaProgram gradient;   // of z and the gradient above: φ'(z) · gradient
  FormulaProgram magnitude;  // of z: |φ'(z)|
};

// A number that a formula is given.
struct NamedNumber {
  std::string name;
  double value = 0;
  bool operator==(const NamedNumber&) const = default;
};

struct FormulaError {
  std::size_t column = 0;  // in characters, from 1
  std::string sentence;
};

class Formula {
 public:
  struct Number {
    std::string name;
    std::size_t column;  // where it is used first
  };

  // Empty where the text is no formula; the error then says why.
  static std::optional<Formula> parse(std::string_view text, FormulaError& error);

  // Names that are no function, constant or input, in the order of their first use.
  const std::vector<Number>& numbers() const { return numbers_; }
  // The given numbers in their order. REQUIRES: all of them are given.
  std::vector<double> values_of_numbers(std::span<const NamedNumber> given) const;
  // The highest input used: x and x1 are the first. At least 1.
  std::size_t inputs() const { return inputs_; }
  std::size_t highest_input_column() const { return input_column_; }  // where it is used first
  std::span<const FormulaNode> nodes() const { return nodes_; }       // the last one is the formula's value

  // The value of inputs and numbers(). REQUIRES: inputs ≥ inputs().
  FormulaProgram program(std::size_t inputs) const;

  // The derivative is worked out operation by operation. Where an operation has a kink, it is given what lies
  // between the derivatives from the left and from the right: max and min of equal numbers left + t·(right − left)
  // with t = derivative_at_zero, so that max(0, x) is ReLU; abs at 0 t·right, so that 0 is the middle, as PyTorch
  // has it. where is differentiated in the branch that is taken, and a comparison is flat.
  // REQUIRES: inputs() is 1.
  ActivationPrograms activation() const;

 private:
  std::vector<FormulaNode> nodes_;
  std::vector<Number> numbers_;
  std::size_t inputs_ = 1, input_column_ = 1;
};

}  // namespace deadrelu
