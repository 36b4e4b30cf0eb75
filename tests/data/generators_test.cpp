#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "data/dataset.h"

namespace deadrelu {
namespace {

constexpr double kPi = std::numbers::pi;

DataSpec spec_of(DataKind kind, std::size_t samples) {
  DataSpec spec;
  spec.kind = kind;
  spec.samples = samples;
  return spec;
}

Dataset<double> function_set(TargetFunction function, std::size_t samples, double low, double high) {
  DataSpec spec = spec_of(DataKind::kFunction, samples);
  spec.function = function;
  spec.domain = {low, high};
  return make_dataset<double>(spec, 1);
}

std::vector<double> copy_of(const Buffer<double>& buffer) {
  return {buffer.data(), buffer.data() + buffer.size()};
}

std::size_t label_of(const Dataset<double>& set, std::size_t sample) {
  std::size_t label = set.classes;
  for (std::size_t c = 0; c < set.classes; ++c) {
    const double target = set.train.targets[sample * set.classes + c];
    if (target == 0) continue;
    EXPECT_EQ(target, 1);
    EXPECT_EQ(label, set.classes) << "two classes at once";
    label = c;
  }
  return label;
}

// Mean and mean square of each column within 4 standard errors of N(mean, deviation²).
void expect_normal(const std::vector<double>& values, double mean, double deviation) {
  const double n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += (value - mean) * (value - mean);
  }
  EXPECT_NEAR(sum / n, mean, 4 * deviation / std::sqrt(n));
  EXPECT_NEAR(squares / n, deviation * deviation, 4 * deviation * deviation * std::sqrt(2 / n));
}

TEST(FunctionSet, a_grid_is_even_exact_at_both_ends_and_symmetric) {
  const Dataset<double> set = function_set(TargetFunction::kAbs, 1001, -1.7320508, 1.7320508);
  ASSERT_EQ(set.train.samples, 1001u);
  EXPECT_EQ(set.train.inputs[0], -1.7320508);
  EXPECT_EQ(set.train.inputs[1000], 1.7320508);
  EXPECT_EQ(set.train.inputs[500], 0);
  for (std::size_t i = 0; i < 1001; ++i) {
    EXPECT_NEAR(set.train.inputs[i], -1.7320508 + 2 * 1.7320508 * static_cast<double>(i) / 1000, 1e-15);
    EXPECT_EQ(set.train.inputs[i], -set.train.inputs[1000 - i]);
    EXPECT_EQ(set.train.targets[i], std::abs(set.train.inputs[i]));
  }
}

TEST(FunctionSet, one_sample_lies_in_the_middle_and_two_at_the_ends) {
  EXPECT_EQ(copy_of(function_set(TargetFunction::kQuadratic, 1, 1, 4).train.inputs),
            std::vector<double>{2.5});
  EXPECT_EQ(copy_of(function_set(TargetFunction::kQuadratic, 1, 1, 4).train.targets),
            std::vector<double>{6.25});
  EXPECT_EQ(copy_of(function_set(TargetFunction::kQuadratic, 2, 1, 4).train.inputs),
            (std::vector<double>{1, 4}));
}

double formula(TargetFunction function, double x) {
  switch (function) {
    case TargetFunction::kAbs: return std::abs(x);
    case TargetFunction::kSine: return std::sin(x);
    case TargetFunction::kQuadratic: return x * x;
    case TargetFunction::kXSin5x: return x * std::sin(5 * x);
    case TargetFunction::kStepSin: return (x > 0 ? 1 : 0) + 0.2 * std::sin(5 * x);
    case TargetFunction::kAbsSumDiff: break;
  }
  return std::numeric_limits<double>::quiet_NaN();  // equals nothing
}

TEST(FunctionSet, the_functions_are_their_formulas) {
  for (const TargetFunction function : values_of<TargetFunction>()) {
    if (function == TargetFunction::kAbsSumDiff) continue;  // the next test
    const Dataset<double> set = function_set(function, 101, -3, 3);
    for (std::size_t i = 0; i < set.train.samples; ++i)
      EXPECT_NEAR(set.train.targets[i], formula(function, set.train.inputs[i]), 1e-15 * 10);
  }
}

TEST(FunctionSet, two_inputs_lie_on_a_square_grid) {
  const Dataset<double> set = function_set(TargetFunction::kAbsSumDiff, 10, -1, 1);
  ASSERT_EQ(set.train.samples, 9u);  // ⌊√10⌋²
  ASSERT_EQ(set.inputs, 2u);
  ASSERT_EQ(set.outputs, 2u);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double x1 = static_cast<double>(i) - 1, x2 = static_cast<double>(j) - 1;
      const std::size_t s = 3 * i + j;
      EXPECT_EQ(set.train.inputs[2 * s], x1);
      EXPECT_EQ(set.train.inputs[2 * s + 1], x2);
      EXPECT_EQ(set.train.targets[2 * s], std::abs(x1 + x2));
      EXPECT_EQ(set.train.targets[2 * s + 1], std::abs(x1 - x2));
    }
  }
}

TEST(FunctionSet, formulas_of_several_inputs_lie_on_a_grid_of_as_many_dimensions) {
  DataSpec spec = spec_of(DataKind::kFunction, 30);
  spec.formulas = {"x1*x2 + k*x3^2", "max(x1, x3)", "k"};
  spec.numbers = {{"k", 0.5}};
  spec.domain = {-1, 1};
  const Dataset<double> set = make_dataset<double>(spec, 0);
  ASSERT_EQ(set.train.samples, 27u);
  ASSERT_EQ(set.inputs, 3u);
  ASSERT_EQ(set.outputs, 3u);
  for (std::size_t s = 0; s < 27; ++s) {
    const double* const x = set.train.inputs.data() + 3 * s;
    EXPECT_EQ(x[0], static_cast<double>(s / 9) - 1);
    EXPECT_EQ(x[1], static_cast<double>(s / 3 % 3) - 1);
    EXPECT_EQ(x[2], static_cast<double>(s % 3) - 1);
    EXPECT_EQ(set.train.targets[3 * s], x[0] * x[1] + 0.5 * x[2] * x[2]);
    EXPECT_EQ(set.train.targets[3 * s + 1], std::max(x[0], x[2]));
    EXPECT_EQ(set.train.targets[3 * s + 2], 0.5);
  }
}

TEST(FunctionSet, a_formula_without_a_value_is_told_with_its_place) {
  DataSpec spec = spec_of(DataKind::kFunction, 3);
  spec.formulas = {"x", "1/x"};
  try {
    make_dataset<double>(spec, 0);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "data: the formula of target 2 is inf at x = 0; targets are finite numbers");
  }
}

TEST(FunctionSet, random_inputs_are_uniform_in_the_domain) {
  DataSpec spec = spec_of(DataKind::kFunction, 20000);
  spec.function = TargetFunction::kAbsSumDiff;
  spec.function_sampling = FunctionSampling::kUniform;
  spec.domain = {2, 5};
  const Dataset<double> set = make_dataset<double>(spec, 3);
  ASSERT_EQ(set.train.samples, 20000u);
  double sums[2] = {}, product = 0;
  for (std::size_t s = 0; s < 20000; ++s) {
    const double* x = set.train.inputs.data() + 2 * s;
    ASSERT_TRUE(x[0] >= 2 && x[0] <= 5 && x[1] >= 2 && x[1] <= 5);
    sums[0] += x[0];
    sums[1] += x[1];
    product += (x[0] - 3.5) * (x[1] - 3.5);
  }
  const double error = 3 / std::sqrt(12.0 * 20000);
  EXPECT_NEAR(sums[0] / 20000, 3.5, 4 * error);
  EXPECT_NEAR(sums[1] / 20000, 3.5, 4 * error);
  EXPECT_NEAR(product / 20000, 0, 4 * 0.75 / std::sqrt(20000));
}

TEST(FunctionSet, noise_is_added_to_the_targets_alone) {
  DataSpec spec = spec_of(DataKind::kFunction, 20000);
  const Dataset<double> clean = make_dataset<double>(spec, 1);
  spec.noise = 0.3;
  const Dataset<double> noisy = make_dataset<double>(spec, 1);
  EXPECT_EQ(copy_of(noisy.train.inputs), copy_of(clean.train.inputs));
  std::vector<double> noise;
  for (std::size_t s = 0; s < 20000; ++s) noise.push_back(noisy.train.targets[s] - clean.train.targets[s]);
  expect_normal(noise, 0, 0.3);
}

TEST(GaussianSet, inputs_are_standard_normal_and_targets_follow_their_formula) {
  DataSpec spec = spec_of(DataKind::kGaussian, 20000);
  spec.dimensions = 3;
  const Dataset<double> zero = make_dataset<double>(spec, 1);
  expect_normal(copy_of(zero.train.inputs), 0, 1);
  EXPECT_EQ(copy_of(zero.train.targets), std::vector<double>(20000, 0));
  spec.gaussian_target = GaussianTarget::kNorm;
  const Dataset<double> norm = make_dataset<double>(spec, 1);
  spec.gaussian_target = GaussianTarget::kLinear;
  const Dataset<double> linear = make_dataset<double>(spec, 1);
  EXPECT_EQ(copy_of(norm.train.inputs), copy_of(zero.train.inputs));
  double covariance[3] = {};
  for (std::size_t s = 0; s < 20000; ++s) {
    const double* x = norm.train.inputs.data() + 3 * s;
    EXPECT_NEAR(norm.train.targets[s], std::sqrt((x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) / 3), 1e-14);
    for (int i = 0; i < 3; ++i) covariance[i] += x[i] * linear.train.targets[s] / 20000;
  }
  // The covariances are the weights; with them the targets are explained to a few per cent.
  double residual = 0, total = 0;
  for (std::size_t s = 0; s < 20000; ++s) {
    const double* x = norm.train.inputs.data() + 3 * s;
    const double y = linear.train.targets[s];
    residual += std::pow(y - covariance[0] * x[0] - covariance[1] * x[1] - covariance[2] * x[2], 2);
    total += y * y;
  }
  EXPECT_GT(total, 0);
  EXPECT_LT(residual, 0.01 * total);
}

TEST(GaussianSet, linear_weights_have_variance_one_over_the_inputs) {
  DataSpec spec = spec_of(DataKind::kGaussian, 1);
  spec.gaussian_target = GaussianTarget::kLinear;
  spec.dimensions = 50;
  std::vector<double> targets;  // w·x is close to N(0, 1): E y² = 1, E y⁴ = 3(1 + 2/50)²
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    targets.push_back(make_dataset<double>(spec, seed).train.targets[0]);
  double squares = 0;
  for (const double y : targets) squares += y * y;
  EXPECT_NEAR(squares / 4000, 1, 4 * std::sqrt(2.3 / 4000));
}

TEST(GaussianSet, more_samples_leave_the_first_ones_alone) {
  DataSpec spec = spec_of(DataKind::kGaussian, 10);
  const std::vector<double> few = copy_of(make_dataset<double>(spec, 4).train.inputs);
  spec.samples = 500;
  const std::vector<double> many = copy_of(make_dataset<double>(spec, 4).train.inputs);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

// He's variance keeps E h² of the layers' pre-activations at 2·E x²: ReLU halves what the variance doubles,
// and no ReLU follows the output layer.
TEST(TeacherSet, the_teacher_is_a_he_normal_relu_network) {
  DataSpec spec = spec_of(DataKind::kTeacher, 4);
  spec.dimensions = 8;
  spec.teacher_hidden = {64, 64};
  spec.teacher_outputs = 64;
  constexpr int kSeeds = 200;
  double sum = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Dataset<double> set = make_dataset<double>(spec, seed);
    ASSERT_EQ(set.outputs, 64u);
    double size = 0;
    for (const double y : copy_of(set.train.targets)) size += y * y / (4 * 64);
    sum += size;
    squares += size * size;
  }
  const double mean = sum / kSeeds, deviation = std::sqrt(squares / kSeeds - mean * mean);
  EXPECT_NEAR(mean, 2, 4 * deviation / std::sqrt(kSeeds));
  EXPECT_LT(deviation, 1.5);
  spec.samples = 200;
  const Dataset<double> relu = make_dataset<double>(spec, 1);
  double negative = 0;
  for (const double y : copy_of(relu.train.targets)) negative += y < 0 ? 1 : 0;
  EXPECT_GT(negative, 0);  // the output layer is linear
}

TEST(TeacherSet, biases_shift_every_layer) {
  DataSpec spec = spec_of(DataKind::kTeacher, 5);
  spec.teacher_hidden = {};
  spec.teacher_outputs = 3;
  const Dataset<double> plain = make_dataset<double>(spec, 1);
  spec.teacher_bias = 2;
  const Dataset<double> shifted = make_dataset<double>(spec, 1);
  for (std::size_t o = 0; o < 3; ++o) {
    const double shift = shifted.train.targets[o] - plain.train.targets[o];
    EXPECT_NE(shift, 0);
    for (std::size_t s = 1; s < 5; ++s) {
      EXPECT_NEAR(shifted.train.targets[3 * s + o] - plain.train.targets[3 * s + o], shift, 1e-14);
    }
  }
}

// The generated kinds whose targets are classes.
std::vector<DataKind> class_kinds() {
  std::vector<DataKind> kinds;
  for (const DataKind kind : values_of<DataKind>())
    if (has_classes(spec_of(kind, 1)) && shape_from_spec(spec_of(kind, 1))) kinds.push_back(kind);
  return kinds;
}

TEST(ClassSets, classes_take_turns_and_targets_are_one_hot) {
  ASSERT_EQ(class_kinds().front(), DataKind::kBlobs);
  for (const DataKind kind : class_kinds()) {
    DataSpec spec = spec_of(kind, 11);
    spec.classes = kind == DataKind::kBlobs || kind == DataKind::kSpirals ? 3 : 2;
    const Dataset<double> set = make_dataset<double>(spec, 1);
    EXPECT_EQ(set.classes, spec.classes);
    EXPECT_EQ(set.outputs, spec.classes);
    for (std::size_t s = 0; s < 11; ++s) EXPECT_EQ(label_of(set, s), s % spec.classes);
  }
}

TEST(ClassSets, binary_targets_are_one_column) {
  DataSpec spec = spec_of(DataKind::kMoons, 5);
  spec.target_form = TargetForm::kBinary;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  EXPECT_EQ(set.outputs, 1u);
  EXPECT_EQ(set.classes, 2u);
  EXPECT_EQ(copy_of(set.train.targets), (std::vector<double>{0, 1, 0, 1, 0}));
}

TEST(ClassSets, targets_are_off_and_on) {
  DataSpec spec = spec_of(DataKind::kMoons, 3);
  spec.one_hot = {-1, 2};
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.targets), (std::vector<double>{2, -1, -1, 2, 2, -1}));
  spec.target_form = TargetForm::kBinary;
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.targets), (std::vector<double>{-1, 2, -1}));
  DataSpec three = spec_of(DataKind::kBlobs, 3);
  three.classes = 3;
  three.target_form = TargetForm::kBinary;
  three.one_hot = {0.25, 0.5};
  EXPECT_EQ(copy_of(make_dataset<double>(three, 1).train.targets),
            (std::vector<double>{0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.25, 0.5}));
}

TEST(ClassSets, blobs_are_normal_around_centres_in_the_square_of_side_ten) {
  DataSpec spec = spec_of(DataKind::kBlobs, 30000);
  spec.classes = 3;
  spec.spread = 0.5;
  spec.dimensions = 4;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 4; ++i) {
      std::vector<double> column;
      double mean = 0;
      for (std::size_t s = c; s < 30000; s += 3) column.push_back(set.train.inputs[4 * s + i]);
      for (const double value : column) mean += value / static_cast<double>(column.size());
      EXPECT_LT(std::abs(mean), 5.1);
      expect_normal(column, mean, 0.5);
    }
  }
}

TEST(ClassSets, blobs_have_their_centres_uniform_in_the_box) {
  DataSpec spec = spec_of(DataKind::kBlobs, 3);
  spec.classes = 3;
  spec.spread = 0;
  spec.box = {2, 2.5};
  std::vector<double> centres;
  for (std::uint64_t seed = 0; seed < 2000; ++seed)
    for (const double centre : copy_of(make_dataset<double>(spec, seed).train.inputs))
      centres.push_back(centre);
  double mean = 0;
  for (const double centre : centres) {
    EXPECT_TRUE(2 < centre && centre < 2.5);
    mean += centre / static_cast<double>(centres.size());
  }
  // Standard deviation of the mean of 12000: 0.5/√12/√12000 = 0.0013.
  EXPECT_NEAR(mean, 2.25, 5 * 0.0013);
  const auto [low, high] = std::minmax_element(centres.begin(), centres.end());
  EXPECT_LT(*low, 2.001);
  EXPECT_GT(*high, 2.499);
}

TEST(ClassSets, the_inner_circle_has_the_factor_for_its_radius) {
  DataSpec spec = spec_of(DataKind::kCircles, 30);
  spec.factor = 0.8;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  for (std::size_t s = 0; s < 30; ++s)
    EXPECT_NEAR(std::hypot(set.train.inputs[2 * s], set.train.inputs[2 * s + 1]), s % 2 == 0 ? 1 : 0.8,
                1e-15);
}

TEST(ClassSets, the_table_of_xor_is_its_four_points) {
  DataSpec spec = spec_of(DataKind::kXor, 1000);
  spec.table = true;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  ASSERT_EQ(set.train.samples, 4u);
  EXPECT_EQ(copy_of(set.train.inputs), (std::vector<double>{0, 0, 0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(copy_of(set.train.targets), (std::vector<double>{1, 0, 0, 1, 0, 1, 1, 0}));
  EXPECT_FALSE(depends_on_seed(spec));
  EXPECT_EQ(shape_from_spec(spec)->samples, 4u);
}

TEST(ClassSets, circles_have_radii_one_and_one_half) {
  const Dataset<double> set = make_dataset<double>(spec_of(DataKind::kCircles, 9), 1);
  for (std::size_t s = 0; s < 9; ++s) {
    const double radius = s % 2 == 0 ? 1 : 0.5,
                 t = 2 * kPi * static_cast<double>(s / 2) / (s % 2 == 0 ? 5 : 4);
    EXPECT_NEAR(set.train.inputs[2 * s], radius * std::cos(t), 1e-15);
    EXPECT_NEAR(set.train.inputs[2 * s + 1], radius * std::sin(t), 1e-15);
  }
}

TEST(ClassSets, moons_are_two_half_circles_that_interleave) {
  const Dataset<double> set = make_dataset<double>(spec_of(DataKind::kMoons, 10), 1);
  for (std::size_t s = 0; s < 10; ++s) {
    const double t = kPi * static_cast<double>(s / 2) / 4;
    EXPECT_NEAR(set.train.inputs[2 * s], s % 2 == 0 ? std::cos(t) : 1 - std::cos(t), 1e-15);
    EXPECT_NEAR(set.train.inputs[2 * s + 1], s % 2 == 0 ? std::sin(t) : 0.5 - std::sin(t), 1e-15);
  }
}

TEST(ClassSets, spirals_turn_outwards_arm_by_arm) {
  DataSpec spec = spec_of(DataKind::kSpirals, 30);
  spec.classes = 3;
  spec.turns = 1.5;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  for (std::size_t s = 0; s < 30; ++s) {
    const double r = static_cast<double>(s / 3 + 1) / 10;
    const double t = 2 * kPi * (1.5 * r + static_cast<double>(s % 3) / 3);
    EXPECT_NEAR(set.train.inputs[2 * s], r * std::cos(t), 1e-14);
    EXPECT_NEAR(set.train.inputs[2 * s + 1], r * std::sin(t), 1e-14);
  }
}

TEST(ClassSets, xor_is_the_sign_of_the_product_of_uniform_inputs) {
  const Dataset<double> set = make_dataset<double>(spec_of(DataKind::kXor, 20000), 1);
  double sums[2] = {}, squares[2] = {};
  for (std::size_t s = 0; s < 20000; ++s) {
    const double* x = set.train.inputs.data() + 2 * s;
    EXPECT_EQ(x[0] * x[1] < 0, label_of(set, s) == 1);
    for (int i = 0; i < 2; ++i) {
      EXPECT_LT(std::abs(x[i]), 1);
      sums[i] += x[i];
      squares[i] += x[i] * x[i];
    }
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(sums[i] / 20000, 0, 4 / std::sqrt(3.0 * 20000));
    EXPECT_NEAR(squares[i] / 20000, 1.0 / 3, 4 * std::sqrt(4.0 / 45 / 20000));
  }
}

TEST(ClassSets, noise_is_added_to_the_inputs) {
  for (const DataKind kind : class_kinds()) {
    if (kind == DataKind::kBlobs) continue;  // it has its spread
    DataSpec spec = spec_of(kind, 5000);
    const Dataset<double> clean = make_dataset<double>(spec, 2);
    spec.noise = 0.1;
    const Dataset<double> noisy = make_dataset<double>(spec, 2);
    EXPECT_EQ(copy_of(noisy.train.targets), copy_of(clean.train.targets));
    std::vector<double> noise;
    for (std::size_t i = 0; i < 10000; ++i) noise.push_back(noisy.train.inputs[i] - clean.train.inputs[i]);
    expect_normal(noise, 0, 0.1);
  }
}

}  // namespace
}  // namespace deadrelu
