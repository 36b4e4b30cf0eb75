// Random matrices made orthonormal, with the same bits on every machine.
#pragma once

#include <cstddef>
#include <span>

namespace deadrelu {

// Replaces `matrix` [rows][columns] by the Q of its QR decomposition (Householder 1958), with the signs that
// make R's diagonal positive, so that a Gaussian matrix becomes Haar-distributed (Mezzadri 2007). The columns
// become orthonormal; with more columns than rows the transpose is decomposed and the rows become
// orthonormal. Not Eigen's: its blocked products cut sums where this machine's cache sizes say, and so differ
// between machines.
void orthonormalize(std::span<double> matrix, std::size_t rows, std::size_t columns);

}  // namespace deadrelu
