// The effective rank of a layer's activations.
#pragma once

#include <cstddef>
#include <span>

#include "base/buffer.h"
#include "nn/network.h"

namespace deadrelu {

// exp(−Σ p ln p) with p = σ / Σσ over the singular values σ of a matrix M (Roy, Vetterli 2007), from the
// eigenvalues σ² of M·Mᵀ or Mᵀ·M, in any order; 0 for a zero matrix, NaN if an eigenvalue is. Singular values
// below √(size·2⁻⁵²) of the largest are rounding noise of the product and count as zero.
double effective_rank(std::span<const double> eigenvalues);

// The activations of one layer over a probe set, for every lane of a pack.
template <class T>
class RankProbe {
 public:
  // REQUIRES: samples is the size of the whole probe set.
  RankProbe(const Kernels<T>& kernels, std::size_t outputs, std::size_t samples);
  void begin();
  // The next block of the probe set, activations [outputs][sample]. REQUIRES: its samples follow each other.
  void add(LaneMatrix<const T> activations);
  // After the last block, before effective_rank.
  void end();
  double effective_rank(std::size_t lane) const;

 private:
  void add_to_gram(LaneMatrix<const T> factor);
  const GramKernels<T>* gram_kernels_;
  const EigenvalueKernels* eigenvalue_kernels_;
  std::size_t lanes_, part_lanes_;  // a float pack has the lanes of two vectors of doubles: two parts
  std::size_t outputs_, samples_, size_, seen_ = 0;
  bool keeps_all_;  // fewer samples than outputs: the smaller product is the samples', made at the end
  std::size_t values_row_, gram_row_;
  Buffer<T> values_;     // [outputs][sample][lane], if all are kept
  Buffer<double> gram_;  // [part][size][size][lane], the lower triangle
  Buffer<double> work_;
  Buffer<double> eigenvalues_;  // [part][size][lane]
};

}  // namespace deadrelu
