// How long the runs of a sweep take, found out by training some of them.
#pragma once

#include <cstdint>
#include <optional>

#include "config/experiment_config.h"
#include "runner/runner.h"

namespace deadrelu {

// Seconds of one thread for one run, mean over packs from all over the sweep that were trained on one thread
// for `seconds` at most. Empty where not even the first of them was finished by then. Nothing is recorded.
std::optional<double> seconds_per_run(const ExperimentConfig& config, SimdTarget simd, double seconds);

}  // namespace deadrelu
