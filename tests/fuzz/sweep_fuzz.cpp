// The sweep of a config.
#include "config/experiment_config.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzzing::allow_sentences([&] {
    const std::string text = R"({"data": {"kind": "xor"}, "model": {"hidden": [2]}, "sweep": )" +
                             std::string(fuzzing::text_of(data, size)) + "}";
    const ExperimentConfig config({text, "config", "", "fuzz", {}});
    const std::uint64_t count = config.run_count();
    const RunStream next = config.runs();
    PlannedRun run;
    std::uint64_t walked = 0;
    while (walked < 200 && next(run)) ++walked;
    if (walked < 200 && walked != count) std::abort();
  });
  return 0;
}
