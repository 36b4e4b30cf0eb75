#include "simd/engine.h"

namespace deadrelu {

std::string_view engine_name(Engine engine) { return engine == Engine::kLanes ? "lanes" : "wide"; }

std::optional<Engine> engine_from_name(std::string_view name) {
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    if (engine_name(engine) == name) return engine;
  }
  return std::nullopt;
}

}  // namespace deadrelu
