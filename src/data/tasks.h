// One task after another, made from one data set: a view of it, without copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "data/order.h"

namespace deadrelu {

// What the present task makes of one split's examples, for every lane of a pack. All draws are functions of the
// lane's seed and the task (from 0); the first task is changed like any other.
//   permute_inputs  input i comes from input Permutation(seed, kTask, task)(i); where the targets are the inputs,
//                   they are permuted with them
//   permute_labels  label y becomes Permutation(seed, kTask, task)(y)
//   random_labels   example e gets label random_below(seed, kTaskLabels, task, 2e, classes); of the test split,
//                   2e + 1
//   classes         only the examples of some classes: the classes that the training split has, in the order
//                   Permutation(seed, kTask, round), are dealt out to the tasks of a round, as many as a task has
//                   to each, what is left over to none
// Over the ramp, an example of a batch comes from the task before with a probability that falls from update to
// update.
template <class T>
class TaskView {
 public:
  struct Lane {
    const Split<T>* split;
    std::uint64_t seed;
  };
  // train: the training splits of the lanes, which say which classes there are; the tasks of `classes` are those
  // of lane 0, whose run all lanes share. classes: of the data set. is_test: splits are the test splits.
  TaskView(const DataSpec& spec, const Dataset<T>& data, bool is_test, std::vector<Lane> lanes);

  // Moves to a task. Allocates nothing.
  void begin(std::uint64_t task);

  // classes: the examples of the present task, ascending; where the split has none of them, all of it.
  std::span<const std::uint32_t> members() const { return present().members; }
  // classes: which examples stand at positions position … of the present task's batches, to indices
  // [example][lane]. epoch: passes in a new order each, one after another.
  void fill_indices(Sampling sampling, std::uint64_t order_seed, std::uint64_t position, std::size_t count,
                    std::uint32_t* indices);

  // An example's place in the ramp: position in the task, and the probability that it is the present task's.
  struct Ramp {
    std::uint64_t position = 0;
    double share = 1;
  };
  // gather() (data/dataset.h) of the examples as the present task shows them. ramp: of the first one, the others
  // follow; classes: the indices that the ramp takes from the task before are replaced.
  void gather(const Kernels<T>& kernels, std::uint32_t* indices, const Ramp& ramp, LaneMatrix<T> inputs,
              LaneMatrix<T> targets) const;

 private:
  // What one task draws.
  struct Changes {
    std::vector<std::uint32_t> places;   // [lane][input or label]
    std::vector<std::uint32_t> members;  // classes
  };
  const Changes& present() const { return changes_[task_ % 2]; }
  const Changes& of(std::uint64_t task) const { return changes_[task % 2]; }
  void draw(std::uint64_t task);
  void choose_members(std::uint64_t task, std::vector<std::uint32_t>& members);
  bool comes_late(const Ramp& ramp, std::size_t sample, std::size_t lane) const;
  void permute(std::uint64_t task, const T* from, std::size_t count, std::size_t lane, T* to,
               std::size_t stride) const;
  std::uint32_t label_of(const T* targets, std::size_t columns) const;
  void relabel(std::uint64_t task, std::uint32_t example, const T* from, std::size_t count, std::size_t lane,
               T* to, std::size_t stride) const;

  TaskSpec spec_;
  std::size_t inputs_, classes_;
  bool targets_are_inputs_, is_test_;
  T off_, on_;  // what the target of a lone output is for the first class, and for the second
  std::vector<Lane> lanes_;
  std::vector<const Split<T>*> splits_;  // [lane]
  std::vector<std::uint32_t> labels_;    // classes: [example]
  std::vector<std::uint32_t> there_;     // classes: those of the training split
  std::vector<bool> chosen_;             // [class]
  std::uint64_t task_ = 0, pass_ = 0;
  std::optional<Permutation> order_;  // of the pass
  Changes changes_[2];                // of the present task and the one before, by its parity
};

}  // namespace deadrelu
