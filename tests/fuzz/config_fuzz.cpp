// A config file, and the first runs of its sweep.
#include "config/experiment_config.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzzing::allow_sentences([&] {
    const ExperimentConfig config({std::string(fuzzing::text_of(data, size)), "config", "", "fuzz", {}});
    const RunStream next = config.runs();
    PlannedRun run;
    for (int i = 0; i < 20 && next(run); ++i) {
    }
    // A resolved config loads again, to the same runs.
    fuzzing::forbid_sentences([&] {
      const ExperimentConfig again({config.resolved_json(), "resolved", "", "fuzz", {}});
      PlannedRun first, same;
      if (config.runs()(first) != again.runs()(same) || first.id != same.id) std::abort();
    });
  });
  return 0;
}
