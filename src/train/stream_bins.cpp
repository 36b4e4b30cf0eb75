#include "train/stream_bins.h"

#include <algorithm>
#include <cmath>

namespace deadrelu {

template <class T>
StreamBins<T>::StreamBins(const Pack<T>& pack)
    : bin_size_(is_stream(pack.runs[0]->data) ? pack.runs[0]->data.bin : 0),
      steps_(pack.steps),
      classifies_(classifies(pack)),
      lanes_(pack.network.kernels.lanes),
      correct_(lanes_),
      loss_sums_(pack.used_lanes),
      stopped_(pack.used_lanes),
      rows_(pack.used_lanes) {
  for (const LayerShape& layer : pack.network.shape.layers) units_ += layer.hidden ? layer.units : 0;
  fired_ = Buffer<T>(units_ * lanes_);
}

template <class T>
void StreamBins<T>::observe(const Pack<T>& pack, const BatchBlock<T>& block) {
  if (block.step == steps_) return;
  const auto& layers = pack.network.shape.layers;
  const std::size_t samples = block.samples;
  T* fired = fired_.data();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const LaneMatrix<T> outputs = block.activations->output(l, samples);
    // crelu has two outputs a unit, the second ones after all first ones.
    for (std::size_t o = 0; o < outputs.rows; ++o) {
      T* const unit = fired + o % layers[l].units * lanes_;
      for (std::size_t s = 0; s < samples; ++s) {
        const T* const output = outputs.at(o, s);
        for (std::size_t lane = 0; lane < lanes_; ++lane)
          unit[lane] = std::max(unit[lane], std::abs(output[lane]));
      }
    }
    fired += layers[l].units * lanes_;
  }
  if (classifies_)
    count_correct<T>(pack, block.activations->output(layers.size() - 1, samples), block.targets,
                     correct_.data());
}

template <class T>
void StreamBins<T>::end_batch(const TrainingState<T>& state) {
  for (std::size_t lane = 0; lane < rows_.size(); ++lane)
    if (state.diverged(lane)) stopped_[lane] = true;
  if (state.step == steps_) return;
  for (std::size_t lane = 0; lane < rows_.size(); ++lane)
    loss_sums_[lane] += state.batch_loss[lane] * static_cast<double>(state.batch);
  examples_ += state.batch;
  if (examples_ / bin_size_ != begun_ / bin_size_) end_bin();
}

template <class T>
double StreamBins<T>::silent_fraction(std::size_t lane) const {
  if (units_ == 0) return kMissing;
  std::size_t dead = 0;
  for (std::size_t u = 0; u < units_; ++u) dead += fired_[u * lanes_ + lane] == 0;
  return static_cast<double>(dead) / static_cast<double>(units_);
}

template <class T>
void StreamBins<T>::end_bin() {
  const auto count = static_cast<double>(examples_ - begun_);
  for (std::size_t lane = 0; lane < rows_.size(); ++lane) {
    if (stopped_[lane]) continue;
    rows_[lane].push_back({bin_, static_cast<std::int64_t>(begun_), static_cast<std::int64_t>(examples_),
                           loss_sums_[lane] / count, classifies_ ? correct_[lane] / count : kMissing,
                           silent_fraction(lane)});
  }
  begun_ = examples_;
  ++bin_;
  std::fill(loss_sums_.begin(), loss_sums_.end(), 0.0);
  std::fill_n(correct_.data(), lanes_, 0.0);
  std::fill_n(fired_.data(), fired_.size(), T{0});
}

template <class T>
std::vector<StreamRow> StreamBins<T>::take(std::size_t lane) {
  if (wanted() && examples_ > begun_) end_bin();
  return std::move(rows_[lane]);
}

template class StreamBins<float>;
template class StreamBins<double>;

}  // namespace deadrelu
