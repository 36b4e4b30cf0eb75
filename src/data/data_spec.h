// Which data a network is trained on, as the user writes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"

namespace deadrelu {

enum class DataKind {
  kFunction,
  kPoints,
  kCsv,
  kIdx,
  kGaussian,
  kTeacher,
  kBlobs,
  kCircles,
  kMoons,
  kSpirals,
  kXor,
  kSlowlyChangingRegression,
  kPermuted,
};
template <>
inline constexpr std::array kNames<DataKind>{"function", "points",  "csv",   "idx",
                                             "gaussian", "teacher", "blobs", "circles",
                                             "moons",    "spirals", "xor",   "slowly_changing_regression",
                                             "permuted"};

// Targets of `function`; inputs of dimension 1 but for abs_sum_diff (2 in, 2 out).
enum class TargetFunction {
  kAbs,         // |x|
  kSine,        // sin x
  kQuadratic,   // x²
  kXSin5x,      // x sin 5x
  kStepSin,     // 1{x>0} + 0.2 sin 5x                 (Lu et al. 2019)
  kAbsSumDiff,  // (|x1 + x2|, |x1 − x2|)              (Lu et al. 2019)
};
template <>
inline constexpr std::array kNames<TargetFunction>{"abs",      "sine",     "quadratic",
                                                   "x_sin_5x", "step_sin", "abs_sum_diff"};

// Inputs of `function`: evenly spaced, or drawn at random.
enum class FunctionSampling { kGrid, kUniform };
template <>
inline constexpr std::array kNames<FunctionSampling>{"grid", "uniform"};

// What the targets of `csv` are: numbers, or one column of class labels.
enum class Task { kRegression, kClassification };
template <>
inline constexpr std::array kNames<Task>{"regression", "classification"};

enum class GaussianTarget { kZero, kLinear, kNorm };  // 0 · w·x with w ~ N(0, 1/inputs) · ‖x‖/√inputs
template <>
inline constexpr std::array kNames<GaussianTarget>{"zero", "linear", "norm"};

// How a classification target is laid out: the loss decides.
enum class TargetForm {
  kOneHot,  // a column a class, 0 or 1 (cross_entropy, squared losses, more than two classes)
  kBinary,  // one column, 0 or 1 (binary_cross_entropy with two classes)
};

// Fields hold for the kinds named; the others ignore them. Lengths and counts in examples.
struct DataSpec {
  DataKind kind = DataKind::kFunction;

  TargetFunction function = TargetFunction::kAbs;                // function
  std::array<double, 2> domain{-1, 1};                           // function: every input lies in it
  FunctionSampling function_sampling = FunctionSampling::kGrid;  // function
  std::size_t samples = 1000;               // all generated kinds; abs_sum_diff on a grid: ⌊√samples⌋²
  double noise = 0;                         // generated kinds: standard deviation (of targets for regression
                                            // kinds, of inputs for circles, moons, spirals, xor; none
                                            // for blobs, which have their spread)
  std::vector<std::vector<double>> inputs;  // points: [sample][input]
  std::vector<std::vector<double>> targets;              // points: [sample][output]
  std::string path;                                      // csv
  std::vector<std::string> target_columns;               // csv
  Task task = Task::kRegression;                         // csv
  std::string images, labels, test_images, test_labels;  // idx
  std::size_t dimensions = 2;  // gaussian, teacher, blobs, slowly_changing_regression: inputs
  GaussianTarget gaussian_target = GaussianTarget::kZero;
  std::vector<std::size_t> teacher_hidden{16};  // teacher: widths of a ReLU network, He normal, bias
                                                // N(0, teacher_bias²), and a linear output layer drawn alike
  std::size_t teacher_outputs = 1;
  double teacher_bias = 0;
  std::size_t classes = 2;       // blobs, spirals
  double spread = 1;             // blobs: standard deviation around centres uniform in [−5, 5]
  double turns = 1;              // spirals: turns of each arm
  std::size_t slow_inputs = 15;  // slowly_changing_regression: inputs that stay for change_every examples
  std::uint64_t change_every = 10'000;  // slowly_changing_regression
  std::size_t target_units = 100;       // slowly_changing_regression: hidden units of the target network
  double beta = 0.7;                    // slowly_changing_regression: how rarely they fire
  std::uint64_t bin = 0;                // streams: examples in a bin of the stream table; 0: no such table

  std::size_t limit = 0;              // first examples of the set (and of the test files); 0: all
  bool standardize = false;           // inputs to mean 0 and standard deviation 1 over the training split
  double scale = 1, offset = 0;       // x·scale + offset, after standardizing
  double target_scale = 1;            // regression targets times this
  double test_fraction = 0;           // in [0, 1): share of the examples set aside as the test split
  std::optional<std::uint64_t> seed;  // of everything random here; none: the run's seed
  TargetForm target_form = TargetForm::kOneHot;  // set from the loss, not a key

  std::string directory;  // of the config file: where relative paths start; never in an id

  bool operator==(const DataSpec&) const = default;
};

// Whether the data differs from seed to seed where `seed` is not given (random inputs, noise, a random
// split). Whether `seed` is given plays no part.
bool depends_on_seed(const DataSpec& spec);

// Whether the examples are an online stream, made while they are used (data/stream.h). Its data set is then
// what the network is evaluated on.
bool is_stream(const DataSpec& spec);

// Inputs, outputs and classes as far as the spec alone tells; empty for csv and idx, which a file decides.
struct DataShape {
  std::size_t inputs = 0, outputs = 0;
  std::size_t classes = 0;  // 0: regression
};
std::optional<DataShape> shape_from_spec(const DataSpec& spec);

}  // namespace deadrelu
