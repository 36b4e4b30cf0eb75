// The effective rank of a layer's activations.
#pragma once

#include <cstddef>
#include <span>

#include "base/buffer.h"
#include "nn/network.h"

namespace deadrelu {

// exp(−Σ p ln p) with p = σ / Σσ over the singular values σ of the matrix (Roy, Vetterli 2007); 0 for a zero
// matrix. `gram` is M·Mᵀ or Mᵀ·M [size][size] of that matrix, in double; singular values below √(size·2⁻⁵²)
// of the largest are rounding noise of the product and count as zero.
double effective_rank_of_gram(std::span<const double> gram, std::size_t size);

// Gathers the activations of one layer over a probe set, for every lane of a pack, in double.
template <class T>
class RankProbe {
 public:
  // REQUIRES: samples is the size of the whole probe set.
  RankProbe(const Kernels<T>& kernels, std::size_t outputs, std::size_t samples);
  void begin();
  // The next block of the probe set, activations [outputs][sample]. REQUIRES: its samples follow each other.
  void add(LaneMatrix<const T> activations);
  double effective_rank(std::size_t lane) const;

 private:
  LaneMatrix<double> copy(LaneMatrix<const T> activations, std::size_t place);
  void add_to_gram(LaneMatrix<const double> factor);
  const DenseKernels<double>* dense_;
  std::size_t lanes_, double_lanes_, outputs_, samples_, size_, seen_ = 0;
  bool keeps_all_;  // fewer samples than outputs: the smaller product is the samples', made at the end
  std::size_t values_row_, gram_row_;
  Buffer<double> values_;  // [outputs][sample][lane]: a piece of a block, or all samples
  Buffer<double> gram_;    // [size][size][lane], the lower triangle
};

}  // namespace deadrelu
