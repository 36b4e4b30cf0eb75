#include "train/check_data.h"

namespace deadrelu {

// Resets are of units that are one row of weights and one column of them above.
void check_reset(const RunSpec& run, Found& found) {
  const ResetSpec& reset = run.remedy.reset;
  const auto refuse = [&](bool wrong, const char* key, const char* sentence) {
    if (wrong && reset.rule != ResetRule::kNone)
      found.push_back({std::string("remedy.reset.") + key, sentence});
  };
  bool has_single_rows = true, has_biases = true;
  for (std::size_t l = 0; l < run.model.hidden.size(); ++l) {
    const Activation kind = run.model.activation_of(l).kind;
    has_single_rows &= kind != Activation::kMaxout && kind != Activation::kCrelu;
    has_biases &= run.model.has_bias(l + 1);
  }
  const bool compensates = reset.compensation == Compensation::kMean;
  const NormalizationSpec& norm = run.model.normalization;
  refuse(!has_single_rows, "rule",
         "units of maxout and crelu have several rows of weights or outputs, and only those with one can be "
         "reset; take another activation, or none");
  refuse(
      run.model.skip, "rule",
      "with model.skip a unit's outgoing weights also carry what passes its layer by; take false, or none");
  refuse(compensates && !has_biases, "compensation", "mean goes into the biases above; give layers biases");
  refuse(compensates && norm.kind != Normalization::kNone && norm.position == Position::kAfterActivation,
         "compensation", "mean is of activations, and a normalization after them changes them; take none");
  refuse(reset.rule == ResetRule::kSnr && reset.lowest_threshold > reset.highest_threshold,
         "lowest_threshold", "may not be above highest_threshold");
  const OptimizerSpec& optimizer = run.train.optimizer;
  refuse(optimizer.kind == Optimizer::kSgd && optimizer.dampening != 0 && reset.renews_counts(),
         "optimizer_state", "entry begins with a step that dampening does not damp; take 0, or moments");
}

}  // namespace deadrelu
