// The rows of `data`.
#include "config/key.h"

namespace deadrelu {
namespace {

using Spec = RunSpec;

constexpr const char* kKinds[] = {"function", "points",  "csv",   "idx",     "gaussian", "teacher",
                                  "blobs",    "circles", "moons", "spirals", "xor"};
constexpr const char* kFunctions[] = {"abs", "sine", "quadratic", "x_sin_5x", "step_sin", "abs_sum_diff"};
constexpr const char* kFunctionSampling[] = {"grid", "uniform"};
constexpr const char* kTasks[] = {"regression", "classification"};
constexpr const char* kGaussianTargets[] = {"zero", "linear", "norm"};
constexpr const char* kGenerated = "function gaussian teacher blobs circles moons spirals xor";

std::vector<std::size_t> sizes(const Value& value) {
  return {value.integers().begin(), value.integers().end()};
}

constexpr Key kDataKeys[] = {
    {.path = "data.kind",
     .type = KeyType::kChoice,
     .choices = kKinds,
     .required = true,
     .meaning =
         "Where the examples come from: a formula (function), numbers written here (points), files (csv, "
         "idx), "
         "or a generator. function, points, gaussian and teacher are regression; idx, blobs, circles, moons, "
         "spirals and xor are classification; csv is what data.task says.",
     .store = [](Spec& r, const Value& v) { r.data.kind = v.choice<DataKind>(); }},
    {.path = "data.function",
     .type = KeyType::kChoice,
     .when = "function",
     .choices = kFunctions,
     .fallback = "\"abs\"",
     .meaning =
         "The target: abs |x|, sine sin x, quadratic x², x_sin_5x x·sin 5x, step_sin 1{x>0} + 0.2·sin 5x, "
         "abs_sum_diff (|x1+x2|, |x1−x2|) of two inputs (the last two: Lu et al. 2019).",
     .store = [](Spec& r, const Value& v) { r.data.function = v.choice<TargetFunction>(); }},
    {.path = "data.domain",
     .type = KeyType::kRealPair,
     .when = "function",
     .range = {-1e100, 1e100},
     .fallback = "[-1,1]",
     .meaning = "Every input lies between these two numbers; the first is the smaller one.",
     .store =
         [](Spec& r, const Value& v) {
           r.data.domain = {v.reals()[0], v.reals()[1]};
         }},
    {.path = "data.sampling",
     .type = KeyType::kChoice,
     .when = "function",
     .choices = kFunctionSampling,
     .fallback = "\"grid\"",
     .meaning =
         "grid: inputs evenly spaced over the domain, both ends included (abs_sum_diff: k by k of them with "
         "k = ⌊√samples⌋). uniform: inputs drawn at random.",
     .store = [](Spec& r, const Value& v) { r.data.uniform_sampling = v.integer() == 1; }},
    {.path = "data.samples",
     .type = KeyType::kInteger,
     .when = kGenerated,
     .range = {1, 1e8},
     .fallback = "1000",
     .meaning = "How many examples are generated, test examples included.",
     .store = [](Spec& r, const Value& v) { r.data.samples = v.count(); }},
    {.path = "data.noise",
     .when = "function gaussian teacher circles moons spirals xor",
     .range = {0, 1e100},
     .fallback = "0",
     .meaning =
         "Standard deviation of normal noise: added to the targets of function, gaussian and teacher, to the "
         "inputs of circles, moons, spirals and xor.",
     .store = [](Spec& r, const Value& v) { r.data.noise = v.real(); }},
    {.path = "data.inputs",
     .type = KeyType::kRealMatrix,
     .when = "points",
     .required = true,
     .meaning = "The inputs, one row an example: [[x1, x2, …], …].",
     .store = [](Spec& r, const Value& v) { r.data.inputs = v.matrix(); }},
    {.path = "data.inputs",
     .type = KeyType::kInteger,
     .when = "gaussian teacher blobs",
     .range = {1, 65536},
     .fallback = "2",
     .meaning = "The number of inputs.",
     .store = [](Spec& r, const Value& v) { r.data.dimensions = v.count(); }},
    {.path = "data.targets",
     .type = KeyType::kRealMatrix,
     .when = "points",
     .required = true,
     .meaning = "The targets, one row an example: [[y1, …], …]; as many rows as data.inputs.",
     .store = [](Spec& r, const Value& v) { r.data.targets = v.matrix(); }},
    {.path = "data.targets",
     .type = KeyType::kTextList,
     .when = "csv",
     .most_items = 65536,
     .required = true,
     .meaning = "Names of the target columns; every other column is an input.",
     .store = [](Spec& r, const Value& v) { r.data.target_columns = v.strings(); }},
    {.path = "data.path",
     .type = KeyType::kText,
     .when = "csv",
     .required = true,
     .meaning = "The CSV file, with a header row; relative to the config file.",
     .store = [](Spec& r, const Value& v) { r.data.path = v.string(); }},
    {.path = "data.task",
     .type = KeyType::kChoice,
     .when = "csv",
     .choices = kTasks,
     .fallback = "\"regression\"",
     .meaning = "regression: targets are numbers. classification: the one target column holds class labels.",
     .store = [](Spec& r, const Value& v) { r.data.classification = v.integer() == 1; }},
    {.path = "data.images",
     .type = KeyType::kText,
     .when = "idx",
     .required = true,
     .meaning =
         "IDX file of unsigned bytes, plain or gzip; a pixel comes as byte/255; relative to the config file.",
     .store = [](Spec& r, const Value& v) { r.data.images = v.string(); }},
    {.path = "data.labels",
     .type = KeyType::kText,
     .when = "idx",
     .required = true,
     .meaning = "IDX file of the labels, one unsigned byte an image; relative to the config file.",
     .store = [](Spec& r, const Value& v) { r.data.labels = v.string(); }},
    {.path = "data.test_images",
     .type = KeyType::kText,
     .when = "idx",
     .nullable = true,
     .fallback = "null",
     .needs = "data.test_labels",
     .meaning = "IDX file of the test split; null: none.",
     .store = [](Spec& r, const Value& v) { r.data.test_images = v.string(); }},
    {.path = "data.test_labels",
     .type = KeyType::kText,
     .when = "idx",
     .nullable = true,
     .fallback = "null",
     .needs = "data.test_images",
     .meaning = "IDX file of the test split's labels; null: none.",
     .store = [](Spec& r, const Value& v) { r.data.test_labels = v.string(); }},
    {.path = "data.target",
     .type = KeyType::kChoice,
     .when = "gaussian",
     .choices = kGaussianTargets,
     .fallback = "\"zero\"",
     .meaning = "The target of x ~ N(0, 1): zero 0, linear w·x with w ~ N(0, 1/inputs), norm ‖x‖/√inputs.",
     .store = [](Spec& r, const Value& v) { r.data.gaussian_target = v.choice<GaussianTarget>(); }},
    {.path = "data.hidden",
     .type = KeyType::kIntegerList,
     .when = "teacher",
     .range = {1, 65536},
     .most_items = 1024,
     .fallback = "[16]",
     .meaning =
         "Hidden widths of the teacher, a ReLU network with He normal weights whose output is the target.",
     .store = [](Spec& r, const Value& v) { r.data.teacher_hidden = sizes(v); }},
    {.path = "data.outputs",
     .type = KeyType::kInteger,
     .when = "teacher",
     .range = {1, 65536},
     .fallback = "1",
     .meaning = "Outputs of the teacher.",
     .store = [](Spec& r, const Value& v) { r.data.teacher_outputs = v.count(); }},
    {.path = "data.bias",
     .when = "teacher",
     .range = {0, 1e100},
     .fallback = "0",
     .meaning = "Standard deviation of the teacher's biases, N(0, bias²).",
     .store = [](Spec& r, const Value& v) { r.data.teacher_bias = v.real(); }},
    {.path = "data.classes",
     .type = KeyType::kInteger,
     .when = "blobs spirals",
     .range = {2, 65536},
     .fallback = "2",
     .meaning = "The number of classes.",
     .store = [](Spec& r, const Value& v) { r.data.classes = v.count(); }},
    {.path = "data.spread",
     .when = "blobs",
     .range = {0, 1e100},
     .fallback = "1",
     .meaning = "Standard deviation of a blob around its centre; centres are uniform in [−5, 5].",
     .store = [](Spec& r, const Value& v) { r.data.spread = v.real(); }},
    {.path = "data.turns",
     .when = "spirals",
     .range = {0, 1e6, true},
     .fallback = "1",
     .meaning = "Turns of each spiral arm.",
     .store = [](Spec& r, const Value& v) { r.data.turns = v.real(); }},
    {.path = "data.limit",
     .type = KeyType::kInteger,
     .range = {1, 1e12},
     .nullable = true,
     .fallback = "null",
     .meaning = "Only the first so many examples (of the test files too); null: all.",
     .store = [](Spec& r, const Value& v) { r.data.limit = v.count(); }},
    {.path = "data.standardize",
     .type = KeyType::kBool,
     .fallback = "false",
     .meaning =
         "Shift and scale every input to mean 0 and standard deviation 1 over the training split; a constant "
         "input is only shifted.",
     .store = [](Spec& r, const Value& v) { r.data.standardize = v.flag(); }},
    {.path = "data.scale",
     .range = {-1e100, 1e100},
     .fallback = "1",
     .meaning = "Every input becomes x·scale + offset, after standardizing.",
     .store = [](Spec& r, const Value& v) { r.data.scale = v.real(); }},
    {.path = "data.offset",
     .range = {-1e100, 1e100},
     .fallback = "0",
     .meaning = "Every input becomes x·scale + offset, after standardizing.",
     .store = [](Spec& r, const Value& v) { r.data.offset = v.real(); }},
    {.path = "data.target_scale",
     .range = {-1e100, 1e100},
     .fallback = "1",
     .meaning = "Regression targets are multiplied by this.",
     .store = [](Spec& r, const Value& v) { r.data.target_scale = v.real(); }},
    {.path = "data.test_fraction",
     .range = {0, 1, false, true},
     .fallback = "0",
     .meaning =
         "Share of the examples set aside as the test split: ⌊fraction·n + ½⌋ of them, picked at random.",
     .store = [](Spec& r, const Value& v) { r.data.test_fraction = v.real(); }},
    {.path = "data.seed",
     .type = KeyType::kInteger,
     .range = {0, 0x1p63},
     .nullable = true,
     .fallback = "null",
     .meaning =
         "Seed of everything random about the data; null: the run's seed, so that every seed has other data.",
     .store =
         [](Spec& r, const Value& v) {
           if (!v.is_null()) r.data.seed = v.count();
         }},
};

}  // namespace

std::span<const Key> data_keys() { return kDataKeys; }

}  // namespace deadrelu
