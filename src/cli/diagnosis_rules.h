// The rules of `diagnose`: ours, and those of other tools.
#pragma once

#include <string_view>

namespace deadrelu {

// A rule of ours, or with the condition of another tool, as SQL over a row x of one table; NULL: not recorded.
struct DiagnosisRule {
  const char* name;       // TOOL/RULE; ours have no tool
  const char* table;      // "layers" (of hidden layers), "metrics", "runs"
  const char* condition;  // what holds
  const char* number;     // how many units it is about; of runs: since which step; "NULL": not told
  bool about_death;       // whether it calls a layer or a network dead
  const char* meaning;    // or whose condition it is, and in what it differs here
  const char* recorded;   // what makes its statistic recorded
  const char* remedy;     // what the literature offers

  bool counts_units() const {
    return std::string_view(table) == "layers" && std::string_view(number) != "NULL";
  }
};

inline constexpr const char* kTryReviving =
    "a lower learning rate, leaky_relu, remedy.reset redo (Sokar et al. 2023) or remedy.penalty l2_init (Kumar et al. 2023)";
inline constexpr const char* kTryLargerGradients =
    "init.weights he_normal (He et al. 2015), fewer layers, or a residual connection (He et al. 2016)";
inline constexpr const char* kTrySmallerSteps =
    "a lower learning rate, train.clip_norm (Pascanu et al. 2013) or a smaller init.gain";
inline constexpr const char* kRecordLayers = "record.tables with layers";

inline constexpr DiagnosisRule kDiagnosisRules[] = {
    {"dead_layer", "layers", "x.dead_fraction = 1", "x.units", true,
     "every unit of the layer is dead on the probe set (Lu et al. 2019)", kRecordLayers, kTryReviving},
    {"dying", "layers", "x.dead_fraction >= 0.1 AND x.dead_fraction - $born >= 0.1",
     "x.dead_fraction * x.units", false, "the share of dead units is at least 0.1 above that at birth",
     kRecordLayers, kTryReviving},
    {"saturated", "layers", "x.saturated_fraction >= 0.5", "x.saturated_fraction * x.units", false,
     "half of the units have no derivative on any probe input", kRecordLayers, kTryLargerGradients},
    {"large_updates", "layers", "x.update_ratio > 1", "NULL", false,
     "an update moves the weights by more than their size", kRecordLayers, kTrySmallerSteps},
    {"born_dead", "runs", "x.born_dead = 1", "0", true, "a whole layer is dead at step 0 (Lu et al. 2019)",
     "", "init.weights rai (Lu et al. 2019), wider or fewer layers"},
    {"collapsed", "runs", "x.collapsed = 1", "NULL", false, "the network ended as a constant", "",
     kTryReviving},
    {"stuck", "runs", "abs(x.train_loss - x.constant_loss) <= 0.01 * x.constant_loss", "NULL", false,
     "the loss is that of the best constant answer, to 1 %", "", kTryReviving},
    {"diverged", "runs", "x.status = 'diverged'", "x.diverged_step", false,
     "a loss or a parameter became infinite or not a number", "", kTrySmallerSteps},
    {"sagemaker/dead_relu", "layers", "x.rarely_active_fraction > 0.5", "x.rarely_active_fraction * x.units",
     true,
     "DeadRelu of Amazon SageMaker Debugger: over 50 % of the units active on under 1 % (record.thresholds.rarely_active)",
     kRecordLayers, kTryReviving},
    {"sagemaker/vanishing_gradient", "layers", "x.grad_rms < 1e-7", "NULL", false,
     "VanishingGradient: mean |g| < 1e-7; here of the root mean square, which is never smaller",
     kRecordLayers, kTryLargerGradients},
    {"autotrainer/dying_relu", "metrics", "x.zero_gradient_entries >= 0.7", "NULL", true,
     "Zhang et al. 2021: 70 % of the gradient's entries are 0 in one batch; here without its condition on the accuracy",
     "record.tables with metrics", kTryReviving},
    {"autotrainer/vanishing_gradient", "layers",
     "x.layer = 1 AND x.grad_norm_weights < 1e-4 AND x.grad_norm_weights < 1e-3 * $output", "NULL", false,
     "Zhang et al. 2021: first over last gradient < 1e-3, and the first < 1e-4", kRecordLayers,
     kTryLargerGradients},
    {"autotrainer/exploding_gradient", "layers", "x.layer = 1 AND x.grad_norm_weights > 70 * $output", "NULL",
     false, "Zhang et al. 2021: first over last gradient > 70", kRecordLayers, kTrySmallerSteps},
    {"thedeepchecker/dead_layer", "layers", "$silent > 0.5 * x.units", "$silent", true,
     "Ben Braiek & Khomh 2023: of over 50 % of the units the 95th percentile of |a| is below 1e-5; here active on under 5 %",
     "record.tables with units", kTryReviving},
    {"thedeepchecker/untrained", "layers", "x.update_ratio = 0", "NULL", false,
     "Ben Braiek & Khomh 2023: an update changes no weight", kRecordLayers, kTryReviving},
    {"thedeepchecker/vanishing_gradient", "layers", "x.grad_rms < 1e-6", "NULL", false,
     "Ben Braiek & Khomh 2023: mean |g| < 1e-6; here of the root mean square, which is never smaller",
     kRecordLayers, kTryLargerGradients},
    {"deepdiagnosis/dead_node", "layers", "x.sparsity >= 0.7", "x.sparsity * x.units", true,
     "Wardat et al. 2022: 70 % of a layer's values are at most 0 (which is sparsity, not death); here on the probe set",
     kRecordLayers, kTryReviving},
};

}  // namespace deadrelu
