#include <algorithm>
#include <bit>
#include <future>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/normal_form.h"
#include "data/dataset.h"

namespace deadrelu {
namespace {

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
  std::unordered_map<DataSpec, Entry, Hash> entries;  // by same_set
  std::list<Shared> kept;                             // most recently used first
};

template <class T>
DatasetCache<T>::DatasetCache(std::size_t keep_bytes) : state_(std::make_unique<State>(keep_bytes)) {}

template <class T>
DatasetCache<T>::~DatasetCache() = default;

template <class T>
std::shared_ptr<const Dataset<T>> DatasetCache<T>::get(const DataSpec& spec, std::uint64_t run_seed) {
  using Shared = typename State::Shared;
  const DataSpec key = same_set(spec, run_seed);
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
