// Loss, accuracy and units of a pack on fixed examples, without learning from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "probe/unit_probe.h"
#include "train/batches.h"
#include "train/pack.h"

namespace deadrelu {

// Which examples of a split of `size` are evaluated: all of them for count 0 or count ≥ size, else `count`
// drawn with the data set's seed; ascending.
std::vector<std::uint32_t> evaluated_examples(std::uint64_t seed, std::size_t size, std::size_t count);

// The examples of one split that are evaluated at every recorded step, the same ones all along.
template <class T>
class Evaluation {
 public:
  // test: the test split instead of the training split. probes_units: units are looked at here.
  Evaluation(const Pack<T>& pack, bool test, bool probes_units, std::size_t max_block);

  void run(const Pack<T>& pack, const T* parameters, const Activations<T>& activations);

  double loss(std::size_t lane) const;      // mean over the examples
  double accuracy(std::size_t lane) const;  // in [0, 1]; missing for regression
  bool collapsed(std::size_t lane) const;   // every output is constant up to 1e-6 · max(1, |output|)
  std::vector<UnitProbe<T>>& probes() { return probes_; }  // one a hidden layer

 private:
  std::vector<const Split<T>*> splits_;  // [lane]
  std::vector<std::uint32_t> indices_;   // [example][lane]
  std::size_t examples_, lanes_, outputs_;
  bool classifies_;
  Buffer<double> loss_sums_, correct_, low_, high_;
  BlockBuffer<T> buffer_;
  std::vector<UnitProbe<T>> probes_;
};

}  // namespace deadrelu
