// Collects runs that may share a pack until a pack is full.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sweep/planned_run.h"
#include "train/pack.h"

namespace deadrelu {

// Holds at most a bounded number of runs, however the sweep mixes architectures. Which runs meet in a pack
// decides speed only, never a result.
class Packer {
 public:
  // float_lanes: runs a pack of float32 networks takes (float64: half of it).
  explicit Packer(std::size_t float_lanes) : float_lanes_(float_lanes) {}

  // Adds a run and hands out the pack that this fills, or the fullest one where too many runs are waiting.
  std::optional<std::vector<PlannedRun>> add(PlannedRun run);
  // A pack that is not full, when no more runs come; empty when none is left.
  std::optional<std::vector<PlannedRun>> take_rest();

 private:
  struct Hash {
    std::size_t operator()(const PackForm& form) const { return form.hash(); }
  };
  using Waiting = std::unordered_map<PackForm, std::vector<PlannedRun>, Hash>;
  std::vector<PlannedRun> take(Waiting::iterator pack);
  std::size_t float_lanes_, waiting_runs_ = 0;
  Waiting waiting_;
};

}  // namespace deadrelu
