// Packs in training that only resets act on.
#pragma once

#include <numeric>

#include "train/pack_testing.h"
#include "train/reset.h"

namespace deadrelu {

// A pack in training whose doors only resets stand at.
template <class T>
struct Training {
  explicit Training(OwningPack<T> of)
      : pack(std::move(of)), trainer(pack), resets(pack, trainer.activations().max_samples()) {}

  void gradient(std::uint64_t step) {
    trainer.compute_gradient(step, [&](const BatchBlock<T>& block) { resets.observe(block); });
    resets.observe(trainer.state(), trainer.activations());
  }
  void step(std::uint64_t step) {
    gradient(step);
    trainer.update();
    resets.intervene(trainer.state());
  }
  ParameterSet parameters(std::size_t lane = 0) const {
    return lane_parameters(pack.network.shape, trainer.state().parameters.data(), pack.network.kernels.lanes,
                           lane);
  }
  // How often every hidden unit of a lane has been reset.
  std::vector<std::uint32_t> counts(std::size_t lane = 0) const {
    std::vector<std::uint32_t> counts;
    const auto& resets_of = trainer.state().resets;
    for (std::size_t i = lane; i < resets_of.size(); i += pack.network.kernels.lanes)
      counts.push_back(resets_of[i]);
    return counts;
  }
  std::size_t total(std::size_t lane = 0) const {
    const auto all = counts(lane);
    return std::accumulate(all.begin(), all.end(), std::size_t{0});
  }

  OwningPack<T> pack;
  Trainer<T> trainer;
  Resets<T> resets;
};

// Learns in sequential batches of 8; some units are silent for a while.
inline RunSpec resetting_run(ResetRule rule) {
  RunSpec run = small_run(5);
  run.model.hidden = {12, 9};
  run.init.hidden.weights.kind = run.init.output.weights.kind = WeightInit::kPytorch;
  run.init.hidden.bias = {.kind = BiasInit::kUniform, .low = -0.4, .high = 0.1};
  run.train.sampling = Sampling::kSequential;
  run.train.optimizer = {.learning_rate = 0.05, .momentum = 0.5};
  run.train.steps = 300;
  run.remedy.reset = {.rule = rule, .every = 10};
  if (rule == ResetRule::kGrama) run.remedy.reset.threshold = 0.3;
  run.remedy.reset.replacement_rate = 0.005;
  run.remedy.reset.maturity = 20;
  run.remedy.reset.silent_examples = 24;
  run.remedy.reset.percentile = 0.9;
  run.remedy.reset.lowest_threshold = 24;
  run.remedy.reset.highest_threshold = 64;
  return run;
}

inline std::vector<ResetRule> all_rules() {
  std::vector<ResetRule> rules;
  for (const ResetRule rule : values_of<ResetRule>())
    if (rule != ResetRule::kNone) rules.push_back(rule);
  return rules;
}

}  // namespace deadrelu
