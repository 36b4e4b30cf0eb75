#include "data/data_spec.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "data/examples.h"
#include "data/npy.h"
#include "data/order.h"

namespace deadrelu {
namespace {

using enum DataKind;

bool yes(const DataSpec&) { return true; }
bool labelled(const DataSpec& spec) {
  return spec.task == Task::kClassification && spec.target_source == TargetSource::kOwn;
}
bool names_targets(const DataSpec& spec) { return !spec.targets_array.empty(); }
bool names_columns(const DataSpec& spec) { return !spec.csv.targets.empty(); }
bool noisy(const DataSpec& spec) { return spec.noise != 0; }
bool drawn(const DataSpec& spec) {
  return spec.function_sampling == FunctionSampling::kUniform || noisy(spec);
}

DataShape function_shape(const DataSpec& spec) {
  const std::vector<Formula>& formulas = formulas_of(spec);
  const std::size_t inputs = inputs_of(formulas), side = grid_side(spec.samples, inputs);
  std::size_t samples = spec.samples;
  if (spec.function_sampling == FunctionSampling::kGrid && inputs > 1) {
    samples = 1;
    for (std::size_t i = 0; i < inputs; ++i) samples *= side;
  }
  return {inputs, formulas.size(), 0, samples};
}
DataShape points_shape(const DataSpec& spec) {
  const PointList& inputs = *spec.inputs;
  const PointList& targets = spec.target_source == TargetSource::kInputs ? inputs : *spec.targets;
  if (inputs.empty() || targets.empty()) return {};
  return {inputs[0].size(), targets[0].size(), 0, inputs.size()};
}
DataShape numbers(const DataSpec& spec) {
  return {spec.dimensions, spec.kind == kTeacher ? spec.teacher_outputs : 1, 0, spec.samples};
}
DataShape classes(const DataSpec& spec, std::size_t inputs, std::size_t count) {
  return {inputs, class_columns(spec, count), count, spec.samples};
}
DataShape two_classes(const DataSpec& spec) { return classes(spec, 2, 2); }
DataShape xor_shape(const DataSpec& spec) {
  DataShape shape = two_classes(spec);
  if (spec.table) shape.samples = 4;
  return shape;
}
bool not_table(const DataSpec& spec) { return !spec.table; }
DataShape arms(const DataSpec& spec) { return classes(spec, 2, spec.classes); }
DataShape blobs_shape(const DataSpec& spec) { return classes(spec, spec.dimensions, spec.classes); }

Examples read_table(const DataSpec& spec, std::span<const DataFile> files, bool /*test*/) {
  return read_csv(files[0].path, spec.csv, labelled(spec));
}
Examples read_images(const DataSpec& spec, std::span<const DataFile> files, bool /*test*/) {
  return read_idx(files[0].path, files[1].path, spec.limit);
}
Examples read_npy_files(const DataSpec& spec, std::span<const DataFile> files, bool /*test*/) {
  const auto targets = names_targets(spec) ? std::optional(read_npy_file(files[1].path)) : std::nullopt;
  return examples_of(read_npy_file(files[0].path), targets, spec);
}
Examples read_npz(const DataSpec& spec, std::span<const DataFile> files, bool test) {
  const NpzFile file(files[0].path);
  const std::string& name = test ? spec.test_targets_array : spec.targets_array;
  const auto targets = names_targets(spec) ? std::optional(file.read(name)) : std::nullopt;
  return examples_of(file.read(test ? spec.test_inputs_array : spec.inputs_array), targets, spec);
}

constexpr DataTraits::Files kArrays{&DataSpec::inputs_array, &DataSpec::targets_array};
constexpr DataTraits::Files kTestArrays{&DataSpec::test_inputs_array, &DataSpec::test_targets_array};
constexpr DataTraits::Files kImages{&DataSpec::images, &DataSpec::labels};
constexpr DataTraits::Files kTestImages{&DataSpec::test_images, &DataSpec::test_labels};

constexpr DataTraits kTraits[] = {
    {.kind = kFunction, .random = drawn, .shape = function_shape, .generate = generate_function},
    {.kind = kPoints, .shape = points_shape, .generate = copy_points},
    {.kind = kCsv,
     .classes = labelled,
     .targets = names_columns,
     .read = read_table,
     .files = {&DataSpec::path}},
    {.kind = kNpy,
     .classes = labelled,
     .targets = names_targets,
     .read = read_npy_files,
     .files = kArrays,
     .test_files = kTestArrays},
    {.kind = kNpz,
     .classes = labelled,
     .targets = names_targets,
     .read = read_npz,
     .files = {&DataSpec::path},
     .test_files = kTestArrays,
     .one_file = true},
    {.kind = kIdx, .classes = yes, .read = read_images, .files = kImages, .test_files = kTestImages},
    {.kind = kGaussian, .random = yes, .shape = numbers, .generate = generate_gaussian},
    {.kind = kTeacher, .random = yes, .shape = numbers, .generate = generate_teacher},
    {.kind = kBlobs, .classes = yes, .random = yes, .shape = blobs_shape, .generate = generate_blobs},
    {.kind = kCircles, .classes = yes, .random = noisy, .shape = two_classes, .generate = generate_circles},
    {.kind = kMoons, .classes = yes, .random = noisy, .shape = two_classes, .generate = generate_moons},
    {.kind = kSpirals, .classes = yes, .random = noisy, .shape = arms, .generate = generate_spirals},
    {.kind = kXor, .classes = yes, .random = not_table, .shape = xor_shape, .generate = generate_xor},
    {.kind = kSlowlyChangingRegression,
     .random = yes,
     .shape = numbers,
     .generate = generate_slow_regression,
     .endless = true},
};

constexpr bool has_row_of_every_kind(std::span<const DataTraits> rows) {
  const auto kinds = values_of<DataKind>();
  return std::equal(kinds.begin(), kinds.end(), rows.begin(), rows.end(),
                    [](DataKind kind, const DataTraits& row) {
                      return row.kind == kind && (row.generate == nullptr) == (row.shape == nullptr) &&
                             (row.generate == nullptr) != (row.read == nullptr);
                    });
}
static_assert(has_row_of_every_kind(kTraits));

std::string resolved(const DataSpec& spec, const std::string& name) {
  return (std::filesystem::path(spec.directory) / name).string();
}

}  // namespace

const DataTraits& traits_of(DataKind kind) { return kTraits[static_cast<std::size_t>(kind)]; }

bool has_test_files(const DataSpec& spec) {
  const auto& fields = traits_of(spec.kind).test_files;
  return std::ranges::any_of(fields,
                             [&](const auto field) { return field != nullptr && !(spec.*field).empty(); });
}

std::vector<DataFile> data_files(const DataSpec& spec) {
  const DataTraits& traits = traits_of(spec.kind);
  std::vector<DataFile> files;
  const auto add = [&](const DataTraits::Files& fields) {
    const std::size_t count = traits.targets(spec) ? fields.size() : 1;  // theirs is the second
    for (std::size_t i = 0; i < count; ++i)
      if (fields[i] != nullptr) files.push_back({spec.*fields[i], resolved(spec, spec.*fields[i])});
  };
  add(traits.files);
  if (has_test_files(spec)) add(traits.one_file ? traits.files : traits.test_files);
  return files;
}

bool depends_on_seed(const DataSpec& spec) {
  return spec.test_fraction > 0 || traits_of(spec.kind).random(spec);
}

bool is_endless(const DataSpec& spec) { return traits_of(spec.kind).endless; }
bool has_classes(const DataSpec& spec) {
  return spec.target_source == TargetSource::kOwn && traits_of(spec.kind).classes(spec);
}
bool has_targets(const DataSpec& spec) {
  return spec.target_source == TargetSource::kInputs || traits_of(spec.kind).targets(spec);
}

std::size_t class_columns(const DataSpec& spec, std::size_t classes) {
  return spec.target_form == TargetForm::kBinary && classes <= 2 ? 1 : classes;
}

double class_target(const DataSpec& spec, std::size_t classes, std::size_t label, std::size_t c) {
  const std::size_t first = spec.target_form == TargetForm::kBinary && classes <= 2 ? 1 : 0;
  return spec.one_hot[c + first == label ? 1 : 0];
}

std::optional<DataShape> shape_from_spec(const DataSpec& spec) {
  const DataTraits& traits = traits_of(spec.kind);
  if (traits.shape == nullptr) return std::nullopt;
  DataShape shape = traits.shape(spec);
  if (spec.target_source == TargetSource::kInputs) {
    shape.outputs = shape.inputs;
    shape.classes = 0;
  }
  return shape;
}

std::size_t test_samples(const DataSpec& spec, std::size_t samples) {
  const double share = std::floor(spec.test_fraction * static_cast<double>(samples) + 0.5);
  return std::min(static_cast<std::size_t>(share), samples);
}

DataSpec same_set(DataSpec spec, std::uint64_t run_seed) {
  spec.seed = depends_on_seed(spec) ? spec.seed.value_or(run_seed) : 0;
  const DataTraits& traits = traits_of(spec.kind);
  for (const auto& fields : {traits.files, traits.one_file ? DataTraits::Files{} : traits.test_files})
    for (const auto field : fields)
      if (field != nullptr && !(spec.*field).empty()) spec.*field = resolved(spec, spec.*field);
  reset(spec, &DataSpec::directory, &DataSpec::one_output);
  // Of what is made while it is used.
  reset(spec, &DataSpec::slow_inputs, &DataSpec::change_every, &DataSpec::bin, &DataSpec::tasks);
  return spec;
}

std::uint64_t task_steps(const DataSpec& spec, std::size_t classes, std::size_t samples,
                         std::size_t batch_size) {
  const TaskSpec& tasks = spec.tasks;
  if (tasks.steps > 0) return tasks.steps;
  if (tasks.examples > 0) return (tasks.examples - 1) / batch_size + 1;
  const bool some_classes = tasks.change == TaskChange::kClasses && tasks.classes < classes;
  if (some_classes) samples = std::max<std::size_t>(1, (samples * tasks.classes + classes / 2) / classes);
  return tasks.epochs * batches_per_epoch(samples, batch_size);
}

}  // namespace deadrelu
