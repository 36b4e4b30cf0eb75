// The loop over steps for one pack of runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "data/dataset.h"
#include "nn/network.h"
#include "probe/rows.h"
#include "train/batches.h"
#include "train/lane_numbers.h"
#include "train/pack.h"
#include "train/stream_bins.h"

namespace deadrelu {

// What a pack learns with: allocated once, before the first step; a step allocates nothing.
template <class T>
class Trainer {
 public:
  explicit Trainer(const Pack<T>& pack);

  // The gradient of the loss on the batch of `step` at the present parameters, and the loss of every lane.
  // Steps ascend from 0. Where `bins` is given, it observes the batch.
  void compute_gradient(std::uint64_t step, StreamBins<T>* bins = nullptr);
  std::size_t batch_size(std::uint64_t step) const { return batches_.batch_size(step); }
  // Takes the optimizer's step with that gradient.
  void update();

  // The workspace's activations: free for anybody between two calls.
  const Activations<T>& activations() const { return activations_; }
  const T* parameters() const { return parameters_.data(); }
  const T* gradient() const { return gradient_.data(); }  // before clipping
  double batch_loss(std::size_t lane) const { return batch_loss_[lane]; }
  double learning_rate(std::size_t lane) const {
    return numbers_.learning_rate(lane);
  }  // of the coming update
  double epoch(std::uint64_t step) const;
  // Whether the loss or a parameter of the lane is not finite any more.
  bool diverged(std::size_t lane) const;
  // Fills everything but parameters and optimizer state with NaN, for the test that this changes nothing.
  void poison_workspace();

 private:
  void draw_slopes(std::uint64_t step, std::size_t from, std::size_t samples);

  const Pack<T>& pack_;
  Activations<T> activations_;
  Batches<T> batches_;
  LaneNumbers<T> numbers_;
  Buffer<T> parameters_, gradient_, first_moment_, second_moment_, slope_sums_, poison_;
  Buffer<double> batch_loss_, squared_norms_;
};

// Trains and records a pack from initial parameters to the last step. Returns nothing once `stop` is set.
template <class T>
std::vector<RunRecord> train_pack(const Pack<T>& pack, const std::atomic<bool>& stop);

}  // namespace deadrelu
