// Which steps of a run are recorded, and at which of them it is stopped.
#pragma once

#include "train/run_spec.h"

namespace deadrelu {

// The recorded steps from 0 to last_step, ascending and distinct. REQUIRES: `every` is 0 (else they need no
// list).
std::vector<std::uint64_t> listed_steps(const RecordSpec& spec, std::uint64_t last_step);

// Says which steps are recorded. Steps ascend.
class RecordSchedule {
 public:
  RecordSchedule(const RecordSpec& spec, std::uint64_t last_step);
  bool due(std::uint64_t step);

 private:
  std::uint64_t every_, last_step_;
  std::vector<std::uint64_t> listed_;
  std::size_t next_ = 0;
};

// Says when a run is stopped.
class StopRule {
 public:
  explicit StopRule(const StopSpec& spec) : spec_(spec) {}
  // Of the loss at the next recorded step, from step 0 on.
  bool stops_at(double loss);

 private:
  StopSpec spec_;
  double best_ = std::numeric_limits<double>::infinity();
  std::uint64_t records_ = 0;  // without improvement, on end
};

}  // namespace deadrelu
