// Which runs of a sweep `run --only` asks for.
#pragma once

#include <cstdint>
#include <string>

#include "config/experiment_config.h"

namespace deadrelu {

// Positions in expansion order, both ends included.
struct Selection {
  std::uint64_t first = 0, last = 0;
  std::uint64_t size() const { return last - first + 1; }
  bool contains(std::uint64_t position) const { return first <= position && position <= last; }
};

// "" (every run), a run id, or positions "A", "A-B", "A-". Throws UserError(kUsage) for anything else, for an
// id that is none of the sweep's and for positions beyond its end.
Selection parse_selection(const std::string& text, const ExperimentConfig& config);

}  // namespace deadrelu
