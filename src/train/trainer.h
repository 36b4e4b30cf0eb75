// The loop over steps for one pack of runs.
#pragma once

#include <atomic>
#include <cmath>

#include "base/buffer.h"
#include "nn/network.h"
#include "probe/rows.h"
#include "train/batches.h"
#include "train/optimizer_numbers.h"
#include "train/pack.h"
#include "train/remedies.h"

namespace deadrelu {

// What training has made of a pack: all that a step reads and changes. Flat buffers are [parameter][lane],
// laid out as the network's shape says.
template <class T>
struct TrainingState {
  std::uint64_t step = 0;    // updates that the parameters have behind them
  std::uint64_t task = 0;    // of the batch of `step`, from 0
  bool begins_task = false;  // whether that batch is the task's first
  std::size_t batch = 0;     // examples in the batch of `step`
  Buffer<T> parameters;
  Buffer<T> gradient;                     // of the loss on the batch of `step`, before clipping
  Buffer<T> first_moment, second_moment;  // the optimizer's; empty where it keeps none
  Buffer<double> powers;                  // its counts of steps, as OptimizerNumbers::begin_step takes them
  Buffer<double> batch_loss;              // [lane], of the batch of `step`, in the targets' own unit
  Buffer<double> learning_rate;           // [lane], of the coming update
  Buffer<T> poison;                       // [lane]; NaN where a parameter is not finite any more
  // How often a unit was reset since the step that was recorded last, [hidden unit][lane]: those of all hidden
  // layers, one after the other.
  Buffer<std::uint32_t> resets;
  std::size_t batches_per_epoch = 0;  // 0: a stream without epochs

  bool diverged(std::size_t lane) const {
    return !std::isfinite(batch_loss[lane]) || std::isnan(poison[lane]);
  }
  bool any_diverged() const {  // of all lanes, quickly
    double losses = 0;
    T poisons = 0;
    for (std::size_t lane = 0; lane < batch_loss.size(); ++lane) {
      losses += batch_loss[lane] * 0;
      poisons += poison[lane];
    }
    return std::isnan(losses) || std::isnan(poisons);
  }
  // The optimizer counts the steps of a unit's entries from 0 again, if it tells entries apart.
  void renew_count(std::size_t unit, std::size_t lane) {
    const std::size_t betas = powers.size() / 2, i = (1 + unit) * batch_loss.size() + lane;
    if (i < betas) powers[i] = powers[betas + i] = 1;
  }
  // Of `units` hidden units from number `first` on, together.
  std::int64_t resets_of(std::size_t first, std::size_t units, std::size_t lane) const {
    std::int64_t sum = 0;
    for (std::size_t u = first; u < first + units; ++u) sum += resets[u * batch_loss.size() + lane];
    return sum;
  }
  double epoch() const {
    if (batches_per_epoch == 0) return kMissing;
    return static_cast<double>(step) / static_cast<double>(batches_per_epoch);
  }
};

// Examples `from` … from + samples − 1 of a batch as they have just passed forward.
template <class T>
struct BatchBlock {
  std::uint64_t step = 0;
  std::size_t from = 0, samples = 0;
  LaneMatrix<const T> inputs, targets;  // [input][sample], [output][sample]
  const Activations<T>* activations = nullptr;
};

// What a pack learns with: allocated once, before the first step; a step allocates nothing.
template <class T>
class Trainer {
 public:
  explicit Trainer(const Pack<T>& pack);

  // The loss of every lane on the batch of `step` at the present parameters, and its gradient, unless `update` can do
  // without: then there is none before complete_gradient, which takes the last block's activations as they were left.
  // Steps ascend from 0. observe(const BatchBlock<T>&) sees every block of the batch.
  template <class Observe>
  void compute_loss(std::uint64_t step, const Observe& observe) {
    begin_batch(step);
    while (pass_block()) observe(block_);
    end_batch();
  }
  void complete_gradient();
  // Both.
  template <class Observe>
  void compute_gradient(std::uint64_t step, const Observe& observe) {
    compute_loss(step, observe);
    complete_gradient();
  }
  void compute_gradient(std::uint64_t step) {
    compute_gradient(step, [](const BatchBlock<T>&) {});
  }
  // Adds the penalty's gradient to it, and takes the optimizer's step.
  void update();
  // Then what remedies do to the parameters.
  void remedy() { remedies_->act(state_, workspace_); }
  const Remedies<T>& remedies() const { return *remedies_; }

  TrainingState<T>& state() { return state_; }
  const TrainingState<T>& state() const { return state_; }
  // Of the batch's last block, unless somebody has overwritten them; and those that are free for anybody between two
  // calls, perhaps the same.
  const Activations<T>& activations() const { return example_ ? *example_ : workspace_; }
  const Activations<T>& workspace() const { return workspace_; }
  // [used lane]: why a run cannot begin; empty: it can.
  const std::vector<std::string>& failures() const { return failures_; }
  // Fills everything but parameters and optimizer state with NaN, for the test that this changes nothing.
  void poison_workspace();

 private:
  void begin_batch(std::uint64_t step);
  bool pass_block();  // the next block, forward and back; false: the batch has no more
  void pass_back(const SgdStep<T>* step = nullptr);
  void end_batch();
  void finish_gradient();
  void draw();
  void prepare_online();
  void step(const UpdateParameters<T>& numbers, std::size_t from, std::size_t count);
  void step_entry_by_entry();
  void find_trained_ranges();

  const Pack<T>& pack_;
  Activations<T> workspace_;
  std::optional<Activations<T>> example_;  // batches of one: as little memory as they take
  Batches<T> batches_;
  OptimizerNumbers<T> numbers_;
  LossSums<T> losses_;
  TrainingState<T> state_;
  BatchBlock<T> block_;
  Buffer<T> slope_sums_;
  Buffer<double> squared_norms_;
  Mode mode_;           // a network that is only measured is not trained
  bool draws_ = false;  // some layer's activation is rrelu, or dropout is on
  struct Range {
    std::size_t offset, count;  // in parameters
  };
  std::vector<Range> trained_, frozen_, rest_;  // rest_: trained, but not by `steps_along`
  std::optional<Remedies<T>> remedies_;
  std::vector<OnlineLayer<T>> online_;  // empty: a step takes more than one pass over each layer
  // The way back of a batch's last block to `update`, which takes the optimizer's step on it …
  bool postpones_ = false;
  bool pending_ = false;  // … and that block has not gone back yet
  std::vector<std::string> failures_;
};

// Trains and records a pack from initial parameters to the last step. Returns nothing once `stop` is set.
//
// A step is, in this order: forward → loss → backward, block by block of the batch, each of which the first
// door shows (observe) · what the whole batch has come to, at the first door again · the penalty's gradient →
// clipping → optimizer · the second door, which may change the parameters and the optimizer's state (intervene):
// projection, perturbation, bias lift, then other events, which take what the forward pass saw and the weights
// after the update.
template <class T>
std::vector<RunRecord> train_pack(const Pack<T>& pack, const std::atomic<bool>& stop);

}  // namespace deadrelu
