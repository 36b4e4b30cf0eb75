// What networks do on the examples of a stream before they learn from them, bin by bin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "probe/rows.h"
#include "train/pack.h"

namespace deadrelu {

// A batch belongs to the bin in which its first example lies. Sums run over the steps, ascending, in double.
template <class T>
class StreamBins {
 public:
  explicit StreamBins(const Pack<T>& pack);

  bool wanted() const { return bin_size_ > 0; }
  // Looks at the block that `forward` has just left in `activations`: which units fire, which are right.
  void observe(const Pack<T>& pack, const Activations<T>& activations, LaneMatrix<const T> targets,
               std::size_t samples);
  // After the last block of a batch, with the batch's mean loss of each used lane.
  template <class LossOf>
  void end_batch(std::size_t batch, const LossOf& loss_of) {
    for (std::size_t lane = 0; lane < loss_sums_.size(); ++lane)
      loss_sums_[lane] += loss_of(lane) * static_cast<double>(batch);
    examples_ += batch;
    if (examples_ / bin_size_ != begun_ / bin_size_) end_bin();
  }
  void stop(std::size_t lane) { stopped_[lane] = true; }  // it has diverged: no more rows
  // Ends the last bin, and hands out a lane's rows.
  std::vector<StreamRow> take(std::size_t lane);

 private:
  void end_bin();
  double silent_fraction(std::size_t lane) const;

  const std::uint64_t bin_size_;  // in examples; 0: no bins
  const bool classifies_;
  std::size_t lanes_, units_ = 0;
  std::uint64_t begun_ = 0, examples_ = 0;  // before the bin, and up to now
  std::int64_t bin_ = 1;
  Buffer<T> fired_;                           // [hidden unit][lane]: the largest |output| in the bin
  Buffer<double> correct_;                    // [lane]
  std::vector<double> loss_sums_;             // [used lane]
  std::vector<bool> stopped_;                 // [used lane]
  std::vector<std::vector<StreamRow>> rows_;  // [used lane]
};

}  // namespace deadrelu
