#include "data/tasks.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace deadrelu {
template <class T>
TaskView<T>::TaskView(const DataSpec& spec, const Dataset<T>& data, bool is_test, std::vector<Lane> lanes)
    : spec_(spec.tasks),
      inputs_(data.inputs),
      classes_(data.classes),
      targets_are_inputs_(spec.target_source == TargetSource::kInputs),
      is_test_(is_test),
      off_(static_cast<T>(spec.one_hot[0])),
      on_(static_cast<T>(spec.one_hot[1])),
      lanes_(std::move(lanes)) {
  for (const Lane& lane : lanes_) splits_.push_back(lane.split);
  const std::size_t places = spec_.change == TaskChange::kPermuteInputs   ? inputs_
                             : spec_.change == TaskChange::kPermuteLabels ? classes_
                                                                          : 0;
  for (Changes& changes : changes_) changes.places.resize(lanes_.size() * places);
  if (spec_.change == TaskChange::kClasses) {
    std::vector<bool> seen(classes_);
    const auto labels = [&](const Split<T>& split, const auto& use) {
      for (std::size_t s = 0; s < split.samples; ++s)
        use(label_of(split.targets.data() + s * data.outputs, data.outputs));
    };
    labels(data.train, [&](std::uint32_t label) { seen[label] = true; });
    labels(*splits_[0], [&](std::uint32_t label) { labels_.push_back(label); });
    for (std::uint32_t label = 0; label < classes_; ++label)
      if (seen[label]) there_.push_back(label);
    chosen_.resize(classes_);
    for (Changes& changes : changes_) changes.members.reserve(labels_.size());
  }
  draw(0);
}

template <class T>
void TaskView<T>::begin(std::uint64_t task) {
  if (task == task_) return;
  if (task != task_ + 1 && task > 0) draw(task - 1);
  draw(task);
  task_ = task;
  order_.reset();
}

template <class T>
void TaskView<T>::draw(std::uint64_t task) {
  Changes& changes = changes_[task % 2];
  const auto size = static_cast<std::uint32_t>(changes.places.size() / lanes_.size());
  for (std::size_t lane = 0; lane < lanes_.size() && size > 0; ++lane) {
    const Permutation permutation(lanes_[lane].seed, Purpose::kTask, task, size);
    for (std::uint32_t i = 0; i < size; ++i) changes.places[lane * size + i] = permutation(i);
  }
  if (spec_.change == TaskChange::kClasses) choose_members(task, changes.members);
}

template <class T>
void TaskView<T>::choose_members(std::uint64_t task, std::vector<std::uint32_t>& members) {
  const std::size_t in_task = std::min(spec_.classes, there_.size()), in_round = there_.size() / in_task;
  const Permutation order(lanes_[0].seed, Purpose::kTask, task / in_round, there_.size());
  std::fill(chosen_.begin(), chosen_.end(), false);
  for (std::size_t i = 0; i < in_task; ++i)
    chosen_[there_[order(static_cast<std::uint32_t>(task % in_round * in_task + i))]] = true;
  members.clear();
  for (std::uint32_t s = 0; s < labels_.size(); ++s)
    if (chosen_[labels_[s]]) members.push_back(s);
  if (!members.empty()) return;
  members.resize(labels_.size());
  std::iota(members.begin(), members.end(), 0u);
}

template <class T>
void TaskView<T>::fill_indices(Sampling sampling, std::uint64_t order_seed, std::uint64_t position,
                               std::size_t count, std::uint32_t* indices) {
  const auto size = members().size();
  for (std::uint64_t p = position; p < position + count; ++p, indices += lanes_.size()) {
    std::uint64_t place = p % size;
    if (sampling == Sampling::kWithReplacement)
      place = random_below(order_seed, Purpose::kReplacement, static_cast<std::uint32_t>(task_), p, size);
    if (sampling == Sampling::kEpoch) {
      if (!order_ || p / size != pass_) {
        pass_ = p / size;
        order_.emplace(order_seed, Purpose::kOrder, task_ << 32 | pass_, size);
      }
      place = (*order_)(static_cast<std::uint32_t>(place));
    }
    std::fill_n(indices, lanes_.size(), members()[place]);
  }
}

template <class T>
bool TaskView<T>::comes_late(const Ramp& ramp, std::size_t sample, std::size_t lane) const {
  return random_uniform(lanes_[lane].seed, Purpose::kRamp, static_cast<std::uint32_t>(task_),
                        2 * (ramp.position + sample)) >= ramp.share;
}

template <class T>
void TaskView<T>::permute(std::uint64_t task, const T* from, std::size_t count, std::size_t lane, T* to,
                          std::size_t stride) const {
  const std::uint32_t* const places = of(task).places.data() + lane * count;
  for (std::size_t i = 0; i < count; ++i) to[i * stride] = from[places[i]];
}

template <class T>
std::uint32_t TaskView<T>::label_of(const T* targets, std::size_t columns) const {
  if (columns == 1) return targets[0] == on_ ? 1 : 0;
  return static_cast<std::uint32_t>(std::max_element(targets, targets + columns) - targets);
}

// The label's value changes places with the new label's.
template <class T>
void TaskView<T>::relabel(std::uint64_t task, std::uint32_t example, const T* from, std::size_t count,
                          std::size_t lane, T* to, std::size_t stride) const {
  const std::uint32_t old = label_of(from, count);
  const std::uint32_t label =
      spec_.change == TaskChange::kPermuteLabels
          ? of(task).places[lane * classes_ + old]
          : static_cast<std::uint32_t>(
                random_below(lanes_[lane].seed, Purpose::kTaskLabels, static_cast<std::uint32_t>(task),
                             2 * std::uint64_t{example} + (is_test_ ? 1 : 0), classes_));
  if (count == 1) {
    to[0] = label == 1 ? on_ : off_;
    return;
  }
  for (std::size_t o = 0; o < count; ++o) to[o * stride] = from[o];
  std::swap(to[old * stride], to[label * stride]);
}

template <class T>
void TaskView<T>::gather(const Kernels<T>& kernels, std::uint32_t* indices, const Ramp& ramp,
                         LaneMatrix<T> inputs, LaneMatrix<T> targets) const {
  const bool permutes = spec_.change == TaskChange::kPermuteInputs, ramps = ramp.share < 1;
  if (spec_.change == TaskChange::kClasses) {
    const std::vector<std::uint32_t>& before = of(task_ + 1).members;
    for (std::size_t s = 0; s < inputs.columns && ramps; ++s)
      if (comes_late(ramp, s, 0))
        std::fill_n(indices + s * lanes_.size(), lanes_.size(),
                    before[random_below(lanes_[0].seed, Purpose::kRamp, static_cast<std::uint32_t>(task_),
                                        2 * (ramp.position + s) + 1, before.size())]);
    return deadrelu::gather<T>(kernels, splits_, indices, inputs, targets);
  }
  if (!permutes) deadrelu::gather<T>(kernels, splits_, indices, inputs, targets);
  for (std::size_t s = 0; s < inputs.columns; ++s) {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      const std::uint32_t example = indices[s * lanes_.size() + lane];
      const std::uint64_t task = ramps && comes_late(ramp, s, lane) ? task_ - 1 : task_;
      const T* const values = splits_[lane]->inputs.data() + example * inputs.rows;
      const T* const wanted = splits_[lane]->targets.data() + example * targets.rows;
      T* const to = targets.at(0, s) + lane;
      if (!permutes) {
        relabel(task, example, wanted, targets.rows, lane, to, targets.row_stride);
        continue;
      }
      permute(task, values, inputs.rows, lane, inputs.at(0, s) + lane, inputs.row_stride);
      if (targets_are_inputs_)
        permute(task, wanted, targets.rows, lane, to, targets.row_stride);
      else
        for (std::size_t o = 0; o < targets.rows; ++o) to[o * targets.row_stride] = wanted[o];
    }
  }
}

template class TaskView<float>;
template class TaskView<double>;

}  // namespace deadrelu
