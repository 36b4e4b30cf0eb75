// Where the vectors of the kernels lie.
#pragma once

#include <optional>
#include <string_view>

namespace deadrelu {

enum class Engine {
  kLanes,  // across runs: as many networks side by side as a vector has lanes
  kWide,   // along samples or inputs of a single network
};

// "lanes", "wide", and back (empty where the name is neither).
std::string_view engine_name(Engine engine);
std::optional<Engine> engine_from_name(std::string_view name);

}  // namespace deadrelu
