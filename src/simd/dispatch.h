// Picks one target's and engine's table of kernels. For the .cpp files that Highway's foreach_target compiles
// once per target; not HWY_DYNAMIC_DISPATCH, since the caller says which target it wants.
#pragma once

#include "hwy/detect_targets.h"
#include "simd/engine.h"

#define DEADRELU_ENGINE_TABLE(space, engine, table, T) \
  ((engine) == Engine::kWide ? space::table<T, Engine::kWide> : space::table<T, Engine::kLanes>)
#if HWY_ARCH_X86
#define DEADRELU_TABLE(target, engine, table, T)                                     \
  ((target) == SimdTarget::kAvx512 ? DEADRELU_ENGINE_TABLE(N_AVX3, engine, table, T) \
                                   : DEADRELU_ENGINE_TABLE(N_AVX2, engine, table, T))
#define DEADRELU_TARGET_TABLE(target, table) ((target) == SimdTarget::kAvx512 ? N_AVX3::table : N_AVX2::table)
#else
#define DEADRELU_TABLE(target, engine, table, T) \
  (static_cast<void>(target), DEADRELU_ENGINE_TABLE(N_NEON, engine, table, T))
#define DEADRELU_TARGET_TABLE(target, table) (static_cast<void>(target), N_NEON::table)
#endif

// Both precisions of a function that hands out a table: `const Table<T>& function(SimdTarget, Engine)`, from
// the variable templates `table<T, engine>` of the targets.
#define DEADRELU_DEFINE_KERNELS(Table, function, table)                     \
  namespace deadrelu {                                                      \
  template <>                                                               \
  const Table<float>& function<float>(SimdTarget target, Engine engine) {   \
    return DEADRELU_TABLE(target, engine, table, float);                    \
  }                                                                         \
  template <>                                                               \
  const Table<double>& function<double>(SimdTarget target, Engine engine) { \
    return DEADRELU_TABLE(target, engine, table, double);                   \
  }                                                                         \
  }
