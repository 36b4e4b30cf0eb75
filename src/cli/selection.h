// Which runs of a sweep `run` is asked for, by --only and --shard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/experiment_config.h"
#include "sweep/shard.h"

namespace deadrelu {

// Positions in expansion order, both ends included, and of them those of a shard.
struct Selection {
  std::uint64_t first = 0, last = 0;
  Shard shard = {};
  std::uint64_t size() const { return shard.size_before(last + 1) - shard.size_before(first); }
  bool contains(std::uint64_t position) const {
    return first <= position && position <= last && shard.contains(position);
  }
};

// "" (every run), a run id, or positions "A", "A-B", "A-". Throws UserError(kUsage) for anything else, for an
// id that is none of the sweep's and for positions beyond its end.
Selection parse_selection(const std::string& text, const ExperimentConfig& config);

// "" (the whole sweep), "I/N" with I from 0 to N − 1, or "auto": what the launcher's environment says (see
// launcher_shard). Throws UserError(kUsage) for anything else.
Shard parse_shard(const std::string& text);

// Where a shard's results go, below the result directory: shards/I-of-N.
std::filesystem::path shard_directory(const Shard& shard);

}  // namespace deadrelu
