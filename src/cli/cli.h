// The command line: parses it, runs the command, turns every error into a sentence and an exit code.
#pragma once

namespace deadrelu {

// Returns the exit code of the program (base/error.h; 128+n when stopped by signal n). Never throws.
int run_command_line(int argc, const char* const* argv);

}  // namespace deadrelu
