#include "probe/unit_probe.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace deadrelu {

template <class T>
UnitProbe<T>::UnitProbe(const Network<T>& network, std::size_t layer, std::size_t probe_samples, bool ranks)
    : layer_(layer),
      units_(network.shape.layers[layer].units),
      outputs_(network.shape.layers[layer].outputs),
      lanes_(network.kernels.lanes),
      samples_(probe_samples),
      silent_samples_(lanes_) {
  if (ranks) rank_.emplace(lanes_, outputs_, probe_samples);
  for (auto* sums : {&positive_, &z_max_, &z_sum_, &z_squares_, &a_sum_, &a_squares_, &a_magnitude_,
                     &a_zeros_, &slope_max_})
    *sums = Buffer<double>(units_ * lanes_);
}

template <class T>
UnitSums UnitProbe<T>::sums() {
  return {positive_.data(),  z_max_.data(),       z_sum_.data(),   z_squares_.data(), a_sum_.data(),
          a_squares_.data(), a_magnitude_.data(), a_zeros_.data(), slope_max_.data()};
}

template <class T>
void UnitProbe<T>::begin() {
  for (auto* sums : {&positive_, &z_sum_, &z_squares_, &a_sum_, &a_squares_, &a_magnitude_, &a_zeros_,
                     &slope_max_, &silent_samples_})
    std::fill_n(sums->data(), sums->size(), 0.0);
  std::fill_n(z_max_.data(), z_max_.size(), -std::numeric_limits<double>::infinity());
  if (rank_) rank_->begin();
}

template <class T>
void UnitProbe<T>::add(const Network<T>& network, const T* parameters, const Activations<T>& activations,
                       std::size_t samples) {
  const auto numbers = layer_activation(network, parameters, layer_);
  const LaneMatrix<const T> z = activations.z(layer_, samples);
  const LaneMatrix<const T> output = activations.output(layer_, samples);
  if (is_plain_relu(network)) {
    network.kernels.unit_sums->add_relu(z, sums(), silent_samples_.data());
    if (rank_) rank_->add(output);
    return;
  }
  const LaneMatrix<T> slopes = activations.scratch(units_, samples);
  const Activation kind = network.activation.kind;
  network.kernels.activation->derivative_magnitude(kind, numbers, z, slopes);
  // A maxout unit's pre-activation is the largest of its pieces, which is what it puts out.
  network.kernels.unit_sums->add(kind == Activation::kMaxout ? output : z, output, slopes, sums(),
                                 silent_samples_.data());
  if (rank_) rank_->add(output);
}

template <class T>
bool UnitProbe<T>::is_dead(std::size_t unit, std::size_t lane) const {
  return at(a_zeros_, unit, lane) == static_cast<double>(samples_ * (outputs_ / units_));
}

template <class T>
UnitRow UnitProbe<T>::describe_unit(std::size_t unit, std::size_t lane, double layer_magnitude,
                                    const Thresholds& thresholds) const {
  const auto samples = static_cast<double>(samples_);
  const double outputs_seen = samples * static_cast<double>(outputs_ / units_);
  UnitRow row;
  row.unit = static_cast<std::int64_t>(unit) + 1;
  row.dead = is_dead(unit, lane);
  row.active_fraction = at(positive_, unit, lane) / samples;
  row.never_active = at(positive_, unit, lane) == 0;
  row.rarely_active = row.active_fraction < thresholds.rarely_active;
  // A layer that is zero everywhere is wholly dormant; its 0/0 counts as a score of 0.
  const double magnitude = at(a_magnitude_, unit, lane) / outputs_seen;
  row.dormant_score = layer_magnitude > 0 ? magnitude / layer_magnitude : 0;
  row.dormant = row.dormant_score <= thresholds.dormant;
  row.saturated = at(slope_max_, unit, lane) < thresholds.saturated;
  row.activation_mean = at(a_sum_, unit, lane) / outputs_seen;
  row.preactivation_mean = at(z_sum_, unit, lane) / samples;
  row.preactivation_max = at(z_max_, unit, lane);
  return row;
}

namespace {

double standard_deviation(double sum, double squares, double count) {
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean));
}

}  // namespace

template <class T>
void UnitProbe<T>::describe_distributions(std::size_t lane, LayerRow& row) const {
  double a_sum = 0, a_squares = 0, z_sum = 0, z_squares = 0, zeros = 0;
  double z_max_min = std::numeric_limits<double>::infinity();
  for (std::size_t u = 0; u < units_; ++u) {
    a_sum += at(a_sum_, u, lane);
    a_squares += at(a_squares_, u, lane);
    z_sum += at(z_sum_, u, lane);
    z_squares += at(z_squares_, u, lane);
    zeros += at(a_zeros_, u, lane);
    z_max_min = std::min(z_max_min, at(z_max_, u, lane));
  }
  const double z_count = static_cast<double>(samples_ * units_),
               a_count = static_cast<double>(samples_ * outputs_);
  row.sparsity = zeros / a_count;
  row.dead_input_fraction = silent_samples_[lane] / static_cast<double>(samples_);
  row.activation_mean = a_sum / a_count;
  row.activation_std = standard_deviation(a_sum, a_squares, a_count);
  row.preactivation_mean = z_sum / z_count;
  row.preactivation_std = standard_deviation(z_sum, z_squares, z_count);
  row.preactivation_max_min = z_max_min;
  if (rank_) row.effective_rank = rank_->effective_rank(lane);
}

template <class T>
void UnitProbe<T>::describe(std::size_t lane, const Thresholds& thresholds, LayerRow& row,
                            std::vector<UnitRow>* units) const {
  double magnitude_sum = 0;
  for (std::size_t u = 0; u < units_; ++u) magnitude_sum += at(a_magnitude_, u, lane);
  const double layer_magnitude = magnitude_sum / static_cast<double>(samples_ * outputs_);
  std::int64_t dead = 0, never_active = 0, rarely_active = 0, dormant = 0, saturated = 0;
  for (std::size_t u = 0; u < units_; ++u) {
    const UnitRow unit = describe_unit(u, lane, layer_magnitude, thresholds);
    dead += unit.dead;
    never_active += unit.never_active;
    rarely_active += unit.rarely_active;
    dormant += unit.dormant;
    saturated += unit.saturated;
    if (units != nullptr) units->push_back(unit);
  }
  const auto fraction = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(units_);
  };
  row.dead_fraction = fraction(dead);
  row.never_active_fraction = fraction(never_active);
  row.rarely_active_fraction = fraction(rarely_active);
  row.dormant_fraction = fraction(dormant);
  row.saturated_fraction = fraction(saturated);
  describe_distributions(lane, row);
}

template class UnitProbe<float>;
template class UnitProbe<double>;

}  // namespace deadrelu
