// What this machine's processors offer.
#pragma once

#include <cstddef>

namespace deadrelu {

// They decide how work is cut into blocks, never what comes out.
struct CacheSizes {
  std::size_t level1 = 32 << 10;   // bytes of data cache a core
  std::size_t level2 = 512 << 10;  // bytes
};

// Asked of the system once; the sizes above where it does not say.
const CacheSizes& cache_sizes();

// Threads that this process may run on: its CPU affinity, not the machine's size.
std::size_t usable_processors();

}  // namespace deadrelu
