// A short text that stands for every number that this program computes.
#pragma once

#include <string>

namespace deadrelu {

// Of the tables of a fixed sweep, which it trains in a temporary folder: 16 hex digits. Throws
// UserError(kInputOutput) where nothing can be written there.
std::string fingerprint();

}  // namespace deadrelu
