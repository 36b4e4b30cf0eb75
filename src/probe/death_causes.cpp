#include "probe/death_causes.h"

#include <cmath>

namespace deadrelu {

template <class T>
void UnitPeaks<T>::begin(std::size_t units) {
  peaks_.assign(units * lanes_, -std::numeric_limits<T>::infinity());
  magnitudes_.assign(units * lanes_, T{0});
}

template <class T>
void UnitPeaks<T>::add(std::size_t first, LaneMatrix<const T> z, LaneMatrix<const T> activated) {
  kernels_.unit_sums->add_peaks(z, &peaks_[first * lanes_]);
  for (std::size_t row = 0; row < activated.rows; row += z.rows)
    kernels_.magnitudes->add(activated.row_range(row, z.rows), nullptr, &magnitudes_[first * lanes_]);
}

void describe_change(const std::array<UnitVersion, kVersions>& versions, DeathRow& row) {
  const auto share = [&](std::size_t k, std::size_t i, std::size_t j) {
    const auto gain = [&](std::size_t others) { return versions[others | k].peak - versions[others].peak; };
    return (2 * gain(0) + gain(i) + gain(j) + 2 * gain(i | j)) / 6;
  };
  row.dead_before = versions[0].dead ? 1 : 0;
  row.max_before = versions[0].peak;
  row.max_after = versions[kVersions - 1].peak;
  row.share_weights = share(kOwnWeights, kOwnBias, kBelow);
  row.share_bias = share(kOwnBias, kOwnWeights, kBelow);
  row.share_below = share(kBelow, kOwnWeights, kOwnBias);
  const bool known = std::isfinite(row.share_weights + row.share_bias + row.share_below);
  row.cause = row.event == UnitEvent::kReset || !known ? Cause::kNone : Cause::kJoint;
  if (row.cause == Cause::kNone) return;
  bool first = true;
  for (const auto& [player, cause] :
       {std::pair{kOwnWeights, Cause::kWeights}, {kOwnBias, Cause::kBias}, {kBelow, Cause::kBelow}}) {
    if (versions[player].dead != (row.event == UnitEvent::kDeath)) continue;
    row.cause = std::exchange(first, false) ? cause : Cause::kAny;
  }
}

template <class T>
UnitVersions<T>::UnitVersions(const Network<T>& network, std::size_t max_samples)
    : lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)),
      peaks_(network.kernels) {
  std::size_t weights = 0, rows = 0;
  for (const LayerShape& layer : network.shape.layers) {
    const std::size_t pieces = layer.rows / layer.units;
    weights = std::max(weights, pieces * layer.inputs);
    rows = std::max(rows, pieces);
  }
  weights_ = Buffer<T>(kOwnVersions * weights * lanes_);
  bias_ = Buffer<T>(kOwnVersions * rows * lanes_);
  z_ = Buffer<T>(kOwnVersions * rows * row_stride_);
  activated_ = Buffer<T>(2 * kOwnVersions * row_stride_);
}

template <class T>
void UnitVersions<T>::begin(std::vector<Unit> units) {
  units_ = std::move(units);
  peaks_.begin(units_.size() * kVersions);
}

template <class T>
void UnitVersions<T>::add(const Network<T>& network, const T* before, const T* now, bool is_now,
                          LaneMatrix<const T> inputs, const Activations<T>& activations) {
  const std::size_t samples = inputs.columns;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const std::size_t l = units_[i].layer, unit = units_[i].unit;
    const LayerShape& layer = network.shape.layers[l];
    const Activation kind = layer.activation.kind;
    if (layer.normalizes(Position::kBeforeActivation)) {  // it hangs on the other units, too
      const LaneMatrix<T> all = activations.activated(l, samples);
      const LaneMatrix<T> own{all.at(unit, 0), layer.outputs / layer.units, samples,
                              all.row_stride * layer.units, lanes_};
      const bool is_maxout = kind == Activation::kMaxout;
      peaks_.add(i * kVersions + (is_now ? kVersions - 1 : 0),
                 is_maxout ? own : activations.z(l, samples).row_range(unit, 1), own);
      continue;
    }
    const auto copy_own = [&](BlockKind block, std::size_t bit, T* to) {
      const std::size_t each = layer[block].size() / layer.units * lanes_;
      const std::size_t from = layer[block].offset * lanes_ + unit * each;
      for (std::size_t version = 0; version < kOwnVersions; ++version)
        std::copy_n(((version & bit) != 0 ? now : before) + from, each, to + version * each);
    };
    copy_own(BlockKind::kWeights, kOwnWeights, weights_.data());
    copy_own(BlockKind::kBias, kOwnBias, bias_.data());
    const std::size_t rows = kOwnVersions * (layer.rows / layer.units);
    const LaneMatrix<T> z{z_.data(), rows, samples, row_stride_, lanes_},
        activated{activated_.data(), kOwnVersions * layer.outputs / layer.units, samples, row_stride_,
                  lanes_};
    network.kernels.dense->multiply(dense_lane_matrix<const T>(weights_.data(), rows, layer.inputs, lanes_),
                                    l == 0 ? inputs : activations.output(l - 1, samples),
                                    layer.has(BlockKind::kBias) ? ProductStart::kBias : ProductStart::kZero,
                                    bias_.data(), z);
    network.kernels.activation->forward(kind, layer_activation(network, now, l), z, activated);
    peaks_.add(i * kVersions + (is_now ? kBelow : 0), kind == Activation::kMaxout ? activated : z, activated);
  }
}

template <class T>
std::array<UnitVersion, kVersions> UnitVersions<T>::versions(std::size_t unit, std::size_t lane) const {
  std::array<UnitVersion, kVersions> versions;
  for (std::size_t v = 0; v < kVersions; ++v)
    versions[v] = {peaks_.peak(unit * kVersions + v, lane), peaks_.is_dead(unit * kVersions + v, lane)};
  return versions;
}

template class UnitPeaks<float>;
template class UnitPeaks<double>;
template class UnitVersions<float>;
template class UnitVersions<double>;

}  // namespace deadrelu
