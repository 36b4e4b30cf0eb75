// From a config's text to its runs.
#include <benchmark/benchmark.h>

#include "config/experiment_config.h"

namespace deadrelu {
namespace {

void expand_sweep(benchmark::State& state) {
  const ExperimentConfig config({R"({
    "data": { "kind": "function", "function": "abs" }, "model": { "hidden": [16, 16] },
    "sweep": { "grid": { "train.optimizer.learning_rate": { "log": [1e-3, 10, 100] }, "init.bias": [0, -1, -2] },
               "seeds": 1000 }
  })",
                                 "bench",
                                 "",
                                 "bench",
                                 {}});
  RunStream runs = config.runs();
  PlannedRun run;
  for (auto _ : state) {
    if (!runs(run)) {
      runs = config.runs();
      runs(run);
    }
    benchmark::DoNotOptimize(run.id);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(expand_sweep);

}  // namespace
}  // namespace deadrelu
