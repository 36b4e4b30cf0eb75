// What networks do on examples before they learn from them.
#pragma once

#include "probe/rows.h"
#include "train/pack.h"
#include "train/trainer.h"

namespace deadrelu {

// Loss and right answers on the batches that updates were made with. Sums run over the steps, ascending, in double.
template <class T>
class OnlineSums {
 public:
  explicit OnlineSums(const Pack<T>& pack);
  void begin();
  // Every block of a batch, and then the batch itself, if there is an update with it.
  void observe(const Pack<T>& pack, const BatchBlock<T>& block);
  void end_batch(const TrainingState<T>& state);

  std::uint64_t examples() const { return examples_; }
  double loss(std::size_t lane) const { return losses_[lane] / static_cast<double>(examples_); }  // mean
  double accuracy(std::size_t lane) const {  // in [0, 1]; missing for regression
    return classifies_ ? correct_[lane] / static_cast<double>(examples_) : kMissing;
  }

 private:
  bool classifies_;
  std::uint64_t examples_ = 0;
  Buffer<double> losses_, correct_, batch_correct_;  // [lane]
};

// The outcome's online loss and accuracy, from the rows of stream and tasks; nothing where there are none, or where
// the run diverged.
void sum_up_online(RunRecord& record);

// The bins of a stream. A batch belongs to the bin in which its first example lies.
template <class T>
class StreamBins {
 public:
  explicit StreamBins(const Pack<T>& pack);

  bool wanted() const { return bin_size_ > 0; }
  // Looks at which units fire and which answers are right. What follows the last update nobody learns from.
  void observe(const Pack<T>& pack, const BatchBlock<T>& block);
  // After a batch's last block. ended: [used lane], the runs that learn nothing from it. One that has diverged
  // gets no more rows, another one the row of a bin that it ends.
  void end_batch(const TrainingState<T>& state, const std::vector<std::uint8_t>& ended);
  // Ends the last bin, and hands out a lane's rows.
  std::vector<StreamRow> take(std::size_t lane);

 private:
  void add_row(std::size_t lane);
  void end_bin();
  double silent_fraction(std::size_t lane) const;

  const std::uint64_t bin_size_;  // in examples; 0: no bins
  std::uint64_t bin_end_;         // in examples from the first one on
  const std::uint64_t steps_;
  std::size_t lanes_;
  std::uint64_t begun_ = 0;  // examples before the bin
  std::int64_t bin_ = 1;
  OnlineSums<T> sums_;                        // of the bin
  std::size_t units_;                         // of all hidden layers
  Buffer<T> fired_;                           // [hidden unit][lane]: Σ |output| in the bin
  std::vector<bool> stopped_;                 // [used lane]
  std::vector<std::vector<StreamRow>> rows_;  // [used lane]
};

}  // namespace deadrelu
