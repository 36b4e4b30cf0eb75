// What remedies do to flat buffers [parameter][lane], beside the optimizer.
#pragma once

#include <cstddef>

#include "simd/target.h"

namespace deadrelu {

// On `count` elements, which may lie anywhere in the buffers. Numbers are [lane]; a lane whose number switches its
// remedy off keeps every bit.
template <class T>
struct RemedyKernels {
  // gradient += strength·sign(parameter); off: 0.
  void (*add_l1)(const T* strength, std::size_t count, const T* parameters, T* gradient);
  // gradient += strength·(parameter − initial); off: 0.
  void (*add_l2_init)(const T* strength, std::size_t count, const T* parameters, const T* initial,
                      T* gradient);
  // Moves what is beyond ±bound there; off: ∞.
  void (*clamp)(const T* bound, std::size_t count, T* parameters);
  // parameter = keep·parameter, then factor·noise is added; off: 1 and 0.
  void (*perturb)(const T* keep, const T* factor, std::size_t count, const T* noise, T* parameters);
};

template <class T>
const RemedyKernels<T>& remedy_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
