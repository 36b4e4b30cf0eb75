// Where the vectors of the kernels lie.
#pragma once

#include "base/enum_names.h"

namespace deadrelu {

enum class Engine {
  kLanes,  // across runs: as many networks side by side as a vector has lanes
  kWide,   // along samples or inputs of a single network
};
template <>
inline constexpr std::array kNames<Engine>{"lanes", "wide"};

}  // namespace deadrelu
