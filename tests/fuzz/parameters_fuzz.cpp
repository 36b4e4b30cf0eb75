// A file of initial parameters.
#include "config/json_files.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzzing::allow_sentences([&] { parse_parameters(fuzzing::text_of(data, size), "parameters"); });
  return 0;
}
