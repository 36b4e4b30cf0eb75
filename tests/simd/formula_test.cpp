#include "simd/formula.h"

#include <gtest/gtest.h>

#include <bit>

#include "activation_testing.h"
#include "reference/reference_formula.h"

namespace deadrelu {
namespace {

Formula formula_of(const std::string& text) {
  FormulaError error;
  const std::optional<Formula> formula = Formula::parse(text, error);
  EXPECT_TRUE(formula.has_value()) << text << ": column " << error.column << ": " << error.sentence;
  return formula.value_or(Formula());
}

// The program at points[input][point], with the same numbers in all lanes.
template <class T>
std::vector<T> run_program(const Kernels<T>& kernels, const FormulaProgram& program,
                           const std::vector<std::vector<T>>& points,
                           const std::vector<double>& numbers = {}) {
  const std::size_t lanes = kernels.lanes, count = points[0].size(), samples = (count + lanes - 1) / lanes;
  std::vector<TestMatrix<T>> inputs;
  for (const std::vector<T>& values : points) {
    inputs.emplace_back(1, samples, lanes);
    inputs.back().fill([&](std::size_t, std::size_t n, std::size_t lane) {
      return values[std::min(n * lanes + lane, count - 1)];
    });
  }
  std::vector<LaneMatrix<const T>> views;
  for (const TestMatrix<T>& input : inputs) views.push_back(input.constant());
  std::vector<T> lane_numbers;
  for (const double number : numbers) lane_numbers.insert(lane_numbers.end(), lanes, static_cast<T>(number));
  TestMatrix<T> output(1, samples, lanes);
  formula_kernels<T>(kernels.target, kernels.engine).run(program, views, lane_numbers.data(), output.view());
  std::vector<T> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(output(0, i / lanes, i % lanes));
  return result;
}

// Numbers of every exponent of T, of both signs, and many of ordinary size.
template <class T>
std::vector<T> numbers_of_every_exponent() {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int kMantissa = std::numeric_limits<T>::digits - 1;
  constexpr Bits kExponents = (Bits{1} << (sizeof(T) * 8 - 1 - kMantissa)) - 1;
  TestRandom random(21);
  std::vector<T> points;
  for (Bits exponent = 0; exponent < kExponents; ++exponent) {
    for (int i = 0; i < (sizeof(T) == 4 ? 64 : 8); ++i) {
      const auto mantissa =
          static_cast<Bits>(random.uniform(0, 1) * static_cast<double>(Bits{1} << kMantissa));
      points.push_back(std::bit_cast<T>(static_cast<Bits>(exponent << kMantissa | (i == 0 ? 0 : mantissa))));
      points.push_back(-points.back());
    }
  }
  for (int i = 0; i < 20000; ++i) points.push_back(static_cast<T>(random.uniform(-12, 12)));
  for (int i = 0; i < 20000; ++i) points.push_back(static_cast<T>(random.uniform(-1, 1)));
  return points;
}

// |value − expected| in units of the last place of the larger of expected and `least`.
template <class T>
double units_off(T value, long double expected, long double least = 0) {
  const auto size = static_cast<T>(std::max(std::abs(expected), least));
  if (std::isnan(expected) || std::isinf(size))
    return std::isnan(value) == std::isnan(expected) &&
                   (std::isnan(expected) || value == static_cast<T>(expected))
               ? 0
               : kInfinity<double>;
  const long double unit = std::nextafter(size, kInfinity<T>) - size;
  return static_cast<double>(std::abs(value - expected) / unit);
}

struct FunctionBound {
  FormulaOp op;
  double floats, doubles;  // units of the last place
  long double least = 0;   // a result below it is given this one's units
};
// sin and cos keep the digits of ½, not those of what is left near their zeros.
constexpr FunctionBound kFunctionBounds[] = {
    {FormulaOp::kAbs, 0, 0},   {FormulaOp::kExp, 1, 1},       {FormulaOp::kLog, 1, 1},
    {FormulaOp::kLog1p, 3, 2}, {FormulaOp::kExpm1, 4, 4},     {FormulaOp::kSqrt, 0.5, 0.5},
    {FormulaOp::kTanh, 3, 4},  {FormulaOp::kSin, 3, 3, 0.5L}, {FormulaOp::kCos, 3, 3, 0.5L},
    {FormulaOp::kErf, 2, 2},   {FormulaOp::kSigmoid, 3, 3},   {FormulaOp::kSoftplus, 3, 3},
};

TEST(FormulaFunctions, have_a_bound_each) {
  for (const FormulaOpInfo& info : kFormulaOps) {
    if (info.function == nullptr || info.operands != 1) continue;
    EXPECT_TRUE(std::any_of(std::begin(kFunctionBounds), std::end(kFunctionBounds), [&](const auto& bound) {
      return bound.op == info.op;
    })) << info.function;
  }
}

template <class T>
class Formulas : public ::testing::Test {};
TYPED_TEST_SUITE(Formulas, Precisions);

TYPED_TEST(Formulas, functions_keep_their_digits_at_every_exponent) {
  using T = TypeParam;
  const std::vector<T> points = numbers_of_every_exponent<T>();
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const FunctionBound& function : kFunctionBounds) {
      const std::string name = info_of(function.op).function;
      const std::vector<T> values = run_program<T>(kernels, formula_of(name + "(x)").program(1), {points});
      double worst = 0;
      T at = 0;
      for (std::size_t i = 0; i < points.size(); ++i) {
        const auto expected = reference::formula_operation<long double>(function.op, points[i], 0, 0);
        const double off = units_off(values[i], expected, function.least);
        if (off > worst) {
          worst = off;
          at = points[i];
        }
      }
      EXPECT_LE(worst, sizeof(T) == 4 ? function.floats : function.doubles) << name << " at " << at;
    }
  });
}

TYPED_TEST(Formulas, powers_keep_their_digits) {
  using T = TypeParam;
  TestRandom random(5);
  std::vector<T> base = numbers_of_every_exponent<T>(), exponent;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const double most = std::log(double(std::numeric_limits<T>::max())),
                 log = std::abs(std::log(std::abs(double(base[i]))));
    const double bound = std::min(1e6, most / std::max(log, 1e-300));
    double e = random.uniform(-bound, bound);
    if (base[i] < 0) e = std::round(e);
    exponent.push_back(static_cast<T>(e));
  }
  on_every_target<T>([&](const Kernels<T>& kernels) {
    const std::vector<T> values = run_program<T>(kernels, formula_of("x1^x2").program(2), {base, exponent});
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < base.size(); ++i) {
      const long double expected =
          std::pow(static_cast<long double>(base[i]), static_cast<long double>(exponent[i]));
      const double off = units_off(values[i], expected);
      if (off > worst) {
        worst = off;
        at = i;
      }
    }
    EXPECT_LE(worst, 2) << base[at] << "^" << exponent[at];
  });
}

// C's special values.
TYPED_TEST(Formulas, powers_of_the_ends_of_the_line_are_those_of_c) {
  using T = TypeParam;
  const T some[] = {0,
                    T(-0.0),
                    1,
                    -1,
                    2,
                    -2,
                    T(0.5),
                    T(-0.5),
                    3,
                    -3,
                    T(1.5),
                    T(-1.5),
                    kInfinity<T>,
                    -kInfinity<T>,
                    kNan<T>,
                    std::numeric_limits<T>::denorm_min(),
                    std::numeric_limits<T>::max(),
                    -std::numeric_limits<T>::max(),
                    T(1e6),
                    T(1e6 + 1)};
  std::vector<T> base, exponent;
  for (const T a : some) {
    for (const T b : some) {
      if (a == -kInfinity<T> && std::abs(b) < kInfinity<T> && b != std::floor(b))
        continue;  // C: as if it were +∞
      base.push_back(a);
      exponent.push_back(b);
    }
  }
  on_every_target<T>([&](const Kernels<T>& kernels) {
    const std::vector<T> values = run_program<T>(kernels, formula_of("x1^x2").program(2), {base, exponent});
    for (std::size_t i = 0; i < base.size(); ++i) {
      const T expected = std::pow(base[i], exponent[i]);
      if (std::isnan(expected) || std::isinf(expected) || expected == 0) {
        EXPECT_TRUE(same_bits(values[i], expected))
            << base[i] << "^" << exponent[i] << ": " << values[i] << ", not " << expected;
      } else {
        EXPECT_LE(units_off(values[i], expected), 2) << base[i] << "^" << exponent[i];
      }
    }
  });
}

TYPED_TEST(Formulas, a_nan_stays_nan_in_every_function) {
  using T = TypeParam;
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const FormulaOpInfo& info : kFormulaOps) {
      if (info.function == nullptr || info.op == FormulaOp::kWhere) continue;
      for (const char* arguments : {"(x)", "(x, 1)", "(1, x)"}) {
        if ((info.operands == 2) != (arguments[2] == ',' || arguments[1] == '1')) continue;
        const std::vector<T> values =
            run_program<T>(kernels, formula_of(info.function + std::string(arguments)).program(1),
                           {{T(0.5), kNan<T>, T(0.25)}});
        EXPECT_FALSE(std::isnan(values[0])) << info.function << arguments;
        EXPECT_TRUE(std::isnan(values[1])) << info.function << arguments;
        EXPECT_FALSE(std::isnan(values[2])) << info.function << arguments;
      }
    }
  });
}

// Rows that follow each other and rows that do not, longer and shorter than a strip; every lane its own numbers.
template <class T>
void expect_the_formula_everywhere(const Kernels<T>& kernels, const Formula& formula, std::size_t rows,
                                   std::size_t columns, std::size_t padding, TestRandom& random) {
  const std::size_t lanes = kernels.lanes;
  TestMatrix<T> x(rows, columns, lanes, padding), above(rows, columns, lanes, padding),
      output(rows, columns, lanes, 2 * padding);
  x.fill_random(random, -2, 2);
  above.fill_random(random, -2, 2);
  std::vector<T> numbers((formula.numbers().size() + 1) * lanes);
  for (T& number : numbers) number = static_cast<T>(random.uniform(0, 1));
  const ActivationPrograms programs = formula.activation();
  const LaneMatrix<const T> inputs[] = {x.constant(), above.constant()};
  for (const FormulaProgram* program : {&programs.value, &programs.gradient, &programs.magnitude}) {
    formula_kernels<T>(kernels.target, kernels.engine)
        .run(*program, std::span(inputs).first(program->inputs), numbers.data(), output.view());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          std::vector<double> of_lane;
          for (std::size_t i = lane; i < numbers.size(); i += lanes) of_lane.push_back(numbers[i]);
          const std::vector<double> at = {x(r, c, lane), above(r, c, lane)};
          const double expected =
              reference::program_value<double>(*program, std::span(at).first(program->inputs), of_lane);
          ASSERT_NEAR(output(r, c, lane), expected,
                      (sizeof(T) == 4 ? 3e-5 : 1e-13) * (1 + std::abs(expected)))
              << r << " " << c << " " << lane;
        }
      }
    }
  }
}

TYPED_TEST(Formulas, are_what_the_standard_library_makes_of_them) {
  using T = TypeParam;
  // Temporary values of which 60 live at the same time, so that a strip is of a few vectors.
  std::string many = "x";
  for (int i = 1; i < 60; ++i) many = "sin(x+" + std::to_string(i) + ")+(" + many + ")";
  on_every_target<T>([&](const Kernels<T>& kernels) {
    TestRandom random(3);
    for (const std::string& text :
         {std::string("x*sigmoid(b*x) + a*exp(-x^2)"), std::string("x"), std::string("0.5"), std::string("a"),
          std::string("where(x > a, erf(x), tanh(b*x)/2)"), many}) {
      SCOPED_TRACE(text);
      const Formula formula = formula_of(text);
      expect_the_formula_everywhere(kernels, formula, 3, 5, 1, random);
      expect_the_formula_everywhere(kernels, formula, 2, 301, 1, random);
      expect_the_formula_everywhere(kernels, formula, 7, 64, 0, random);
    }
  });
}

// Random formulas, gradient included: targets, engines, strips and neighbours do not change a bit.
TYPED_TEST(Formulas, have_the_same_bits_on_every_target_in_both_engines) {
  using T = TypeParam;
  std::mt19937 random(9);
  TestRandom points(4);
  for (int i = 0; i < 300; ++i) {
    const Formula formula = formula_of(reference::random_formula(random, 5));
    std::vector<T> x(53), above(53);
    for (T& value : x) value = static_cast<T>(points.uniform(-3, 3) * (points.below(9) == 0 ? 1e5 : 1));
    for (T& value : above) value = static_cast<T>(points.uniform(-3, 3));
    const std::vector<double> numbers = {0.3, -1.2, 0.7, 0.25};
    const ActivationPrograms programs = formula.activation();
    std::vector<T> first_value, first_gradient;
    on_every_target<T>([&](const Kernels<T>& kernels) {
      const std::span<const double> used = std::span(numbers).first(formula.numbers().size() + 1);
      const auto value = run_program<T>(kernels, programs.value, {x}, {used.begin(), used.end()});
      const auto gradient =
          run_program<T>(kernels, programs.gradient, {x, above}, {used.begin(), used.end()});
      if (first_value.empty()) first_value = value, first_gradient = gradient;
      for (std::size_t n = 0; n < x.size(); ++n) {
        ASSERT_TRUE(same_bits(value[n], first_value[n])) << x[n];
        ASSERT_TRUE(same_bits(gradient[n], first_gradient[n])) << x[n];
      }
    });
  }
}

// Every activation that maps one number to one, as a formula; a is its number.
const char* activation_formula(Activation kind) {
  switch (kind) {
    case Activation::kRelu: return "max(0, x)";
    case Activation::kLeakyRelu:
    case Activation::kPrelu:
    case Activation::kRrelu: return "max(0, x) + a*min(0, x)";
    case Activation::kRelu6: return "min(max(0, x), 6)";
    case Activation::kElu: return "where(x > 0, x, a*expm1(x))";
    case Activation::kSelu:
      return "1.0507009873554804934193349852946*where(x > 0, x, 1.6732632423543772848170429916717*expm1(x))";
    case Activation::kCelu: return "where(x > 0, x, a*expm1(x/a))";
    case Activation::kGelu: return "0.5*x*(1 + erf(x/sqrt(2)))";
    case Activation::kSilu: return "x*sigmoid(x)";
    case Activation::kMish: return "x*tanh(softplus(x))";
    case Activation::kSoftplus: return "softplus(x)";
    case Activation::kSoftsign: return "x/(1 + abs(x))";
    case Activation::kSigmoid: return "sigmoid(x)";
    case Activation::kTanh: return "tanh(x)";
    case Activation::kHardSigmoid: return "min(max(x + 3, 0), 6)/6";
    case Activation::kHardTanh: return "min(max(x, -1), 1)";
    case Activation::kHardSwish: return "x*(min(max(x + 3, 0), 6)/6)";
    case Activation::kAbs: return "abs(x)";
    case Activation::kGaussian: return "exp(-x^2)";
    case Activation::kIdentity: return "x";
    case Activation::kExpression: return "a/(1 + x^2)";
    case Activation::kCrelu:
    case Activation::kMaxout: break;
  }
  return "";
}

bool is_exact(const FormulaProgram& program) {
  constexpr FormulaOp kInexact[] = {FormulaOp::kExp, FormulaOp::kExpm1,   FormulaOp::kTanh,
                                    FormulaOp::kErf, FormulaOp::kSigmoid, FormulaOp::kSoftplus};
  return std::none_of(program.steps.begin(), program.steps.end(), [&](const FormulaProgram::Step& step) {
    return std::find(std::begin(kInexact), std::end(kInexact), step.op) != std::end(kInexact);
  });
}

TYPED_TEST(Formulas, of_the_named_activations_are_these) {
  using T = TypeParam;
  // The named ones are flat at their kinks beside 0, as PyTorch has them; a formula lies between the sides there.
  const std::vector<T> other_kinks = {3, -3, 6, 1, -1};
  std::vector<T> points = {0, T(-0.0)};
  points.insert(points.end(), other_kinks.begin(), other_kinks.end());
  for (double x = -14.03; x < 14; x += 0.00517) points.push_back(static_cast<T>(x));
  on_every_target<T>([&](const Kernels<T>& kernels) {
    for (const Activation kind : kElementwise) {
      SCOPED_TRACE(std::string(name_of(kind)));
      const Formula formula = formula_of(activation_formula(kind));
      const ActivationPrograms programs = formula.activation();
      const ActivationCurve<T> curve = activation_curve(kernels, kind, points);
      const bool is_leaky =
          kind == Activation::kLeakyRelu || kind == Activation::kPrelu || kind == Activation::kRrelu;
      std::vector<double> numbers(formula.numbers().size(), is_leaky ? kTestSlope : kTestAlpha);
      numbers.push_back(kTestAtZero);
      const std::vector<T> value = run_program<T>(kernels, programs.value, {points}, numbers);
      const std::vector<T> slope =
          run_program<T>(kernels, programs.gradient, {points, std::vector<T>(points.size(), 1)}, numbers);
      const std::vector<T> magnitude = run_program<T>(kernels, programs.magnitude, {points}, numbers);
      for (std::size_t i = 0; i < points.size(); ++i) {
        // 1 + erf loses the digits that gelu keeps.
        const long double least = kind == Activation::kGelu ? std::abs(points[i]) : 0;
        ASSERT_LE(units_off(value[i], curve.value[i], least), is_exact(programs.value) ? 0 : 4) << points[i];
        ASSERT_EQ(magnitude[i], std::abs(slope[i]));
        if (std::find(other_kinks.begin(), other_kinks.end(), points[i]) != other_kinks.end()) continue;
        const bool exact = is_exact(programs.gradient) && kind != Activation::kSoftsign;
        ASSERT_LE(units_off(slope[i], curve.derivative[i], 1), exact ? 1 : 8) << points[i];
      }
    }
  });
}

TEST(FormulaPoints, are_evaluated_one_by_one) {
  const Formula formula = formula_of("x1*sin(k*x2) + 1e6*(x3 > 0)");
  TestRandom random(2);
  std::vector<std::vector<double>> inputs(3, std::vector<double>(1001));
  for (std::vector<double>& input : inputs)
    for (double& value : input) value = random.uniform(-4, 4);
  const std::vector<double> numbers = {5}, whole = evaluate(formula, numbers, inputs);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const std::vector<std::vector<double>> one = {{inputs[0][i]}, {inputs[1][i]}, {inputs[2][i]}};
    EXPECT_EQ(evaluate(formula, numbers, one), std::vector<double>{whole[i]});
    EXPECT_NEAR(whole[i], one[0][0] * std::sin(5 * one[1][0]) + (one[2][0] > 0 ? 1e6 : 0), 1e-9);
  }
}

}  // namespace
}  // namespace deadrelu
