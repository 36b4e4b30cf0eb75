// What a change of a unit's largest pre-activation over the probe set comes from: its own weights, its own bias or what
// lies below.
#pragma once

#include <array>
#include <vector>

#include "base/buffer.h"
#include "nn/network.h"
#include "probe/rows.h"

namespace deadrelu {

// The largest pre-activation of units over blocks of samples, and whether any activation was something else than 0.
template <class T>
class UnitPeaks {
 public:
  explicit UnitPeaks(const Kernels<T>& kernels) : kernels_(kernels), lanes_(kernels.lanes) {}
  void begin(std::size_t units);
  // Of units first, first + 1, …: their pre-activations and activations (crelu: the second ones after all first ones).
  void add(std::size_t first, LaneMatrix<const T> z, LaneMatrix<const T> activated);
  // NaN where some pre-activation was.
  double peak(std::size_t unit, std::size_t lane) const {
    return static_cast<double>(peaks_[unit * lanes_ + lane]);
  }
  bool is_dead(std::size_t unit, std::size_t lane) const { return magnitudes_[unit * lanes_ + lane] == 0; }
  std::size_t units() const { return peaks_.size() / lanes_; }

 private:
  Kernels<T> kernels_;
  std::size_t lanes_;
  std::vector<T> peaks_, magnitudes_;  // [unit][lane]; Σ |activation|
};

// A unit's pre-activations are a function of three things. A version of the unit has those whose bits are set as they
// are now, the others as they were: 0 is the unit as it was, 7 as it is.
inline constexpr std::size_t kOwnWeights = 1, kOwnBias = 2, kBelow = 4, kVersions = 8;

struct UnitVersion {
  double peak = kMissing;
  bool dead = false;
};

// Fills max_before, max_after, the shares and, but for a reset or where some share is no number, the cause. The share of k is Shapley's (1953):
// (2·(M(k) − M()) + (M(k, i) − M(i)) + (M(k, j) − M(j)) + 2·(M(k, i, j) − M(i, j))) / 6, summed in this order in
// double, i before j in the order weights, bias, below; M(…) is the peak with these as they are now.
void describe_change(const std::array<UnitVersion, kVersions>& versions, DeathRow& row);

// All versions of some units, while the probe set passes through the network as it was and as it is.
template <class T>
class UnitVersions {
 public:
  struct Unit {
    std::size_t layer, unit;
    auto operator<=>(const Unit&) const = default;
  };
  UnitVersions(const Network<T>& network, std::size_t max_samples);

  void begin(std::vector<Unit> units);
  const std::vector<Unit>& units() const { return units_; }
  // Adds a block that `forward` has left in `activations`, with the parameters of before, or those of now. Of units
  // behind a normalization, which needs their layer passed too, there are only the versions 0 and 7.
  void add(const Network<T>& network, const T* before, const T* now, bool is_now, LaneMatrix<const T> inputs,
           const Activations<T>& activations);
  std::array<UnitVersion, kVersions> versions(std::size_t unit, std::size_t lane) const;  // of units()[unit]

 private:
  static constexpr std::size_t kOwnVersions = 4;  // with what is below fixed

  std::size_t lanes_, row_stride_;
  std::vector<Unit> units_;
  UnitPeaks<T> peaks_;                        // [unit][version]
  Buffer<T> weights_, bias_, z_, activated_;  // of one unit's versions
};

}  // namespace deadrelu
