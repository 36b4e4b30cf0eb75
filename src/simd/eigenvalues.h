// Eigenvalues of symmetric matrices, of every run of a vector at once.
#pragma once

#include <cstddef>

#include "simd/engine.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

struct EigenvalueKernels {
  // values[i][lane]: the eigenvalues of the positive semidefinite matrix whose lower triangle is a's, in no
  // order; NaN where an element of it is not finite. Error: a few units of the last place of the largest
  // eigenvalue. Overwrites a, whose elements are vectors of doubles (lanes) or numbers (wide: columns follow
  // each other, rows end with a whole vector). work: 4 rows of a.
  // Householder's tridiagonalization, then the QL algorithm without square roots (Pal, Walker, Kahan; as in
  // Reinsch 1973, CACM algorithm 464).
  void (*symmetric)(LaneMatrix<double> a, double* work, double* values);
};

const EigenvalueKernels& eigenvalue_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
