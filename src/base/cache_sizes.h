// The sizes of this processor's caches: they decide how work is cut into blocks, never what comes out.
#pragma once

#include <cstddef>

namespace deadrelu {

struct CacheSizes {
  std::size_t level1 = 32 << 10;   // bytes of data cache a core
  std::size_t level2 = 512 << 10;  // bytes
};

// Asked of the system once; the sizes above where it does not say.
const CacheSizes& cache_sizes();

}  // namespace deadrelu
