// Which runs may share a pack, in which engine, and the pack's network with its parameters and data.
#pragma once

#include "data/dataset.h"
#include "nn/network.h"
#include "train/run_spec.h"

namespace deadrelu {

// What the runs of a pack have in common: everything that decides shapes, sizes and the sequence of
// operations. Runs with equal forms may share a pack.
struct PackForm {
  RunSpec spec;  // numbers that may differ from lane to lane (learning rate, bias, seed, slopes, …) are reset
  std::optional<DataShape> data;

  bool operator==(const PackForm&) const = default;
  std::size_t hash() const;
};
PackForm pack_form(const RunSpec& run);

// Which engine trains runs of one pack sooner: compares a pack in lanes, whose time does not depend on how
// many of its lanes are used, with `runs` single networks in wide, one after the other, by the vectors of
// multiply-adds of a step, those of wide rounded up to whole vectors, and what every call of a kernel costs
// besides. vector: scalars a vector holds; bytes: of a scalar. REQUIRES: runs ≤ vector.
Engine faster_engine(const NetworkShape& shape, std::size_t batch_size, std::size_t runs, std::size_t vector,
                     std::size_t bytes);

// The runs of a pack, one a lane. Lanes without a run of their own repeat the first run, and nobody reads
// them.
template <class T>
struct Pack {
  std::vector<const RunSpec*> runs;                     // [lane]
  std::vector<std::shared_ptr<const Dataset<T>>> data;  // [lane]
  std::size_t used_lanes = 0;
  std::size_t batch_size = 0;    // in examples
  std::uint64_t steps = 0;       // updates that the runs make, unless they are stopped
  std::uint64_t task_steps = 0;  // updates of a task; 0: there is only one
  Network<T> network;

  // The task (from 0) whose batch the update after `step` others takes; the last step's belongs to the last task.
  std::uint64_t task_at(std::uint64_t step) const {
    return task_steps == 0 ? 0 : std::min(step, std::max<std::uint64_t>(steps, 1) - 1) / task_steps;
  }
};

// REQUIRES: 1 ≤ runs ≤ lanes of the target, or 1 run in wide; equal pack forms; data[i] belongs to runs[i]
// and all have one size.
template <class T>
Pack<T> make_pack(std::span<const RunSpec* const> runs,
                  std::span<const std::shared_ptr<const Dataset<T>>> data, SimdTarget target,
                  Engine engine = Engine::kLanes);

// The loss of a pack's outputs. Where the targets are standardized, the sums are in the targets' own unit: those
// of each output times its deviation (mae) or its square, while gradients are those of the standardized loss.
template <class T>
class LossSums {
 public:
  explicit LossSums(const Pack<T>& pack);
  void begin();
  // sums[lane] += Σ over samples of the sample's loss, and its gradient times gradient_scale, as the kernel has it.
  void add(LaneMatrix<const T> outputs, LaneMatrix<const T> targets, T gradient_scale, double* sums,
           LaneMatrix<T> gradient);
  // After the last block: only now are the sums there where targets are standardized.
  void finish(double* sums) const;

 private:
  const LossKernels<T>* kernels_;
  Loss loss_;
  std::size_t lanes_;
  Buffer<double> units_, sums_;  // [output][lane]; empty where targets are as they are
};

// Whether the pack's outputs name a class, so that an answer is right or wrong …
template <class T>
bool classifies(const Pack<T>& pack) {
  const Loss loss = pack.runs[0]->train.loss;
  return pack.data[0]->classes > 0 || loss == Loss::kCrossEntropy || loss == Loss::kBinaryCrossEntropy;
}
// … and then counts[lane] += the right ones: the largest output wins; a lone one names the second class where it
// is above 0 (a logit) or above the middle of the two values that it is fitted to.
template <class T>
void count_correct(const Pack<T>& pack, LaneMatrix<const T> outputs, LaneMatrix<const T> targets,
                   double* counts) {
  const RunSpec& run = *pack.runs[0];
  const double middle = 0.5 * (run.data.one_hot[0] + run.data.one_hot[1]);
  const double threshold = run.train.loss == Loss::kBinaryCrossEntropy ? 0 : middle;
  pack.network.kernels.loss->count_correct(outputs, targets, static_cast<T>(threshold),
                                           static_cast<T>(middle), counts);
}

// Initial parameters of every lane, [parameter][lane].
template <class T>
Buffer<T> initial_parameters(const Pack<T>& pack);

}  // namespace deadrelu
