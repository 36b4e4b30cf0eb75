// Which engine trains runs of one pack sooner.
#pragma once

#include <cstddef>

#include "nn/model.h"
#include "simd/target.h"

namespace deadrelu {

// Compares a pack in lanes, whose time does not depend on how many of its lanes are used, with `runs` single
// networks in wide, one after the other, by the vectors of multiply-adds of a step, those of wide rounded up
// to whole vectors, and what every call of a kernel costs besides. vector: scalars a vector holds; bytes: of
// a scalar. REQUIRES: runs ≤ vector.
Engine faster_engine(const NetworkShape& shape, std::size_t batch_size, std::size_t runs, std::size_t vector,
                     std::size_t bytes);

}  // namespace deadrelu
