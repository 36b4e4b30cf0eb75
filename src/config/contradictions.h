// Contradictions between the keys of one run.
#pragma once

#include <vector>

#include "train/check.h"
#include "train/run_spec.h"

namespace deadrelu {

// All of them, with the key to blame. `data_known`: the keys of `data` hold, so that what is known of the
// data set without reading it is checked too.
std::vector<Contradiction> config_contradictions(const RunSpec& run, bool data_known);

}  // namespace deadrelu
