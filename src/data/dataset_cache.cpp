#include <algorithm>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <type_traits>

#include "data/dataset.h"

namespace deadrelu {
namespace {

// However small: every use of the cache walks through the kept sets, and a sweep over seeds makes one a run.
constexpr std::size_t kMostKept = 64;

// A spec as bytes: equal for equal data sets. Every part has a fixed size or is led by its length.
class Key {
 public:
  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void add(const Number& number) { text_.append(reinterpret_cast<const char*>(&number), sizeof(number)); }
  void add(const std::string& text) {
    add(text.size());
    text_ += text;
  }
  template <class Part>
  void add(const std::vector<Part>& parts) {
    add(parts.size());
    for (const Part& part : parts) add(part);
  }
  void add(const DataFile& file) { add(file.path); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string key_of(const DataSpec& spec, std::uint64_t run_seed) {
  Key key;
  const auto add = [&](const auto&... parts) { (key.add(parts), ...); };
  add(spec.kind, spec.function, spec.domain[0], spec.domain[1], spec.function_sampling, spec.samples,
      spec.noise);
  add(spec.inputs, spec.targets, data_files(spec), spec.target_columns, spec.task, spec.dimensions);
  add(spec.gaussian_target, spec.teacher_hidden, spec.teacher_outputs, spec.teacher_bias, spec.classes,
      spec.spread);
  add(spec.target_units, spec.beta, spec.turns, spec.limit, spec.standardize, spec.scale, spec.offset,
      spec.target_scale, spec.test_fraction);
  add(spec.target_form, depends_on_seed(spec) ? spec.seed.value_or(run_seed) : std::uint64_t{0});
  return key.take();
}

template <class T>
std::size_t bytes_of(const Dataset<T>& data) {
  const auto values = [](const Split<T>& split) { return split.inputs.size() + split.targets.size(); };
  return (values(data.train) + values(data.test)) * sizeof(T);
}

}  // namespace

template <class T>
struct DatasetCache<T>::State {
  using Shared = std::shared_ptr<const Dataset<T>>;
  struct Entry {
    std::shared_future<Shared> making;  // valid while a thread makes the set
    std::weak_ptr<const Dataset<T>> made;
  };

  explicit State(std::size_t bytes) : keep_bytes(bytes) {}

  // Holds the set as the most recently used one, unless it is beyond the budget by itself, and lets go of the
  // oldest ones that are beyond it.
  void keep(const Shared& data) {
    kept.remove(data);
    if (bytes_of(*data) <= keep_bytes) kept.push_front(data);
    std::size_t bytes = 0, count = 0;
    const auto beyond = std::find_if(kept.begin(), kept.end(), [&](const Shared& held) {
      bytes += bytes_of(*held);
      return bytes > keep_bytes || ++count > kMostKept;
    });
    kept.erase(beyond, kept.end());
    std::erase_if(entries,
                  [](const auto& item) { return !item.second.making.valid() && item.second.made.expired(); });
  }

  const std::size_t keep_bytes;
  std::mutex mutex;
  std::map<std::string, Entry> entries;
  std::list<Shared> kept;  // most recently used first
};

template <class T>
DatasetCache<T>::DatasetCache(std::size_t keep_bytes) : state_(std::make_unique<State>(keep_bytes)) {}

template <class T>
DatasetCache<T>::~DatasetCache() = default;

template <class T>
std::shared_ptr<const Dataset<T>> DatasetCache<T>::get(const DataSpec& spec, std::uint64_t run_seed) {
  using Shared = typename State::Shared;
  const std::string key = key_of(spec, run_seed);
  std::promise<Shared> promise;
  {
    std::unique_lock lock(state_->mutex);
    auto& entry = state_->entries[key];
    if (const Shared data = entry.made.lock()) {
      state_->keep(data);
      return data;
    }
    if (entry.making.valid()) {
      const std::shared_future<Shared> making = entry.making;
      lock.unlock();
      return making.get();
    }
    entry.making = promise.get_future().share();
  }
  try {
    const auto data = std::make_shared<const Dataset<T>>(make_dataset<T>(spec, run_seed));
    {
      const std::lock_guard lock(state_->mutex);
      state_->entries[key] = {{}, data};
      state_->keep(data);
    }
    promise.set_value(data);
    return data;
  } catch (...) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->entries.erase(key);
    }
    promise.set_exception(std::current_exception());
    throw;
  }
}

template class DatasetCache<float>;
template class DatasetCache<double>;

}  // namespace deadrelu
