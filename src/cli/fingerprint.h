// A short text that stands for every number that this program computes.
#pragma once

#include <string>

namespace deadrelu {

// What it takes from `run` to the tables.
struct SelfTest {
  std::string fingerprint;  // of the tables of a fixed sweep: 16 hex digits
  double seconds_a_run;  // of a sweep of tiny networks that make one step and record no table, on one thread
};

// Trains both sweeps in a temporary folder. Throws UserError(kInputOutput) where nothing can be written
// there.
SelfTest run_self_test();

}  // namespace deadrelu
