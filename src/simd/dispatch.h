// Picks one target's table of kernels. For the .cpp files that Highway's foreach_target compiles once per
// target; not HWY_DYNAMIC_DISPATCH, since the caller says which target it wants.
#pragma once

#include "hwy/detect_targets.h"

#if HWY_ARCH_X86
#define DEADRELU_TABLE(target, table) ((target) == SimdTarget::kAvx512 ? N_AVX3::table : N_AVX2::table)
#else
#define DEADRELU_TABLE(target, table) (static_cast<void>(target), N_NEON::table)
#endif
