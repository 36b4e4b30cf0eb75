// Initial parameters from a JSON file: what init.file names and record.parameters writes.
#pragma once

#include <string>
#include <string_view>

#include "nn/model.h"

namespace deadrelu {

// Reads {"layers": [{"weights": [[…in]…out], "bias": [out], "slope": x}, …]}, hidden layers first, output
// layer last; bias and slope may be missing, "run_id" and "step" are ignored. Throws UserError: kInputOutput
// where the file cannot be read (regular files up to 64 MiB), kUsage, with line and JSON pointer, where its
// content is wrong.
ParameterSet read_parameter_file(const std::string& path);

// The same of a text; `label` is what errors call it.
ParameterSet parse_parameters(std::string_view text, const std::string& label);

}  // namespace deadrelu
