// The effective rank of a layer's activations.
#pragma once

#include <vector>

#include "base/buffer.h"
#include "simd/lane_matrix.h"

namespace deadrelu {

// exp(−Σ p ln p) with p = σ / Σσ over the singular values σ of a matrix M (Roy, Vetterli 2007), from the
// eigenvalues σ² of M·Mᵀ or Mᵀ·M, in any order; 0 for a zero matrix, NaN if an eigenvalue is. Singular values
// below √(size·2⁻⁵²) of the largest are rounding noise of the product and count as zero.
double effective_rank(std::span<const double> eigenvalues);

// gram[i][j] += Σ_n rows[n][i]·rows[n][j] for all j ≤ i < size: n ascending, one fused multiply-add a term.
void add_products(std::span<const double> rows, std::size_t size, std::span<double> gram);

// The eigenvalues, in no order, of the positive semidefinite matrix [size][size] whose lower triangle is
// given (it is overwritten); NaN where an element of that is not finite. Error: a few units of the last place
// of the largest. Householder's tridiagonalization, then the QL algorithm without square roots (Pal, Walker,
// Kahan; as in Reinsch 1973, CACM algorithm 464). Written out: a library's sums depend on the machine.
std::vector<double> symmetric_eigenvalues(std::span<double> matrix, std::size_t size);

// The activations of one layer over a probe set, for every lane of a pack.
template <class T>
class RankProbe {
 public:
  // Of `samples` (no more may be added) it takes so many, evenly spread; all if they are fewer.
  RankProbe(std::size_t lanes, std::size_t outputs, std::size_t samples, std::size_t taken);
  void begin();
  // The next block of the probe set, activations [outputs][sample]. REQUIRES: its samples follow each other.
  void add(LaneMatrix<const T> activations);
  double effective_rank(std::size_t lane) const;  // after the last block

 private:
  std::size_t lanes_, outputs_, of_samples_, samples_;  // added at most, and taken of these
  std::size_t seen_ = 0, took_ = 0;
  bool keeps_all_;       // fewer samples than outputs: the smaller product is the samples', made at the end
  Buffer<double> kept_;  // [lane]: [outputs][samples] if all are kept, else the product [outputs][outputs]
  Buffer<double> rows_;  // some samples [sample][outputs] of a lane
};

}  // namespace deadrelu
