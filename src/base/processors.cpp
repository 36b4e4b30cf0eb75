#include "base/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace deadrelu {
namespace {

void ask([[maybe_unused]] int name, std::size_t& bytes) {
  const long found = sysconf(name);
  if (found > 0) bytes = static_cast<std::size_t>(found);
}

CacheSizes find() {
  CacheSizes sizes;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  ask(_SC_LEVEL1_DCACHE_SIZE, sizes.level1);
  ask(_SC_LEVEL2_CACHE_SIZE, sizes.level2);
#endif
  return sizes;
}

}  // namespace

const CacheSizes& cache_sizes() {
  static const CacheSizes sizes = find();
  return sizes;
}

std::size_t usable_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace deadrelu
