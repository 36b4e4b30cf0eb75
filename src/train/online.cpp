#include "train/online.h"

#include <cmath>

namespace deadrelu {

template <class T>
OnlineSums<T>::OnlineSums(const Pack<T>& pack)
    : classifies_(classifies(pack)),
      losses_(pack.runs.size()),
      correct_(pack.runs.size()),
      batch_correct_(pack.runs.size()) {}

template <class T>
void OnlineSums<T>::begin() {
  examples_ = 0;
  for (auto* sums : {&losses_, &correct_}) std::fill_n(sums->data(), sums->size(), 0.0);
}

template <class T>
void OnlineSums<T>::observe(const Pack<T>& pack, const BatchBlock<T>& block) {
  if (!classifies_) return;
  if (block.from == 0) std::fill_n(batch_correct_.data(), batch_correct_.size(), 0.0);
  const std::size_t output_layer = pack.network.shape.layers.size() - 1;
  count_correct<T>(pack, block.activations->output(output_layer, block.samples), block.targets,
                   batch_correct_.data());
}

template <class T>
void OnlineSums<T>::end_batch(const TrainingState<T>& state) {
  for (std::size_t lane = 0; lane < losses_.size(); ++lane) {
    losses_[lane] += state.batch_loss[lane] * static_cast<double>(state.batch);
    if (classifies_) correct_[lane] += batch_correct_[lane];
  }
  examples_ += state.batch;
}

void sum_up_online(RunRecord& record) {
  double weights = 0, loss = 0, accuracy = 0;
  const auto add = [&](std::int64_t weight, double row_loss, double row_accuracy) {
    weights += static_cast<double>(weight);
    loss += static_cast<double>(weight) * row_loss;
    accuracy += static_cast<double>(weight) * row_accuracy;
  };
  for (const StreamRow& row : record.stream) add(row.to - row.from, row.loss, row.accuracy);
  for (const TaskRow& row : record.tasks) add(row.steps, row.online_loss, row.online_accuracy);
  if (weights == 0 || record.outcome.status == RunStatus::kDiverged) return;
  record.outcome.online_loss = loss / weights;
  record.outcome.online_accuracy = accuracy / weights;
}

template <class T>
StreamBins<T>::StreamBins(const Pack<T>& pack)
    : bin_size_(is_endless(pack.runs[0]->data) ? pack.runs[0]->data.bin : 0),
      bin_end_(bin_size_),
      steps_(pack.steps),
      lanes_(pack.network.kernels.lanes),
      sums_(pack),
      units_(pack.network.shape.hidden_units()),
      fired_(units_ * lanes_),
      stopped_(pack.used_lanes),
      rows_(pack.used_lanes) {}

template <class T>
void StreamBins<T>::observe(const Pack<T>& pack, const BatchBlock<T>& block) {
  if (block.step == steps_) return;
  const auto& layers = pack.network.shape.layers;
  const std::size_t samples = block.samples;
  T* fired = fired_.data();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const LaneMatrix<T> outputs = block.activations->activated(l, samples);
    // crelu has two outputs a unit, the second ones after all first ones.
    for (std::size_t from = 0; from < outputs.rows; from += layers[l].units)
      pack.network.kernels.magnitudes->add(outputs.row_range(from, layers[l].units), nullptr, fired);
    fired += layers[l].units * lanes_;
  }
  sums_.observe(pack, block);
}

template <class T>
void StreamBins<T>::end_batch(const TrainingState<T>& state, const std::vector<std::uint8_t>& ended) {
  for (std::size_t lane = 0; lane < rows_.size(); ++lane) {
    if (ended[lane] == 0 || stopped_[lane]) continue;
    if (!state.diverged(lane)) add_row(lane);
    stopped_[lane] = true;
  }
  if (state.step == steps_) return;
  sums_.end_batch(state);
  const std::uint64_t examples = begun_ + sums_.examples();
  if (examples >= bin_end_) end_bin();
}

template <class T>
double StreamBins<T>::silent_fraction(std::size_t lane) const {
  if (units_ == 0) return kMissing;
  std::size_t dead = 0;
  for (std::size_t u = 0; u < units_; ++u) dead += fired_[u * lanes_ + lane] == 0;
  return static_cast<double>(dead) / static_cast<double>(units_);
}

template <class T>
void StreamBins<T>::add_row(std::size_t lane) {
  if (sums_.examples() == 0 || stopped_[lane]) return;
  rows_[lane].push_back({bin_, static_cast<std::int64_t>(begun_),
                         static_cast<std::int64_t>(begun_ + sums_.examples()), sums_.loss(lane),
                         sums_.accuracy(lane), silent_fraction(lane)});
}

template <class T>
void StreamBins<T>::end_bin() {
  for (std::size_t lane = 0; lane < rows_.size(); ++lane) add_row(lane);
  begun_ += sums_.examples();
  bin_end_ = (begun_ / bin_size_ + 1) * bin_size_;
  ++bin_;
  sums_.begin();
  std::fill_n(fired_.data(), fired_.size(), T{0});
}

template <class T>
std::vector<StreamRow> StreamBins<T>::take(std::size_t lane) {
  if (wanted()) end_bin();
  return std::move(rows_[lane]);
}

template class OnlineSums<float>;
template class OnlineSums<double>;
template class StreamBins<float>;
template class StreamBins<double>;

}  // namespace deadrelu
