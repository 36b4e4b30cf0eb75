#include "base/formula.h"

#include <gtest/gtest.h>

#include "reference/reference_formula.h"

namespace deadrelu {
namespace {

Formula parsed(const std::string& text) {
  FormulaError error;
  const std::optional<Formula> formula = Formula::parse(text, error);
  EXPECT_TRUE(formula.has_value()) << text << ": column " << error.column << ": " << error.sentence;
  return formula.value_or(Formula());
}

double value(const std::string& text, double x = 0) {
  return reference::formula_value<double>(parsed(text), std::vector<double>{x}, std::vector<double>{});
}

TEST(FormulaText, operators_bind_as_in_mathematics) {
  EXPECT_EQ(value("1 + 2*3"), 7);
  EXPECT_EQ(value("(1 + 2)*3"), 9);
  EXPECT_EQ(value("7 - 2 - 1"), 4);
  EXPECT_EQ(value("24/4/2"), 3);
  EXPECT_EQ(value("-x^2", 3), -9);
  EXPECT_EQ(value("(-x)^2", 3), 9);
  EXPECT_EQ(value("2^3^2"), 512);
  EXPECT_EQ(value("2^-2"), 0.25);
  EXPECT_EQ(value("2*-3"), -6);
  EXPECT_EQ(value("--3 - -+2"), 5);
  EXPECT_EQ(value("-2^2*3"), -12);
  EXPECT_EQ(value("1 + 1 < 3*1"), 1);
  EXPECT_EQ(value("where(x >= 1, 5, 6) + (x != 1)", 1), 5);
  EXPECT_EQ(value("  1.5e1+.5 + 2. "), 17.5);
  EXPECT_EQ(value("2*pi/pi + where(e > 2, 1, 0)"), 3);
  EXPECT_EQ(value("min(max(x, 0), 6)", 9), 6);
}

TEST(FormulaText, whole_powers_are_products) {
  for (int n = -64; n <= 64; ++n) {
    const FormulaProgram program = parsed("x^" + std::to_string(n)).program(1);
    for (const FormulaProgram::Step& step : program.steps) EXPECT_NE(step.op, FormulaOp::kPower) << n;
    EXPECT_NEAR(value("x^" + std::to_string(n), 1.1) / std::pow(1.1, n), 1, 1e-14) << n;
  }
  EXPECT_EQ(value("x^3", -0.3), -0.3 * (-0.3 * -0.3));
  EXPECT_EQ(parsed("x^65").program(1).steps.back().op, FormulaOp::kPower);
  EXPECT_EQ(parsed("x^0.5").program(1).steps.back().op, FormulaOp::kPower);
}

TEST(FormulaText, what_is_written_twice_is_computed_once) {
  EXPECT_EQ(parsed("sin(5*x)*sin(5*x) + sin(5*x)").program(1).steps.size(), 4u);
}

TEST(FormulaText, names_are_numbers_or_inputs) {
  const Formula formula = parsed("beta*x1 + a*x3 - beta");
  EXPECT_EQ(formula.inputs(), 3u);
  ASSERT_EQ(formula.numbers().size(), 2u);
  EXPECT_EQ(formula.numbers()[0].name, "beta");
  EXPECT_EQ(formula.numbers()[1].name, "a");
  EXPECT_EQ(formula.numbers()[1].column, 11u);
  EXPECT_EQ(parsed("0.5").inputs(), 1u);
}

TEST(FormulaText, a_mistake_is_told_with_its_column) {
  struct Mistaken {
    std::string text;
    std::size_t column;
    std::string sentence;
  };
  const Mistaken mistakes[] = {
      {"", 1, "is missing before the end"},
      {"max(0, x", 9, "')' is missing before the end, for the '(' in column 4"},
      {"(x + 1", 7, "for the '(' in column 1"},
      {"x + 1)", 6, "there is no '(' for this ')'"},
      {"x +", 4, "is missing before the end"},
      {"2x", 2, "an operator is missing before 'x'"},
      {"x y", 3, "an operator is missing before 'y'"},
      {"x**2", 2, "a power is written ^, not **"},
      {"sinus(x)", 1, "did you mean sin?"},
      {"foo(x)", 1, "functions are abs, exp"},
      {"2*sin x", 7, "sin is a function; '(' is missing before 'x'"},
      {"max(x)", 6, "max takes 2 numbers; ',' is missing before ')'"},
      {"max(x, 1, 2)", 9, "max takes 2 numbers, not more"},
      {"exp(x, 1)", 6, "exp takes 1 number, not more"},
      {"where(x > 0, x)", 15, "where takes 3 numbers"},
      {"exp()", 5, "is missing before ')'"},
      {"0 < x < 1", 7, "write (0 < x)*(x < 1)"},
      {"x = 1", 3, "write =="},
      {"x0", 1, "inputs are x1 to x64, or x"},
      {"x65", 1, "inputs are x1 to x64, or x"},
      {"x1999999999999999999999", 1, "inputs are x1 to x64, or x"},
      {"1e999", 1, "'1e999' is no number"},
      {"1.2.3", 4, "an operator is missing before '.'"},
      {".", 1, "'.' is no number"},
      {"π·x", 1, "is missing before 'π'"},
      {"α*x", 1, "is missing before 'α'"},
      {"x·2", 2, "an operator is missing before '·'"},
      {"sin(π)", 5, "is missing before 'π'"},
      {"x; 1", 2, "an operator is missing before ';'"},
      {"[x]", 1, "is missing before '['"},
      {std::string(1001, '1'), 1001, "longer than 1000 characters"},
      {std::string(65, '(') + "x" + std::string(65, ')'), 65, "nested deeper than 64 levels"},
      {std::string(65, '-') + "x", 65, "nested deeper than 64 levels"},
  };
  for (const Mistaken& mistaken : mistakes) {
    FormulaError error;
    EXPECT_FALSE(Formula::parse(mistaken.text, error)) << mistaken.text;
    EXPECT_EQ(error.column, mistaken.column) << mistaken.text << ": " << error.sentence;
    EXPECT_NE(error.sentence.find(mistaken.sentence), std::string::npos)
        << mistaken.text << ": " << error.sentence;
  }
}

TEST(FormulaText, nesting_and_length_reach_their_bounds) {
  parsed(std::string(63, '(') + "x" + std::string(63, ')'));
  std::string sum = "x";
  while (sum.size() + 2 <= kLongestFormula) sum += "+x";
  EXPECT_EQ(value(sum, 1), 500);
  std::string chain = "x";
  while (chain.size() + 8 <= 360) chain = "max(1," + chain + ")";
  parsed(chain);
}

TEST(FormulaText, a_program_is_the_formula) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = reference::random_formula(random, 5, 3);
    const Formula formula = parsed(text);
    const std::vector<double> inputs = {0.3, -1.7, 2.2}, numbers = {0.4, -0.9, 1.6};
    const std::span<const double> used = std::span(numbers).first(formula.numbers().size());
    const double direct = reference::formula_value<double>(formula, inputs, used);
    const double stepwise = reference::program_value<double>(formula.program(3), inputs, used);
    EXPECT_TRUE(direct == stepwise || (std::isnan(direct) && std::isnan(stepwise))) << text;
  }
}

// Of long double, so that finite differences have digits to lose.
TEST(FormulaDerivative, is_the_finite_difference_of_a_hundred_thousand_random_formulas) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(-2, 2);
  int checked = 0, flat = 0;
  constexpr int kFormulas = 100'000;
  constexpr auto kInfinity = std::numeric_limits<long double>::infinity();
  for (int i = 0; i < kFormulas; ++i) {
    const std::string text = reference::random_formula(random, 4);
    const Formula formula = parsed(text);
    const long double x = uniform(random);
    std::vector<long double> numbers;
    for (std::size_t n = 0; n < formula.numbers().size(); ++n) numbers.push_back(uniform(random));
    const auto difference = [&](long double h) {
      const long double ahead[] = {x + h}, behind[] = {x - h};
      return (reference::formula_value<long double>(formula, ahead, numbers) -
              reference::formula_value<long double>(formula, behind, numbers)) /
             (2 * h);
    };
    const long double at_x[] = {x};
    long double largest = 1;
    for (const long double node : reference::node_values<long double>(formula, at_x, numbers))
      largest = std::isfinite(node) ? std::max(largest, std::abs(node)) : kInfinity;
    numbers.push_back(0.5);
    const long double inputs[] = {x, 1};
    const auto derived =
        reference::program_value<long double>(formula.activation().gradient, inputs, numbers);
    numbers.pop_back();
    const long double coarse = difference(4e-6L), fine = difference(2e-6L),
                      slope = fine + (fine - coarse) / 3;
    // Not where there is a kink or a pole nearby, or where differences are of rounding alone.
    const long double noise = largest * 1e-12L, bound = 1e-6L * (1e-3L + std::abs(slope)) + noise;
    if (!std::isfinite(derived) || !(noise < 1e-6L) || !(std::abs(fine - coarse) <= bound)) continue;
    EXPECT_NEAR(derived, slope, bound) << text << " at " << double(x);
    ++checked;
    flat += slope == 0 ? 1 : 0;
  }
  EXPECT_GT(checked, kFormulas / 2);
  EXPECT_GT(checked - flat, kFormulas / 4);
}

double derivative(const std::string& text, double x, double at_zero) {
  const std::vector<double> inputs = {x, 1}, numbers = {at_zero};
  return reference::program_value<double>(parsed(text).activation().gradient, inputs, numbers);
}

TEST(FormulaDerivative, lies_between_the_sides_at_a_kink) {
  for (const double t : {0.0, 0.25, 1.0}) {
    for (const char* relu :
         {"max(0, x)", "max(x, 0)", "-min(0, -x)", "-min(-x, 0)", "0.5*max(0, 2*x)", "max(0, x) + x^2"})
      EXPECT_EQ(derivative(relu, 0, t), t) << relu;
    EXPECT_EQ(derivative("max(0, x) + 0.125*min(0, x)", 0, t), 0.125 + t * 0.875);
    EXPECT_EQ(derivative("max(0, -x)", 0, t), -1 + t);
    EXPECT_EQ(derivative("min(x, 3*x - 4)", 2, t), 3 - 2 * t);
    for (const char* size : {"abs(x)", "abs(-x)"}) EXPECT_EQ(derivative(size, 0, t), t) << size;
    EXPECT_EQ(derivative("abs(3*x)", 0, t), 3 * t);
    EXPECT_EQ(derivative("where(x > 0, 2*x, 3*x)", 0, t), 3);
    EXPECT_EQ(derivative("where(x >= 0, 2*x, 3*x)", 0, t), 2);
    EXPECT_EQ(derivative("(x > 0)*x", 1, t), 1);
    EXPECT_EQ(derivative("x > 0", 0, t), 0);
  }
}

TEST(FormulaDerivative, a_branch_that_is_not_taken_has_no_say) {
  EXPECT_EQ(derivative("where(x > 0, log(x), 0)", -1, 0), 0);
  EXPECT_EQ(derivative("where(x > 0, sqrt(x), 0)", 0, 0), 0);
  EXPECT_EQ(derivative("where(x == 0, 1, sin(x)/x)", 0, 0), 0);
  EXPECT_EQ(derivative("where(x > 0, x, exp(1000*x) - 1)", 5, 0), 1);
  EXPECT_EQ(derivative("max(0, x)", -1, 0), 0);
}

TEST(FormulaDerivative, nothing_passes_where_it_is_zero_however_infinite_the_gradient_above) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers = {0};
  const auto gradient = [&](const std::string& text, double x) {
    return reference::program_value<double>(parsed(text).activation().gradient,
                                            std::vector<double>{x, infinity}, numbers);
  };
  EXPECT_EQ(gradient("max(0, x)", -1), 0);
  EXPECT_EQ(gradient("max(0, x)", 1), infinity);
}

}  // namespace
}  // namespace deadrelu
