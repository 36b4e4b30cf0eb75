// The lives of hidden units as a store has them.
#pragma once

#include "store/store_reader.h"
#include "store/survival.h"

namespace deadrelu {

// Of the units of all recorded runs, from the table deaths where it was recorded, else from units. A death, revival or
// reset between two records is placed at the later one, which is exact for the Kaplan–Meier curve of records. Divergence
// is at diverged_step. `by`: the swept columns whose values make a group; `by_layer`: and the layer.
// Throws UserError(kUsage) where neither table was recorded, with what to record.
Lifetimes read_lifetimes(const StoreReader& store, const std::vector<std::size_t>& by, bool by_layer);

}  // namespace deadrelu
