// Initial parameters that are adjusted to the training examples, layer by layer: see nn/init.h.
#pragma once

#include "train/pack.h"

namespace deadrelu {

// Changes the parameters of the used lanes as their init.adjust says; `activations` are overwritten. Returns [used
// lane] why a run cannot be adjusted; empty: it is.
template <class T>
std::vector<std::string> adjust_parameters(const Pack<T>& pack, const Activations<T>& activations,
                                           T* parameters);

}  // namespace deadrelu
