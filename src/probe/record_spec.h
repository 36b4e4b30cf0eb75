// What is recorded and when, as the user writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/enum_names.h"

namespace deadrelu {

enum class ProbeSplit { kTrain, kTest };
template <>
inline constexpr std::array kNames<ProbeSplit>{"train", "test"};

struct Thresholds {
  double rarely_active = 0.01;  // active on fewer than this share of the probe inputs
  double dormant = 0.025;       // dormant score at most this (Sokar et al. 2023)
  double saturated = 1e-7;      // |φ'(z)| below this on every probe input

  bool operator==(const Thresholds&) const = default;
};

struct RecordSpec {
  // When: one of three. Step 0 and the last step are always recorded.
  std::uint64_t every = 100;         // every n steps; 0: as the two below say
  std::vector<std::uint64_t> steps;  // these steps
  std::size_t log_count = 0;         // this many steps from 1 to the last, evenly spaced in their logarithm

  ProbeSplit probe_split = ProbeSplit::kTrain;        // whose examples the units are probed on
  std::size_t probe_samples = 1000;                   // examples of each split that are evaluated; 0: all
  bool metrics = true, layers = true, units = false;  // tables
  bool effective_rank = false;  // its column in layers: costs more than all others together
  bool parameters_initial = false, parameters_final = false;
  Thresholds thresholds;

  bool operator==(const RecordSpec&) const = default;
};

}  // namespace deadrelu
