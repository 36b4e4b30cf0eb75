// The learning rate of every update.
#pragma once

#include <cstdint>

#include "train/run_spec.h"

namespace deadrelu {

// The learning rate of update i (from 0) of n, as the formulas at `Schedule` say. In double, the same bits on
// every machine. i may be n: the update that is measured after the last step and not kept.
double scheduled_learning_rate(double learning_rate, const ScheduleSpec& schedule, std::uint64_t i,
                               std::uint64_t n);

}  // namespace deadrelu
