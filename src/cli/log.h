// Log lines on standard error, through spdlog.
#pragma once

namespace deadrelu {

enum class Verbosity { kQuiet, kNormal, kVerbose };

// Quiet: errors; normal: warnings too; verbose: also what is being done. Colours only on a terminal without
// NO_COLOR.
void set_up_log(Verbosity verbosity);

}  // namespace deadrelu
