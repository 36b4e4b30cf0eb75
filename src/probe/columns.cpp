#include "probe/columns.h"

#include <algorithm>

#include "probe/layers_json.h"

namespace deadrelu {
namespace {

constexpr char kNumber[] = "1";
constexpr char kSteps[] = "steps";
constexpr char kUnits[] = "units";

const ColumnInfo kStep{"step", kSteps, "The recorded step.",
                       "The row describes the network after this many updates; 0 is the initialization."};
const ColumnInfo kLayer{"layer", kNumber, "The layer's number.",
                        "1 is the first hidden layer; the output layer follows the last hidden one."};

using M = MetricsRow;
const ColumnOf<M> kMetrics[] = {
    {kStep, &M::step},
    {{"epoch", "epochs", "Passes over the training split so far.",
      "step / batches in an epoch; empty for a stream without epochs."},
     &M::epoch},
    {{"learning_rate", kNumber, "Learning rate of the update that follows.",
      "The schedule's value for update step + 1; at the last step that update is measured and not kept."},
     &M::learning_rate},
    {{"batch_loss", kNumber, "Loss on the batch of the update that follows.",
      "Mean over the batch that update step + 1 takes, before that update; at the last step it is measured "
      "and not kept."},
     &M::batch_loss},
    {{"train_loss", kNumber, "Loss on the training split.",
      "Mean loss over the evaluated examples of the training split (record.probe.samples)."},
     &M::train_loss},
    {{"test_loss", kNumber, "Loss on the test split; empty without one.",
      "Mean loss over the evaluated examples of the test split (record.probe.samples)."},
     &M::test_loss},
    {{"train_accuracy", kNumber,
      "Share of training examples classified right, in [0, 1]; empty for regression.",
      "Correct predictions / evaluated examples of the training split (record.probe.samples)."},
     &M::train_accuracy},
    {{"test_accuracy", kNumber, "Share of test examples classified right, in [0, 1]; empty for regression.",
      "Correct predictions / evaluated examples of the test split (record.probe.samples)."},
     &M::test_accuracy},
    {{"grad_norm", kNumber, "Size of the gradient of the update that follows.",
      "L2 norm over all parameters of the gradient on the batch of update step + 1, before clipping; summed "
      "in double."},
     &M::grad_norm},
    {{"weight_norm", kNumber, "Size of all weights.",
      "L2 norm of the weights of all layers, without biases."},
     &M::weight_norm},
    {{"dead_fraction", kNumber, "Share of dead units among all hidden units, in [0, 1].",
      "Hidden units whose activation is 0 on every probe input / hidden units (Lu et al. 2019)."},
     &M::dead_fraction},
};

using L = LayerRow;
const ColumnOf<L> kLayers[] = {
    {kStep, &L::step},
    {kLayer, &L::layer},
    {{"units", kUnits, "Units of the layer.", "Its width; maxout: units, not pieces."}, &L::units},
    {{"dead_fraction", kNumber, "Share of dead units, in [0, 1]; empty on the output layer.",
      "Units whose activation is 0 on every probe input / units (Lu et al. 2019)."},
     &L::dead_fraction},
    {{"never_active_fraction", kNumber, "Share of units that are never active; empty on the output layer.",
      "Units whose pre-activation is at most 0 on every probe input / units."},
     &L::never_active_fraction},
    {{"rarely_active_fraction", kNumber, "Share of rarely active units; empty on the output layer.",
      "Units whose pre-activation is above 0 on fewer than record.thresholds.rarely_active (default 1 %) of "
      "the probe inputs / units."},
     &L::rarely_active_fraction},
    {{"dormant_fraction", kNumber, "Share of dormant units; empty on the output layer.",
      "Units whose dormant score, mean |activation| over the layer's mean of it, is at most "
      "record.thresholds.dormant (default 0.025) / units; a layer that is zero everywhere is wholly dormant "
      "(Sokar et al. 2023)."},
     &L::dormant_fraction},
    {{"saturated_fraction", kNumber, "Share of saturated units; empty on the output layer.",
      "Units whose derivative's magnitude is below record.thresholds.saturated (default 1e-7) on every probe "
      "input / units."},
     &L::saturated_fraction},
    {{"zero_gradient_fraction", kNumber,
      "Share of units that the next batch cannot move; empty on the output layer.",
      "Units whose incoming weight and bias gradients are all exactly 0 on the batch of update step + 1 / "
      "units."},
     &L::zero_gradient_fraction},
    {{"dead_input_fraction", kNumber,
      "Share of probe inputs that the layer loses; empty on the output layer.",
      "Probe inputs on which no unit of the layer has a pre-activation above 0 / probe inputs."},
     &L::dead_input_fraction},
    {{"sparsity", kNumber, "Share of zero activations, in [0, 1]; empty on the output layer.",
      "Activations that are exactly 0 / activations, over all units and probe inputs."},
     &L::sparsity},
    {{"died", kUnits, "Units that died since the previous recorded step; empty on the output layer.",
      "Units that are dead now and were not at the previous recorded step; 0 at step 0."},
     &L::died},
    {{"revived", kUnits, "Units that came back since the previous recorded step; empty on the output layer.",
      "Units that were dead at the previous recorded step and are not now; 0 at step 0."},
     &L::revived},
    {{"activation_mean", kNumber, "Mean activation; empty on the output layer.",
      "Mean of the activations over all units and probe inputs."},
     &L::activation_mean},
    {{"activation_std", kNumber, "Spread of the activations; empty on the output layer.",
      "Population standard deviation of the activations over all units and probe inputs."},
     &L::activation_std},
    {{"preactivation_mean", kNumber, "Mean pre-activation; empty on the output layer.",
      "Mean of the pre-activations over all units and probe inputs."},
     &L::preactivation_mean},
    {{"preactivation_std", kNumber, "Spread of the pre-activations; empty on the output layer.",
      "Population standard deviation of the pre-activations over all units and probe inputs."},
     &L::preactivation_std},
    {{"preactivation_max_min", kNumber,
      "How far the unit nearest to death is from it; empty on the output layer.",
      "The smallest, over the units, of the unit's largest pre-activation over the probe inputs; at most 0 "
      "where a unit is never active."},
     &L::preactivation_max_min},
    {{"grad_norm", kNumber, "Size of the layer's gradient.",
      "L2 norm of the gradient of the layer's weights, bias and prelu slope together, on the batch of update "
      "step + 1, before clipping; summed in double."},
     &L::grad_norm},
    {{"grad_norm_weights", kNumber, "Size of the gradient of the layer's weights.",
      "L2 norm of the gradient of the weights alone, on the batch of update step + 1, before clipping."},
     &L::grad_norm_weights},
    {{"grad_norm_bias", kNumber, "Size of the gradient of the layer's bias; empty where it has none.",
      "L2 norm of the gradient of the bias alone, on the batch of update step + 1, before clipping."},
     &L::grad_norm_bias},
    {{"grad_rms", kNumber, "Gradient size per parameter: comparable between layers of different widths.",
      "grad_norm / sqrt(number of the layer's parameters)."},
     &L::grad_rms},
    {{"weight_norm", kNumber, "Size of the layer's weights.", "L2 norm of the weights, without the bias."},
     &L::weight_norm},
    {{"bias_mean", kNumber, "Mean bias; empty where the layer has none.",
      "Mean of the biases over the layer."},
     &L::bias_mean},
    {{"update_ratio", kNumber, "How far one update moves the weights, relative to their size.",
      "L2 norm of the weights' change in update step + 1 / L2 norm of the weights before it; empty where "
      "these are all 0. At the last step that update is computed, measured and not kept."},
     &L::update_ratio},
    {{"effective_rank", kNumber,
      "How many directions the activations use; empty on the output layer and where it is not asked for.",
      "exp of the entropy of the singular values of the activations (units by probe inputs), normalised to "
      "sum 1; 0 for a layer that is zero everywhere (Roy & Vetterli 2007). Filled where record.effective_rank "
      "is true."},
     &L::effective_rank},
};

using U = UnitRow;
const ColumnOf<U> kUnitTable[] = {
    {kStep, &U::step},
    {kLayer, &U::layer},
    {{"unit", kNumber, "The unit's number within its layer.", "1 is the first unit."}, &U::unit},
    {{"dead", kNumber, "1 if the unit is dead, else 0.",
      "The activation is 0 on every probe input (Lu et al. 2019)."},
     &U::dead},
    {{"never_active", kNumber, "1 if the unit is never active, else 0.",
      "The pre-activation is at most 0 on every probe input."},
     &U::never_active},
    {{"rarely_active", kNumber, "1 if the unit is rarely active, else 0.",
      "The pre-activation is above 0 on fewer than record.thresholds.rarely_active (default 1 %) of the "
      "probe inputs."},
     &U::rarely_active},
    {{"dormant", kNumber, "1 if the unit is dormant, else 0.",
      "dormant_score is at most record.thresholds.dormant (default 0.025), or the whole layer is zero (Sokar "
      "et al. 2023)."},
     &U::dormant},
    {{"saturated", kNumber, "1 if the unit is saturated, else 0.",
      "The derivative's magnitude is below record.thresholds.saturated (default 1e-7) on every probe input."},
     &U::saturated},
    {{"zero_gradient", kNumber, "1 if the next batch cannot move the unit, else 0.",
      "All of the unit's incoming weight and bias gradients are exactly 0 on the batch of update step + 1."},
     &U::zero_gradient},
    {{"active_fraction", kNumber, "Share of probe inputs on which the unit is active, in [0, 1].",
      "Probe inputs on which the pre-activation is above 0 / probe inputs."},
     &U::active_fraction},
    {{"dormant_score", kNumber, "The unit's share of its layer's activity; a layer's scores average to 1.",
      "mean |activation| over the probe inputs / the layer's mean of it; 0 where the layer is zero "
      "everywhere (Sokar et al. 2023)."},
     &U::dormant_score},
    {{"activation_mean", kNumber, "Mean activation.", "Mean of the activation over the probe inputs."},
     &U::activation_mean},
    {{"preactivation_mean", kNumber, "Mean pre-activation.",
      "Mean of the pre-activation over the probe inputs."},
     &U::preactivation_mean},
    {{"preactivation_max", kNumber, "Largest pre-activation: at most 0 for a unit that is never active.",
      "Maximum of the pre-activation over the probe inputs."},
     &U::preactivation_max},
    {{"grad_norm", kNumber, "Size of the gradient of the unit's own parameters.",
      "L2 norm of the gradient of the unit's incoming weights and bias, on the batch of update step + 1, "
      "before clipping."},
     &U::grad_norm},
    {{"weight_norm", kNumber, "Size of the unit's incoming weights.", "L2 norm of the incoming weights."},
     &U::weight_norm},
    {{"bias", kNumber, "The unit's bias; empty where the layer has none.",
      "The parameter's value; maxout: the mean over the unit's pieces."},
     &U::bias},
};

using S = StreamRow;
const ColumnOf<S> kStreamTable[] = {
    {{"bin", kNumber, "The bin's number.", "1 is the first bin; a bin is data.bin examples of the stream."},
     &S::bin},
    {{"from", "examples", "Examples before the bin.", "Of the stream, from its start."}, &S::from},
    {{"to", "examples", "Examples up to the end of the bin.", "Of the stream, from its start."}, &S::to},
    {{"loss", kNumber, "Online loss of the bin.",
      "Mean over the bin's examples of the loss on each before the update that it takes part in."},
     &S::loss},
    {{"accuracy", kNumber, "Online accuracy of the bin, in [0, 1]; empty for regression.",
      "Examples classified right before the update that they take part in / examples of the bin."},
     &S::accuracy},
    {{"silent_fraction", kNumber, "Share of hidden units that were silent in the whole bin, in [0, 1].",
      "Hidden units whose activation was 0 on every example of the bin, while it was learned / hidden "
      "units; dead_fraction of the other tables is about the probe set."},
     &S::silent_fraction},
};

using R = RunOutcome;
std::string status_text(const R& outcome) { return std::string(name_of(outcome.status)); }

constexpr SummaryUse kQuantity = SummaryUse::kQuantity, kFlag = SummaryUse::kFlag;
const ColumnOf<R> kRuns[] = {
    {{"status", "", "ok or diverged.",
      "diverged: a loss or a parameter became infinite or not a number, and the run was ended there."},
     status_text},
    {{"steps", kSteps, "Updates that were made.", "Below the planned number only where the run diverged."},
     &R::steps},
    {{"diverged_step", kSteps, "The step at which the run diverged; empty otherwise.",
      "The number of updates after which a loss or a parameter was first found to be infinite or not a "
      "number."},
     &R::diverged_step},
    {{"train_loss_initial", kNumber, "Loss on the training split before any update.",
      "train_loss of metrics at step 0.", kQuantity},
     &R::train_loss_initial},
    {{"train_loss", kNumber, "Loss on the training split at the end; empty for a diverged run.",
      "train_loss of metrics at the last step.", kQuantity},
     &R::train_loss},
    {{"test_loss", kNumber, "Loss on the test split at the end; empty without one or for a diverged run.",
      "test_loss of metrics at the last step.", kQuantity},
     &R::test_loss},
    {{"train_accuracy", kNumber, "Share of training examples classified right at the end, in [0, 1].",
      "train_accuracy of metrics at the last step; empty for regression or for a diverged run.", kQuantity},
     &R::train_accuracy},
    {{"test_accuracy", kNumber, "Share of test examples classified right at the end, in [0, 1].",
      "test_accuracy of metrics at the last step; empty for regression, without a test split or for a "
      "diverged run.",
      kQuantity},
     &R::test_accuracy},
    {{"dead_fraction_initial", kNumber, "Share of dead hidden units before any update, in [0, 1].",
      "Hidden units whose activation is 0 on every probe input at step 0 / hidden units.", kQuantity},
     &R::dead_fraction_initial},
    {{"dead_fraction", kNumber, "Share of dead hidden units at the end, in [0, 1]; empty for a diverged run.",
      "Hidden units whose activation is 0 on every probe input at the last step / hidden units.", kQuantity},
     &R::dead_fraction},
    {{"dead_fraction_max", kNumber, "The largest share of dead hidden units at any recorded step, in [0, 1].",
      "Maximum of dead_fraction over the recorded steps.", kQuantity},
     &R::dead_fraction_max},
    {{"dead_layers", "layers", "Hidden layers that are wholly dead at the end; empty for a diverged run.",
      "Hidden layers of which every unit is dead at the last step.", kQuantity},
     &R::dead_layers},
    {{"born_dead", kNumber, "1 if the network was born dead, else 0.",
      "Some hidden layer is wholly dead at step 0 (Lu et al. 2019).", kFlag},
     &R::born_dead},
    {{"collapsed", kNumber, "1 if the network ended as a constant, else 0; empty for a diverged run.",
      "On the probe set at the last step, max - min of every output is at most 1e-6 * max(1, |output|).",
      kFlag},
     &R::collapsed},
    {{"deaths", kUnits, "How often a unit died.",
      "Sum of died over the hidden layers and the recorded steps.", kQuantity},
     &R::deaths},
    {{"revivals", kUnits, "How often a dead unit came back.",
      "Sum of revived over the hidden layers and the recorded steps.", kQuantity},
     &R::revivals},
};

using P = ParameterSnapshot;
const ColumnOf<P> kParameters[] = {
    {kStep, &P::step},
    {{"layers", "", "The parameters of every layer, the output layer last.",
      "A list of objects: weights [out][in]; bias [out] where the layer has one; slope for prelu. Shortest "
      "decimals that read back to the same bits of the run's precision. A line is a valid init.file."},
     layers_json,
     ColumnType::kJson},
};

const ColumnInfo kKeys[] = {
    {"run_id", "", "The run's id: 16 hex digits.",
     "Hash of the canonical resolved config of the run and the engine epoch: the same point in two sweeps "
     "has the same id and the same numbers."},
    {"seed", kNumber, "The run's seed.",
     "Key of every random stream of the run (Philox; Salmon et al. 2011).", SummaryUse::kOmitted,
     ColumnType::kInteger},
};

Rows outcome_row(const RunRecord& record) {
  return {reinterpret_cast<const std::byte*>(&record.outcome), 1, sizeof(RunOutcome)};
}

}  // namespace

const Tables& result_tables() {
  static const Tables tables{
      {"runs", "run_results", 0, true, {std::begin(kRuns), std::end(kRuns)}, outcome_row},
      table_of<M>("metrics", "metric_rows", 1, kMetrics, &RunRecord::metrics),
      table_of<L>("layers", "layer_rows", 2, kLayers, &RunRecord::layers),
      table_of<U>("units", "unit_rows", 3, kUnitTable, &RunRecord::units),
      table_of<S>("stream", "stream_rows", 1, kStreamTable, &RunRecord::stream),
      table_of<P>("parameters", "parameter_rows", 1, kParameters, &RunRecord::parameters),
  };
  return tables;
}

std::span<const ColumnInfo> key_columns() { return kKeys; }

bool Table::has_json() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& column) { return column.info.type == ColumnType::kJson; });
}

std::string_view column_type_name(ColumnType type) {
  constexpr std::string_view kNames[] = {"integer", "real", "text", "json"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace deadrelu
