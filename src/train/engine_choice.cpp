#include "train/engine_choice.h"

#include <cassert>

#include "base/processors.h"

namespace deadrelu {
namespace {

// Measured on Zen 3 with the networks of `deadrelu bench`, in vectors of multiply-adds: what a product costs
// beside its multiply-adds, and how much longer lanes take where the pack's weights come from beyond the L2
// cache.
constexpr double kLanesCall = 1100, kWideCall = 1400, kBeyondCache = 1.5;

}  // namespace

Engine faster_engine(const NetworkShape& shape, std::size_t batch_size, std::size_t runs, std::size_t vector,
                     std::size_t bytes) {
  assert(runs <= vector);
  const auto whole = [&](std::size_t length) { return static_cast<double>((length + vector - 1) / vector); };
  double lanes = 0, wide = 0, calls = 0;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    const LayerShape& layer = shape.layers[l];
    const double products = l == 0 ? 2 : 3;  // nothing goes back to the inputs
    const auto weights = static_cast<double>(layer.weight_count());
    lanes += products * weights * static_cast<double>(batch_size);
    wide += (products - 1) * weights * whole(batch_size) +
            static_cast<double>(layer.rows * batch_size) * whole(layer.inputs);
    calls += products;
  }
  if (shape.parameter_count * vector * bytes > cache_sizes().level2) lanes *= kBeyondCache;
  return static_cast<double>(runs) * (wide + kWideCall * calls) < lanes + kLanesCall * calls ? Engine::kWide
                                                                                             : Engine::kLanes;
}

}  // namespace deadrelu
