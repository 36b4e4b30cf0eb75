// Network parameters as JSON text: what the store keeps and parameters.jsonl shows.
#pragma once

#include <string>

#include "probe/rows.h"

namespace deadrelu {

// [{"weights": [[…in]…out], "bias": [out], "slope": s}, …], hidden layers first, the output layer last;
// "bias" only where the layer has one, "slope" only for prelu. Numbers are the shortest that read back to the
// same bits: as float32 where the snapshot is single, else as float64. REQUIRES: finite values.
std::string layers_json(const ParameterSnapshot& snapshot);

}  // namespace deadrelu
