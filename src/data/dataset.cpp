#include "data/dataset.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <list>
#include <mutex>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/number.h"
#include "data/examples.h"
#include "data/order.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostSamples = std::size_t{1} << 31;  // examples are numbered in 32 bits

[[noreturn]] void fail(const std::string& text) { throw UserError(ExitCode::kInputOutput, "data: " + text); }

Examples make_examples(const DataSpec& spec, std::uint64_t seed, std::span<const DataFile> files, bool test) {
  if (const auto shape = shape_from_spec(spec)) {
    require_memory("data", shape->samples, shape->inputs + std::max<std::size_t>(shape->outputs, 1),
                   sizeof(double));
  }
  const DataTraits& traits = traits_of(spec.kind);
  Examples set = traits.read == nullptr ? traits.generate(spec, seed) : traits.read(spec, files, test);
  if (spec.target_source == TargetSource::kInputs) {  // nobody asks for those of its own
    set.classes = 0;
    set.labels.clear();
    set.targets.clear();
    set.outputs = set.inputs;
  }
  return set;
}

// x ↦ (x − mean)/deviation, column by column; nothing happens where they are empty.
struct Standardization {
  std::vector<double> mean, deviation;

  void apply(std::vector<double>& row) const {
    for (std::size_t i = 0; i < mean.size(); ++i) row[i] = (row[i] - mean[i]) / deviation[i];
  }
};

// Means and deviations over the chosen examples, ascending, whose rows read(example, row) gives; a column that
// never changes gets its exact value as mean and deviation 1, so that rounding does not blow it up.
template <class Read>
Standardization measure(std::size_t columns, const std::vector<std::uint32_t>& chosen, const Read& read) {
  std::vector<double> row(columns), first(columns), sums(columns), squares(columns);
  std::vector<bool> changes(columns);
  const double count = static_cast<double>(chosen.size());
  read(chosen[0], first.data());
  for (const std::uint32_t s : chosen) {
    read(s, row.data());
    for (std::size_t i = 0; i < row.size(); ++i) {
      sums[i] += row[i];
      if (row[i] != first[i]) changes[i] = true;
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = changes[i] ? sums[i] / count : first[i];
  for (const std::uint32_t s : chosen) {
    read(s, row.data());
    for (std::size_t i = 0; i < row.size(); ++i)
      squares[i] = std::fma(row[i] - sums[i], row[i] - sums[i], squares[i]);
  }
  for (std::size_t i = 0; i < squares.size(); ++i)
    squares[i] = changes[i] ? std::sqrt(squares[i] / count) : 1;
  return {std::move(sums), std::move(squares)};
}

template <class T>
T rounded(double value, const char* what, std::size_t sample, std::size_t column) {
  const T result = static_cast<T>(value);
  if (!std::isfinite(result)) {
    fail(fmt::format("{} {} of example {} is beyond the range of float{} (counted from 0)", what, column,
                     sample, 8 * sizeof(T)));
  }
  return result;
}

std::size_t output_columns(const DataSpec& spec, const Examples& set) {
  if (!has_targets(spec)) return spec.outputs_to_measure;
  return set.classes == 0 ? set.outputs : class_columns(spec, set.classes);
}

// From examples as they were read to what a network sees.
struct Preparation {
  const DataSpec& spec;
  Standardization inputs, targets;

  void read_inputs(const Examples& set, std::size_t sample, std::vector<double>& row) const {
    row.resize(set.inputs);
    set.read_inputs(sample, row.data());
    inputs.apply(row);
    for (double& value : row) value = value * spec.scale + spec.offset;
  }
  // REQUIRES: a regression.
  void read_targets(const Examples& set, std::size_t sample, double* row) const {
    for (std::size_t c = 0; c < set.outputs; ++c)
      row[c] = set.targets[sample * set.outputs + c] * spec.target_scale;
  }
};

// row: the inputs of the example, as they are then.
template <class T>
void fill_targets(const Preparation& prepare, const Examples& set, std::size_t sample,
                  std::vector<double>& row, std::size_t columns, T* to) {
  if (!has_targets(prepare.spec)) return;
  if (set.classes > 0) {
    for (std::size_t c = 0; c < columns; ++c)
      to[c] = rounded<T>(class_target(prepare.spec, set.classes, set.labels[sample], c), "target", sample, c);
    return;
  }
  if (prepare.spec.target_source == TargetSource::kOwn) {
    row.resize(columns);
    prepare.read_targets(set, sample, row.data());
    prepare.targets.apply(row);
  }
  for (std::size_t c = 0; c < columns; ++c) to[c] = rounded<T>(row[c], "target", sample, c);
}

template <class T>
Split<T> make_split(const Preparation& prepare, const Examples& set, const std::vector<std::uint32_t>& chosen,
                    std::size_t columns) {
  require_memory("data", chosen.size(), set.inputs + columns, sizeof(T));
  Split<T> split{chosen.size(), Buffer<T>(chosen.size() * set.inputs), Buffer<T>(chosen.size() * columns)};
  std::vector<double> row;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    prepare.read_inputs(set, chosen[k], row);
    T* inputs = split.inputs.data() + k * set.inputs;
    for (std::size_t i = 0; i < row.size(); ++i) inputs[i] = rounded<T>(row[i], "input", chosen[k], i);
    fill_targets(prepare, set, chosen[k], row, columns, split.targets.data() + k * columns);
  }
  return split;
}

FoundData described(const Examples& set, std::span<const DataFile> files) {
  FoundData found = set.found;
  for (const DataFile& file : files) found.files.push_back(file.name);
  found.rows = set.samples;
  found.inputs = set.inputs;
  found.outputs = set.outputs;
  found.class_counts.assign(set.classes, 0);
  if (found.class_names.empty())
    for (const double value : set.class_values) found.class_names.push_back(number_text(value));
  for (std::size_t s = 0; s < set.samples && set.classes > 0; ++s) ++found.class_counts[set.labels[s]];
  return found;
}

std::vector<std::uint32_t> all_of(const Examples& set) {
  std::vector<std::uint32_t> all(set.samples);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// However small: every use of the cache walks through the kept sets, and a sweep over seeds makes one a run.
constexpr std::size_t kMostKept = 64;

// Of what sweeps over data change most; == tells the rest apart.
struct Hash {
  std::size_t operator()(const DataSpec& spec) const {
    return hash_of({static_cast<std::uint64_t>(spec.kind), *spec.seed, spec.samples,
                    std::bit_cast<std::uint64_t>(spec.noise)});
  }
};

template <class T>
std::size_t bytes_of(const Dataset<T>& data) {
  const auto values = [](const Split<T>& split) { return split.inputs.size() + split.targets.size(); };
  return (values(data.train) + values(data.test)) * sizeof(T);
}

}  // namespace

SplitIndices split_examples(std::size_t samples, std::size_t test_samples, std::uint64_t seed) {
  assert(1 <= samples && test_samples <= samples);
  std::vector<bool> is_test(samples);
  const Permutation permutation(seed, Purpose::kSplit, 0, samples);
  for (std::uint32_t i = 0; i < test_samples; ++i) is_test[permutation(i)] = true;
  SplitIndices split;
  split.train.reserve(samples - test_samples);
  split.test.reserve(test_samples);
  for (std::uint32_t s = 0; s < samples; ++s) (is_test[s] ? split.test : split.train).push_back(s);
  return split;
}

template <class T>
Dataset<T> make_dataset(const DataSpec& spec, std::uint64_t run_seed, const OnFound& on_found) {
  const std::uint64_t seed = spec.seed.value_or(run_seed);
  const std::vector<DataFile> files = data_files(spec);
  Examples set = make_examples(spec, seed, files, false);
  if (spec.limit > 0) set.samples = std::min(set.samples, spec.limit);
  if (set.samples > kMostSamples) fail("more than 2^31 examples");
  if (set.samples == 0) fail("no examples");

  Examples test_set;
  const bool given_test = has_test_files(spec);
  if (given_test) {
    const auto test_files = std::span(files).last(files.size() / 2);
    test_set = make_examples(spec, seed, test_files, true);
    if (test_set.inputs != set.inputs) {
      fail(fmt::format("{} has {} inputs an example of the test split, {} has {}", test_files[0].path,
                       test_set.inputs, files[0].path, set.inputs));
    }
    if (test_set.outputs != set.outputs) {
      fail(fmt::format("{} has {} targets an example of the test split, {} has {}", test_files[0].path,
                       test_set.outputs, files[0].path, set.outputs));
    }
    join_classes(set, test_set);
  }

  if (on_found) {
    const std::size_t own_files = given_test ? files.size() / 2 : files.size();
    on_found(described(set, std::span(files).first(own_files)));
    if (given_test) on_found(described(test_set, std::span(files).subspan(own_files)));
  }

  const SplitIndices indices =
      split_examples(set.samples, given_test ? 0 : test_samples(spec, set.samples), seed);
  if (indices.train.empty()) fail("test_fraction leaves no example to train on");
  const std::size_t columns = output_columns(spec, set);
  Preparation prepare{spec, {}, {}};
  if (spec.standardize)
    prepare.inputs = measure(set.inputs, indices.train,
                             [&](std::size_t sample, double* row) { set.read_inputs(sample, row); });
  if (spec.standardize_targets)
    prepare.targets = measure(columns, indices.train, [&](std::size_t sample, double* row) {
      prepare.read_targets(set, sample, row);
    });
  Dataset<T> data{set.inputs, columns, set.classes, {}, {}, prepare.targets.deviation};
  data.train = make_split<T>(prepare, set, indices.train, columns);
  data.test = given_test ? make_split<T>(prepare, test_set, all_of(test_set), columns)
                         : make_split<T>(prepare, set, indices.test, columns);
  return data;
}

template Dataset<float> make_dataset<float>(const DataSpec&, std::uint64_t, const OnFound&);
template Dataset<double> make_dataset<double>(const DataSpec&, std::uint64_t, const OnFound&);

template <class T>
struct DatasetCache<T>::State {
  using Shared = std::shared_ptr<const Dataset<T>>;
  struct Entry {
    std::mutex making;  // held by whoever makes the set, or waits for it
    std::weak_ptr<const Dataset<T>> made;
  };

  State(std::size_t bytes, OnFound listener) : keep_bytes(bytes), on_found(std::move(listener)) {}

  // Holds the set as the most recently used one, unless it is beyond the budget by itself, and lets go of the
  // oldest ones that are beyond it.
  void keep(const Shared& data) {
    kept.remove(data);
    if (bytes_of(*data) <= keep_bytes) kept.push_front(data);
    std::size_t bytes = 0, count = 0;
    const auto beyond = std::ranges::find_if(kept, [&](const Shared& held) {
      bytes += bytes_of(*held);
      return bytes > keep_bytes || ++count > kMostKept;
    });
    kept.erase(beyond, kept.end());
    std::erase_if(entries, [](const auto& entry) {
      return entry.second.use_count() == 1 && entry.second->made.expired();
    });
  }

  const std::size_t keep_bytes;
  const OnFound on_found;
  std::mutex mutex;
  std::unordered_map<DataSpec, std::shared_ptr<Entry>, Hash> entries;  // by same_set
  std::list<Shared> kept;                                              // most recently used first
};

template <class T>
DatasetCache<T>::DatasetCache(std::size_t keep_bytes, OnFound on_found)
    : state_(std::make_unique<State>(keep_bytes, std::move(on_found))) {}

template <class T>
DatasetCache<T>::~DatasetCache() = default;

template <class T>
std::shared_ptr<const Dataset<T>> DatasetCache<T>::get(const DataSpec& spec, std::uint64_t run_seed) {
  std::shared_ptr<typename State::Entry> entry;
  {
    const std::lock_guard lock(state_->mutex);
    auto& known = state_->entries[same_set(spec, run_seed)];
    if (!known) known = std::make_shared<typename State::Entry>();
    entry = known;
  }
  const std::lock_guard making(entry->making);
  std::shared_ptr<const Dataset<T>> data = entry->made.lock();
  if (!data)
    entry->made = data =
        std::make_shared<const Dataset<T>>(make_dataset<T>(spec, run_seed, state_->on_found));
  const std::lock_guard lock(state_->mutex);
  state_->keep(data);
  return data;
}

template class DatasetCache<float>;
template class DatasetCache<double>;

}  // namespace deadrelu
