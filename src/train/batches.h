// The examples that pass through a pack: batches to learn from, every lane with its own order and its own data
// set or a shared one; and fixed ones to be evaluated on, without learning from them.
#pragma once

#include "base/buffer.h"
#include "data/dataset.h"
#include "data/order.h"
#include "data/stream.h"
#include "data/tasks.h"
#include "nn/network.h"
#include "probe/unit_probe.h"
#include "train/pack.h"

namespace deadrelu {

// A block of examples, in lane matrices.
template <class T>
struct Block {
  LaneMatrix<T> inputs;   // [input][sample]
  LaneMatrix<T> targets;  // [output][sample]; of a BlockBuffer: in the rows after the inputs'
};

// Memory for one block, with padded rows.
template <class T>
class BlockBuffer {
 public:
  BlockBuffer(const Network<T>& network, std::size_t max_samples);
  Block<T> block(std::size_t samples) const;

 private:
  std::size_t inputs_, outputs_, lanes_, row_stride_;
  mutable Buffer<T> memory_;
};

template <class T>
class Batches {
 public:
  Batches(const Pack<T>& pack, std::size_t max_block);

  std::size_t batch_size(std::uint64_t step) const { return order_.batch_size(step); }
  std::size_t batches_per_epoch() const { return order_.batches_per_epoch(); }
  // Examples from … from+count−1 of the batch of `step`. Steps ascend; no memory is allocated.
  Block<T> gather_block(std::uint64_t step, std::size_t from, std::size_t count);

 private:
  std::uint32_t* find_indices(std::uint64_t step, std::size_t from, std::size_t count);
  void gather_task(std::uint64_t step, std::size_t from, Block<T> block);
  void fetch_ahead(const std::uint32_t* indices, std::size_t count) const;
  bool holds_few() const { return few_values_ && few_values_->holds(); }

  const Pack<T>* pack_;
  const Kernels<T>* kernels_;
  BatchOrder order_;
  std::optional<Streams<T>> streams_;
  std::optional<TaskView<T>> tasks_;
  std::vector<const Split<T>*> splits_;  // [lane]
  std::optional<FewValues<T>> few_values_;
  Buffer<std::uint32_t> indices_;  // [sample][lane]
  std::uint64_t ahead_from_ = 0,
                ahead_to_ = 0;  // the steps whose batches are in indices_, one after the other
  std::size_t batch_, inputs_;
  bool fetches_ahead_;  // the examples are too many for the cache
  BlockBuffer<T> buffer_;
  bool fixed_;  // every step has the same batch, and it fits one block: gathered once
  bool gathered_ = false;
};

// How many samples pass through all layers at once, so that what they leave behind stays in the cache:
// batches of batch_size are cut into equal blocks. Any number gives the same results; a batch that batch_norm
// couples stays whole.
template <class T>
std::size_t block_size(const Network<T>& network, std::size_t batch_size);

// Which examples of a split of `size` are evaluated: all of them for count 0 or count ≥ size, else `count`
// drawn with the data set's seed; ascending.
std::vector<std::uint32_t> evaluated_examples(std::uint64_t seed, std::size_t size, std::size_t count);

// The examples of one split that are evaluated at every recorded step, the same ones all along but where tasks
// change them.
template <class T>
class Evaluation {
 public:
  // test: the test split instead of the training split. probes_units: units are looked at here. all: every example,
  // whatever record.probe.samples says.
  Evaluation(const Pack<T>& pack, bool test, bool probes_units, std::size_t max_block, bool all = false);

  // Moves to another task. Where tasks have other examples, those of this one are evaluated.
  void begin_task(const Pack<T>& pack, std::uint64_t task);
  void run(const Pack<T>& pack, const T* parameters, const Activations<T>& activations);
  // Only hands out the examples: visit(Block<T>).
  template <class Visit>
  void for_each_block(const Pack<T>& pack, std::size_t samples, const Visit& visit) {
    for (std::size_t from = 0; from < examples_; from += samples)
      visit(gather_block(pack, from, std::min(samples, examples_ - from)));
  }

  double loss(std::size_t lane) const { return loss_sums_[lane] / static_cast<double>(examples_); }  // mean
  double accuracy(std::size_t lane) const {  // in [0, 1]; missing for regression
    return classifies_ ? correct_[lane] / static_cast<double>(examples_) : kMissing;
  }
  std::size_t examples() const { return examples_; }
  std::size_t most_examples() const { return indices_.size() / lanes_; }  // of any task
  bool collapsed(std::size_t lane) const;  // every output is constant up to 1e-6 · max(1, |output|)
  // Of the best outputs that do not depend on the input, on these examples.
  double constant_loss(const Pack<T>& pack, std::size_t lane) const;
  void describe_outputs(std::size_t lane, MetricsRow& row) const;
  std::vector<UnitProbe<T>>& probes() { return probes_; }  // one a hidden layer
  double dead_fraction(std::size_t lane) const;            // of all hidden units; missing without any

 private:
  void choose_members(const Pack<T>& pack);
  Block<T> gather_block(const Pack<T>& pack, std::size_t from, std::size_t samples);

  std::vector<const Split<T>*> splits_;  // [lane]
  std::optional<TaskView<T>> tasks_;
  std::vector<std::uint32_t> indices_;  // [example][lane]
  std::size_t examples_, lanes_, outputs_;
  bool classifies_, all_;
  LossSums<T> losses_;
  Buffer<double> loss_sums_, correct_, low_, high_, origin_, sum_, squares_;  // the last five: [output][lane]
  BlockBuffer<T> buffer_;
  std::vector<UnitProbe<T>> probes_;
};

}  // namespace deadrelu
