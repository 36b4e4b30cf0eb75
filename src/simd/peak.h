// What this core can do at most.
#pragma once

#include "simd/target.h"

namespace deadrelu {

// Fused multiply-adds of float32 vectors of the target that need no memory, in GFLOP/s (two operations each):
// the best of several short trials on the calling thread.
double measure_peak_gflops(SimdTarget target);

}  // namespace deadrelu
