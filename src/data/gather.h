// Copies examples from the lanes' data sets into lane matrices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "data/dataset.h"
#include "simd/kernels.h"

namespace deadrelu {

// inputs [input][sample][lane] and targets [output][sample][lane] receive, for lane l and sample s, the
// example indices[s·lanes + l] of splits[l] (lanes == splits.size(); splits may repeat). Lanes usually share
// one split. REQUIRES: all splits have the shape of the matrices; every index is below its split's samples.
template <class T>
void gather(const Kernels<T>& kernels, std::span<const Split<T>* const> splits, const std::uint32_t* indices,
            LaneMatrix<T> inputs, LaneMatrix<T> targets);

}  // namespace deadrelu
