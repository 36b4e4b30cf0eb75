#include "probe/unit_probe.h"

#include <cmath>
#include <iterator>

namespace deadrelu {
namespace {

// What a unit may be, and the share of a layer's units that are.
struct Flag {
  std::int64_t UnitRow::*of_unit;
  double LayerRow::*of_layer;
};
constexpr Flag kFlags[] = {
    {&UnitRow::dead, &LayerRow::dead_fraction},
    {&UnitRow::never_active, &LayerRow::never_active_fraction},
    {&UnitRow::rarely_active, &LayerRow::rarely_active_fraction},
    {&UnitRow::always_active, &LayerRow::always_active_fraction},
    {&UnitRow::dormant, &LayerRow::dormant_fraction},
    {&UnitRow::saturated, &LayerRow::saturated_fraction},
};

// Of what is no number: no number, which is how std::max has it in this order.
double standard_deviation(double sum, double squares, double count) {
  const double mean = sum / count;
  return std::sqrt(std::max(squares / count - mean * mean, 0.0));
}

}  // namespace

template <class T>
UnitProbe<T>::UnitProbe(const Network<T>& network, std::size_t layer, std::size_t probe_samples,
                        const Buffer<double>& saturated_below, std::size_t rank_samples)
    : layer_(layer),
      units_(network.shape.layers[layer].units),
      outputs_(network.shape.layers[layer].outputs),
      lanes_(network.kernels.lanes),
      silent_samples_(lanes_) {
  assert(probe_samples > 0 && network.shape.layers[layer].hidden);
  if (rank_samples > 0) rank_.emplace(lanes_, outputs_, probe_samples, rank_samples);
  memory_ = Buffer<double>(kUnitSums * units_ * lanes_ + lanes_);
  const auto part = [&](std::size_t i) { return memory_.data() + i * units_ * lanes_; };
  sums_ = {part(0), part(1), part(2), part(3), part(4),        part(5),
           part(6), part(7), part(8), part(9), part(kUnitSums)};
  std::copy_n(saturated_below.data(), lanes_, part(kUnitSums));
}

template <class T>
void UnitProbe<T>::begin() {
  samples_ = 0;
  std::fill_n(memory_.data(), kUnitSums * units_ * lanes_, 0.0);
  std::fill_n(silent_samples_.data(), lanes_, 0.0);
  std::fill_n(sums_.z_max, units_ * lanes_, -std::numeric_limits<double>::infinity());
  if (rank_) rank_->begin();
}

template <class T>
void UnitProbe<T>::add(const Network<T>& network, const T* parameters, const Activations<T>& activations,
                       std::size_t samples) {
  samples_ += samples;
  const auto numbers = layer_activation(network, parameters, layer_);
  const LaneMatrix<const T> z = activations.z(layer_, samples);
  const LaneMatrix<const T> activated = activations.activated(layer_, samples);
  if (network.numbers[layer_].is_plain_relu) {
    network.kernels.unit_sums->add_relu(z, sums_, silent_samples_.data());
    if (rank_) rank_->add(activated);
    return;
  }
  const LaneMatrix<T> slopes = activations.scratch(units_, samples);
  const Activation kind = network.shape.layers[layer_].activation.kind;
  network.kernels.activation->derivative_magnitude(kind, numbers, z, slopes);
  // A maxout unit's pre-activation is the largest of its pieces, which is what it puts out.
  network.kernels.unit_sums->add(kind == Activation::kMaxout ? activated : z, activated, slopes, sums_,
                                 silent_samples_.data());
  if (rank_) rank_->add(activated);
}

template <class T>
UnitRow UnitProbe<T>::describe_unit(std::size_t unit, std::size_t lane, double layer_magnitude,
                                    const Thresholds& thresholds) const {
  const auto samples = static_cast<double>(samples_);
  const double outputs_seen = samples * static_cast<double>(outputs_ / units_);
  UnitRow row;
  row.unit = static_cast<std::int64_t>(unit) + 1;
  if (!knows(unit, lane)) {
    for (const Flag& flag : kFlags) row.*flag.of_unit = kMissingInteger;
    return row;
  }
  row.dead = is_dead(unit, lane);
  row.active_fraction = at(sums_.positive, unit, lane) / samples;
  row.never_active = at(sums_.positive, unit, lane) == 0;
  row.always_active = at(sums_.positive, unit, lane) == samples;
  row.rarely_active = row.active_fraction < thresholds.rarely_active;
  // A layer that is zero everywhere is wholly dormant; its 0/0 counts as a score of 0.
  const double magnitude = at(sums_.a_magnitude, unit, lane) / outputs_seen;
  row.dormant_score = layer_magnitude > 0 ? magnitude / layer_magnitude : 0;
  row.dormant = std::isnan(row.dormant_score) ? kMissingInteger : row.dormant_score <= thresholds.dormant;
  row.saturated = at(sums_.slope_max, unit, lane) < thresholds.saturated;
  row.activation_mean = at(sums_.a_sum, unit, lane) / outputs_seen;
  row.preactivation_mean = at(sums_.z_sum, unit, lane) / samples;
  row.preactivation_max = at(sums_.z_max, unit, lane);
  return row;
}

template <class T>
void UnitProbe<T>::describe_distributions(std::size_t lane, LayerRow& row) const {
  double a_sum = 0, a_squares = 0, z_sum = 0, z_squares = 0, zeros = 0;
  double saturated = 0, z_max_min = std::numeric_limits<double>::infinity();
  bool whole = true;
  for (std::size_t u = 0; u < units_; ++u) {
    a_sum += at(sums_.a_sum, u, lane);
    a_squares += at(sums_.a_squares, u, lane);
    z_sum += at(sums_.z_sum, u, lane);
    z_squares += at(sums_.z_squares, u, lane);
    zeros += at(sums_.a_zeros, u, lane);
    saturated += at(sums_.saturated, u, lane);
    whole &= knows(u, lane);
    z_max_min = std::min(z_max_min, at(sums_.z_max, u, lane));
  }
  const double z_count = static_cast<double>(samples_ * units_),
               a_count = static_cast<double>(samples_ * outputs_);
  if (whole) {
    row.sparsity = zeros / a_count;
    row.saturated_pairs_fraction = saturated / z_count;
    row.dead_input_fraction = silent_samples_[lane] / static_cast<double>(samples_);
    row.preactivation_max_min = z_max_min;
  }
  row.activation_mean = a_sum / a_count;
  row.activation_std = standard_deviation(a_sum, a_squares, a_count);
  row.preactivation_mean = z_sum / z_count;
  row.preactivation_std = standard_deviation(z_sum, z_squares, z_count);
  if (rank_) row.effective_rank = rank_->effective_rank(lane);
}

template <class T>
void UnitProbe<T>::describe(std::size_t lane, const Thresholds& thresholds, LayerRow& row,
                            std::vector<UnitRow>* units) const {
  double magnitude_sum = 0;
  for (std::size_t u = 0; u < units_; ++u) magnitude_sum += at(sums_.a_magnitude, u, lane);
  const double layer_magnitude = magnitude_sum / static_cast<double>(samples_ * outputs_);
  std::array<std::int64_t, std::size(kFlags)> counts{};  // −1: missing of some unit
  for (std::size_t u = 0; u < units_; ++u) {
    const UnitRow unit = describe_unit(u, lane, layer_magnitude, thresholds);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::int64_t flag = unit.*kFlags[i].of_unit;
      counts[i] = flag == kMissingInteger || counts[i] < 0 ? -1 : counts[i] + flag;
    }
    if (units != nullptr) units->push_back(unit);
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] >= 0)
      row.*kFlags[i].of_layer = static_cast<double>(counts[i]) / static_cast<double>(units_);
  describe_distributions(lane, row);
}

template class UnitProbe<float>;
template class UnitProbe<double>;

}  // namespace deadrelu
