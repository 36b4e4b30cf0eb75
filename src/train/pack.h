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
  std::size_t batch_size = 0;  // in examples
  std::uint64_t steps = 0;     // updates that the runs make
  Network<T> network;
};

// REQUIRES: 1 ≤ runs ≤ lanes of the target, or 1 run in wide; equal pack forms; data[i] belongs to runs[i]
// and all have one size.
template <class T>
Pack<T> make_pack(std::span<const RunSpec* const> runs,
                  std::span<const std::shared_ptr<const Dataset<T>>> data, SimdTarget target,
                  Engine engine = Engine::kLanes);

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

// One lane's parameters, out of the pack.
template <class T>
ParameterSet lane_parameters(const NetworkShape& shape, const T* parameters, std::size_t lanes,
                             std::size_t lane);

}  // namespace deadrelu
