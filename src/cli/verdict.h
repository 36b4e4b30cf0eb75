// Whether results confirm a claim.
#pragma once

#include <cstddef>

#include "config/claims.h"
#include "store/result_store.h"
#include "store/statistics.h"

namespace deadrelu {

// What a claim's query gives: the mean of its rows and the 95 % interval of that mean.
struct Measurement {
  std::size_t samples = 0;  // rows that are not NULL
  double value = kMissing;  // missing without a sample
  Interval interval;  // Wilson's where all samples are 0 or 1, else Student's; missing below two samples
};

// Throws UserError(kUsage), naming the claim, for a query that is wrong or does not give one column of
// numbers.
Measurement measure(const StoreReader& store, const Claim& claim);

// The value is in the accepted range; where that has one end only, the whole interval is.
bool confirms(const Measurement& measurement, const Claim& claim);

}  // namespace deadrelu
