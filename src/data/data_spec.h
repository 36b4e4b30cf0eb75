// Which data a network is trained on, as the user writes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "base/formula.h"
#include "base/normal_form.h"

namespace deadrelu {

struct Examples;  // data/examples.h

enum class DataKind {
  kFunction,
  kPoints,
  kCsv,
  kNpy,
  kNpz,
  kIdx,
  kGaussian,
  kTeacher,
  kBlobs,
  kCircles,
  kMoons,
  kSpirals,
  kXor,
  kSlowlyChangingRegression,
};
template <>
inline constexpr std::array kNames<DataKind>{
    "function", "points", "csv",     "npy",   "npz",     "idx", "gaussian",
    "teacher",  "blobs",  "circles", "moons", "spirals", "xor", "slowly_changing_regression"};

// Targets of `function` that have a name: see formulas_of.
enum class TargetFunction { kAbs, kSine, kQuadratic, kXSin5x, kStepSin, kAbsSumDiff };
template <>
inline constexpr std::array kNames<TargetFunction>{"abs",      "sine",     "quadratic",
                                                   "x_sin_5x", "step_sin", "abs_sum_diff"};

// Inputs of `function`: evenly spaced, or drawn at random.
enum class FunctionSampling { kGrid, kUniform };
template <>
inline constexpr std::array kNames<FunctionSampling>{"grid", "uniform"};

// What the targets of `csv`, `npy` and `npz` are: numbers, or class labels.
enum class Task { kRegression, kClassification };
template <>
inline constexpr std::array kNames<Task>{"regression", "classification"};

// A column of a table: its name, or its number; 1 is the first, −1 the last.
using ColumnRef = std::variant<std::int64_t, std::string>;

// What becomes of a missing value: a mistake; its row is left out; the mean of the column's others.
enum class Missing { kError, kDrop, kMean };
template <>
inline constexpr std::array kNames<Missing>{"error", "drop", "mean"};

// What becomes of a column of words among the inputs: a mistake; an input a word, 0 or 1.
enum class Categories { kError, kOneHot };
template <>
inline constexpr std::array kNames<Categories>{"error", "one_hot"};

// How a CSV file is read.
struct CsvSpec {
  std::vector<ColumnRef> targets;
  std::vector<ColumnRef> inputs;  // empty: every column that is no target and not dropped
  std::vector<ColumnRef> drop;
  std::string delimiter;       // one character, "tab" or "space" (any number of blanks); empty: found out
  std::string decimal;         // "." or ","; empty: found out
  std::optional<bool> header;  // none: found out
  Missing missing = Missing::kError;
  Shared<std::vector<std::string>> missing_values{
      // what stands for a missing value besides an empty cell
      {"?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None"}};
  Categories categories = Categories::kError;

  bool operator==(const CsvSpec&) const = default;
};

enum class GaussianTarget { kZero, kLinear, kNorm };  // 0 · w·x with w ~ N(0, 1/inputs) · ‖x‖/√inputs
template <>
inline constexpr std::array kNames<GaussianTarget>{"zero", "linear", "norm"};

// What a network is to put out: what the data set has for it, or the inputs (an autoencoder).
enum class TargetSource { kOwn, kInputs };
template <>
inline constexpr std::array kNames<TargetSource>{"own", "inputs"};

// What a task changes about the examples; see data/tasks.h.
enum class TaskChange { kNone, kPermuteInputs, kPermuteLabels, kRandomLabels, kClasses };
template <>
inline constexpr std::array kNames<TaskChange>{"none", "permute_inputs", "permute_labels", "random_labels",
                                               "classes"};

// One task after another, made from one data set.
struct TaskSpec {
  TaskChange change = TaskChange::kNone;
  std::uint64_t epochs = 1, steps = 0, examples = 0;  // how long a task lasts: the one that is not 0
  std::uint64_t count = 0;  // tasks, which are then the length of the training; 0: as many as it has time for
  std::uint64_t ramp = 0;   // updates over which a task takes the place of the one before
  std::size_t classes = 2;  // of a task of classes

  bool operator==(const TaskSpec&) const = default;
};

// How a classification target is laid out, in DataSpec::one_hot's numbers.
enum class TargetForm {
  kOneHot,  // a column a class
  kBinary,  // two classes are one column, which says whether it is the second; more a column each
};

// [example][value]
using PointList = std::vector<std::vector<double>>;

// Fields hold for the kinds named; the others ignore them. Lengths and counts in examples.
struct DataSpec {
  DataKind kind = DataKind::kFunction;

  TargetFunction function = TargetFunction::kAbs;  // function
  std::vector<std::string> formulas;    // function: in place of `function`, one a target, of x or x1, x2, …
  std::vector<NamedNumber> numbers;     // of these formulas, by name
  std::array<double, 2> domain{-1, 1};  // function: every input lies in it
  FunctionSampling function_sampling = FunctionSampling::kGrid;  // function
  std::size_t samples = 1000;  // all generated kinds; n inputs on a grid: ⌊samples^(1/n)⌋^n
  // Generated kinds: standard deviation, of targets for regression kinds, of inputs for circles, moons,
  // spirals and xor; none for blobs, which have their spread.
  double noise = 0;
  Shared<PointList> inputs;                              // points: [sample][input]
  Shared<PointList> targets;                             // points: [sample][output]
  std::string path;                                      // csv, npz
  CsvSpec csv;                                           // csv
  Task task = Task::kRegression;                         // csv, npy, npz
  std::string inputs_array, targets_array;               // npy: files; npz: names of arrays
  std::string test_inputs_array, test_targets_array;     // the test split's; empty: none
  std::size_t label_classes = 0;                         // npy, npz: labels are below it; 0: those found
  std::string images, labels, test_images, test_labels;  // idx
  std::size_t dimensions = 2;                            // gaussian, teacher, blobs, slow…: inputs
  GaussianTarget gaussian_target = GaussianTarget::kZero;
  std::vector<std::size_t> teacher_hidden{16};  // teacher: widths of a ReLU network, He normal, bias
  std::size_t teacher_outputs = 1;              // N(0, teacher_bias²), and a linear output layer drawn alike
  double teacher_bias = 0;
  std::size_t classes = 2;  // blobs, spirals
  double spread = 1;        // blobs: standard deviation around centres uniform in the box
  std::array<double, 2> box{-5, 5};
  double factor = 0.5;  // circles: radius of the inner one
  bool table = false;   // xor: the four points themselves
  double turns = 1;     // spirals: turns of each arm
  // slowly_changing_regression: inputs that stay for change_every examples; hidden units of the target
  // network and how rarely they fire.
  std::size_t slow_inputs = 15;
  std::uint64_t change_every = 10'000;
  std::size_t target_units = 100;
  double beta = 0.7;
  std::uint64_t bin = 0;  // endless streams: examples in a bin of the stream table; 0: no such table

  std::size_t limit = 0;             // first examples of the set (and of the test files); 0: all
  bool standardize = false;          // inputs to mean 0 and standard deviation 1 over the training split
  double scale = 1, offset = 0;      // x·scale + offset, after standardizing
  double target_scale = 1;           // regression targets times this
  bool standardize_targets = false;  // then to mean 0 and standard deviation 1, as the inputs
  TargetSource target_source = TargetSource::kOwn;
  TaskSpec tasks;
  double test_fraction = 0;             // in [0, 1): share of the examples set aside as the test split
  std::optional<std::uint64_t> seed;    // of everything random here; none: the run's seed
  std::array<double, 2> one_hot{0, 1};  // what a class's target is for other classes, and for its own
  std::optional<bool> one_output;       // two classes have one target; none: binary_cross_entropy's
  TargetForm target_form = TargetForm::kOneHot;  // set from one_output and the loss, not a key
  std::size_t outputs_to_measure = 0;  // of data without targets: the network's; from init.file, not a key

  std::string directory;  // of the config file: where relative paths start; never in an id

  bool operator==(const DataSpec&) const = default;
};

// The formulas of a function's targets, its own or those of its name, until the thread asks for others. REQUIRES: they
// can be parsed.
const std::vector<Formula>& formulas_of(const DataSpec& spec);
// How many inputs they have: the highest that one of them uses.
std::size_t inputs_of(std::span<const Formula> formulas);

// What the spec alone tells of a data set.
struct DataShape {
  std::size_t inputs = 0, outputs = 0;
  std::size_t classes = 0;  // 0: regression
  std::size_t samples = 0;  // before limit and split
  bool operator==(const DataShape&) const = default;
};

// A file that a spec reads: as the config names it, and resolved against the config's directory.
struct DataFile {
  std::string name, path;
  bool operator==(const DataFile&) const = default;
};

// What is known of a kind of data: whoever treats kinds differently asks its row in data_spec.cpp.
struct DataTraits {
  using Ask = bool (*)(const DataSpec&);
  using Generate = Examples(const DataSpec& spec, std::uint64_t seed);
  using Files = std::array<std::string DataSpec::*, 2>;

  DataKind kind = DataKind::kFunction;
  Ask classes = [](const DataSpec&) { return false; };  // whether targets are classes
  Ask targets = [](const DataSpec&) { return true; };   // see has_targets
  Ask random = [](const DataSpec&) { return false; };   // whether seeds have other examples, the split apart
  DataShape (*shape)(const DataSpec&) = nullptr;        // null: a file decides
  // One of the two gives the examples before limit, split and scaling. `read` takes `files` or `test_files`.
  Generate* generate = nullptr;
  Examples (*read)(const DataSpec&, std::span<const DataFile> files, bool test) = nullptr;
  Files files{};          // that are read, null: none
  Files test_files{};     // those of the test split, where the spec names them
  bool one_file = false;  // test_files name what `files` has of the test split
  bool endless = false;   // see is_endless
};
const DataTraits& traits_of(DataKind kind);

// Every file that the spec reads: whoever opens, checks or lists files asks here. The test split's come last.
std::vector<DataFile> data_files(const DataSpec& spec);
bool has_test_files(const DataSpec& spec);

// Whether the data differs from seed to seed where `seed` is not given (random inputs, noise, a random
// split). Whether `seed` is given plays no part.
bool depends_on_seed(const DataSpec& spec);

// Whether the examples are an online stream without epochs, made while they are used (data/stream.h). Its data
// set is then what the network is evaluated on.
bool is_endless(const DataSpec& spec);

// Whether targets are classes.
bool has_classes(const DataSpec& spec);

// Whether there are targets. Without them a network that is given is measured, and nothing can be trained; its
// data set has targets of 0 (outputs_to_measure of them).
bool has_targets(const DataSpec& spec);

// Targets of an example of one of so many classes.
std::size_t class_columns(const DataSpec& spec, std::size_t classes);
// What column c of the target of a label holds.
double class_target(const DataSpec& spec, std::size_t classes, std::size_t label, std::size_t c);

// Empty where a file decides.
std::optional<DataShape> shape_from_spec(const DataSpec& spec);

// How many of `samples` examples test_fraction sets aside: ⌊test_fraction·samples + ½⌋, but no more than all.
std::size_t test_samples(const DataSpec& spec, std::size_t samples);

// The spec of the same data set, whatever the run and the place of the config: the seed that counts, paths
// resolved, and the fields reset that play no part in it. Specs have the same set where these are equal.
DataSpec same_set(DataSpec spec, std::uint64_t run_seed);

// How many updates a task lasts. A batch belongs to one task, so the last one may begin before the task's
// examples are at an end. REQUIRES: tasks change something; 1 ≤ batch_size ≤ samples, those to train on.
std::uint64_t task_steps(const DataSpec& spec, std::size_t classes, std::size_t samples,
                         std::size_t batch_size);

// The generators, each documented in its own file; noise included, balanced classes take turns. Draws are
// functions of (seed, sample, input), so more samples or inputs leave the earlier ones as they are.
DataTraits::Generate generate_function, generate_gaussian, generate_teacher, generate_blobs, generate_circles,
    generate_moons, generate_spirals, generate_xor, generate_slow_regression;
// The inline inputs and targets. Throws UserError(kInputOutput) where their numbers or lengths do not match.
DataTraits::Generate copy_points;

}  // namespace deadrelu
