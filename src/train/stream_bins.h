// What networks do on the examples of a stream before they learn from them, bin by bin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "probe/rows.h"
#include "train/pack.h"
#include "train/trainer.h"

namespace deadrelu {

// A batch belongs to the bin in which its first example lies. Sums run over the steps, ascending, in double.
template <class T>
class StreamBins {
 public:
  explicit StreamBins(const Pack<T>& pack);

  bool wanted() const { return bin_size_ > 0; }
  // Looks at which units fire and which answers are right. What follows the last update nobody learns from.
  void observe(const Pack<T>& pack, const BatchBlock<T>& block);
  // After a batch's last block. A run that diverges gets no more rows.
  void end_batch(const TrainingState<T>& state);
  // Ends the last bin, and hands out a lane's rows.
  std::vector<StreamRow> take(std::size_t lane);

 private:
  void end_bin();
  double silent_fraction(std::size_t lane) const;

  const std::uint64_t bin_size_;  // in examples; 0: no bins
  const std::uint64_t steps_;
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
