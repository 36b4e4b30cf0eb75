#include "probe/columns.h"

#include <algorithm>

namespace deadrelu {
namespace {

const ColumnInfo kStep{"step", "steps", "The recorded step.",
                       "The row describes the network after this many updates; 0 is the initialization."};
const ColumnInfo kLayer{"layer", "1", "The layer's number.",
                        "1 is the first hidden layer; the output layer follows the last hidden one."};

using M = MetricsRow;
const ColumnOf<M> kMetrics[] = {
    {kStep, &M::step},
    {"epoch", &M::epoch, "epochs", "Passes over the training split so far.",
     "step / batches in an epoch; empty for a stream without epochs."},
    {"learning_rate", &M::learning_rate, "1", "Learning rate of the update that follows.",
     "The schedule's value for update step + 1; at the last step that update is measured and not kept."},
    {"batch_loss", &M::batch_loss, "1", "Loss on the batch of the update that follows.",
     "Mean over the batch that update step + 1 takes, before that update; at the last step it is measured "
     "and not kept."},
    {"train_loss", &M::train_loss, "1", "Loss on the training split.",
     "Mean loss over the evaluated examples of the training split (record.probe.samples)."},
    {"test_loss", &M::test_loss, "1", "Loss on the test split; empty without one.",
     "Mean loss over the evaluated examples of the test split (record.probe.samples)."},
    {"train_accuracy", &M::train_accuracy, "1",
     "Share of training examples classified right, in [0, 1]; empty for regression.",
     "Correct predictions / evaluated examples of the training split (record.probe.samples). The largest "
     "output, activated by model.output_activation, names the class (ties: the first); a lone output the "
     "second class, where it is above 0 (binary_cross_entropy) or above the middle of data.one_hot."},
    {"test_accuracy", &M::test_accuracy, "1",
     "Share of test examples classified right, in [0, 1]; empty for regression.",
     "Correct predictions, as in train_accuracy, / evaluated examples of the test split "
     "(record.probe.samples)."},
    {"grad_norm", &M::grad_norm, "1", "Size of the gradient of the update that follows.",
     "L2 norm over all parameters of the gradient on the batch of update step + 1, before clipping; summed "
     "in double. That of a layer in train.freeze is 0."},
    {"zero_gradient_entries", &M::zero_gradient_entries, "1",
     "Share of the parameters that the next batch does not move, in [0, 1].",
     "Entries of the gradient on the batch of update step + 1 that are exactly 0 / parameters."},
    {"weight_norm", &M::weight_norm, "1", "Size of all weights.",
     "L2 norm of the weights of all layers, without biases."},
    {"dead_fraction", &M::dead_fraction, "1", "Share of dead units among all hidden units, in [0, 1].",
     "Hidden units whose activation is 0 on every probe input / hidden units (Lu et al. 2019). Outputs are no "
     "units, whatever model.output_activation is."},
    {"output_std", &M::output_std, "1", "How much the network's outputs depend on its input.",
     "Root of the mean, over the outputs, of each output's variance over the probe inputs; exactly 0 where the "
     "network is a constant. Of outputs with an activation: of what it puts out."},
    {"output_min", &M::output_min, "1", "Smallest output of the network.",
     "Minimum over all outputs and probe inputs."},
    {"output_max", &M::output_max, "1", "Largest output of the network.",
     "Maximum over all outputs and probe inputs."},
};

using L = LayerRow;
const ColumnOf<L> kLayers[] = {
    {kStep, &L::step},
    {kLayer, &L::layer},
    {"units", &L::units, "units", "Units of the layer.", "Its width; maxout: units, not pieces."},
    {"dead_fraction", &L::dead_fraction, "1", "Share of dead units, in [0, 1]; empty on the output layer.",
     "Units whose activation is 0 on every probe input / units (Lu et al. 2019)."},
    {"never_active_fraction", &L::never_active_fraction, "1",
     "Share of units that are never active; empty on the output layer.",
     "Units whose pre-activation is at most 0 on every probe input / units."},
    {"rarely_active_fraction", &L::rarely_active_fraction, "1",
     "Share of rarely active units; empty on the output layer.",
     "Units whose pre-activation is above 0 on fewer than record.thresholds.rarely_active (default 1 %) of "
     "the probe inputs / units."},
    {"always_active_fraction", &L::always_active_fraction, "1",
     "Share of units that are active on every probe input: ReLUs among them only compute a line; empty on the output layer.",
     "Units whose pre-activation is above 0 on every probe input / units (the zombie units of Lyle et al. 2024)."},
    {"dormant_fraction", &L::dormant_fraction, "1", "Share of dormant units; empty on the output layer.",
     "Units whose dormant score, mean |activation| over the layer's mean of it, is at most "
     "record.thresholds.dormant (default 0.025) / units; a layer that is zero everywhere is wholly dormant "
     "(Sokar et al. 2023)."},
    {"saturated_fraction", &L::saturated_fraction, "1",
     "Share of saturated units; empty on the output layer.",
     "Units whose derivative's magnitude is below record.thresholds.saturated (default 1e-7) on every probe "
     "input / units."},
    {"saturated_pairs_fraction", &L::saturated_pairs_fraction, "1",
     "Share of saturated pairs of unit and probe input; empty on the output layer.",
     "Pairs of a unit and a probe input where the derivative's magnitude is below record.thresholds.saturated "
     "(default 1e-7) / pairs; where saturated_fraction counts units that are so on every probe input."},
    {"zero_gradient_fraction", &L::zero_gradient_fraction, "1",
     "Share of units that the next batch cannot move; empty on the output layer.",
     "Units whose incoming weight and bias gradients are all exactly 0 on the batch of update step + 1 / "
     "units."},
    {"dead_input_fraction", &L::dead_input_fraction, "1",
     "Share of probe inputs that the layer loses; empty on the output layer.",
     "Probe inputs on which no unit of the layer has a pre-activation above 0 / probe inputs."},
    {"sparsity", &L::sparsity, "1", "Share of zero activations, in [0, 1]; empty on the output layer.",
     "Activations that are exactly 0 / activations, over all units and probe inputs."},
    {"died", &L::died, "units",
     "Units that died since the previous recorded step; empty on the output layer.",
     "Units that are dead now and were not at the previous recorded step; 0 at step 0."},
    {"revived", &L::revived, "units",
     "Units that came back since the previous recorded step; empty on the output layer.",
     "Units that were dead at the previous recorded step, are not now and were not reset in between; 0 at step 0."},
    {"resets", &L::resets, "units",
     "How often remedy.reset has reset a unit since the previous recorded step; empty on the output layer.",
     "A unit that was reset twice counts twice; 0 at step 0."},
    {"activation_mean", &L::activation_mean, "1", "Mean activation; empty on the output layer.",
     "Mean of the activations over all units and probe inputs."},
    {"activation_std", &L::activation_std, "1", "Spread of the activations; empty on the output layer.",
     "Population standard deviation of the activations over all units and probe inputs."},
    {"preactivation_mean", &L::preactivation_mean, "1", "Mean pre-activation; empty on the output layer.",
     "Mean of the pre-activations over all units and probe inputs."},
    {"preactivation_std", &L::preactivation_std, "1",
     "Spread of the pre-activations; empty on the output layer.",
     "Population standard deviation of the pre-activations over all units and probe inputs."},
    {"preactivation_max_min", &L::preactivation_max_min, "1",
     "How far the unit nearest to death is from it; empty on the output layer.",
     "The smallest, over the units, of the unit's largest pre-activation over the probe inputs; at most 0 "
     "where a unit is never active."},
    {"grad_norm", &L::grad_norm, "1", "Size of the layer's gradient.",
     "L2 norm of the gradient of the layer's weights, bias and prelu slope together, on the batch of update "
     "step + 1, before clipping; summed in double."},
    {"grad_norm_weights", &L::grad_norm_weights, "1", "Size of the gradient of the layer's weights.",
     "L2 norm of the gradient of the weights alone, on the batch of update step + 1, before clipping."},
    {"grad_norm_bias", &L::grad_norm_bias, "1",
     "Size of the gradient of the layer's bias; empty where it has none.",
     "L2 norm of the gradient of the bias alone, on the batch of update step + 1, before clipping."},
    {"grad_rms", &L::grad_rms, "1",
     "Gradient size per parameter: comparable between layers of different widths.",
     "grad_norm / sqrt(number of the layer's parameters)."},
    {"weight_norm", &L::weight_norm, "1", "Size of the layer's weights.",
     "L2 norm of the weights, without the bias."},
    {"bias_mean", &L::bias_mean, "1", "Mean bias; empty where the layer has none.",
     "Mean of the biases over the layer."},
    {"update_ratio", &L::update_ratio, "1", "How far one update moves the weights, relative to their size.",
     "L2 norm of the weights' change in update step + 1 / L2 norm of the weights before it; empty where "
     "these are all 0. At the last step that update is computed, measured and not kept."},
    {"effective_rank", &L::effective_rank, "1",
     "How many directions the activations use; empty on the output layer and where it is not asked for.",
     "exp of the entropy of the singular values of the activations (units by probe inputs), normalised to "
     "sum 1; 0 for a layer that is zero everywhere (Roy & Vetterli 2007). Filled where record.effective_rank "
     "is true; from record.rank_samples of the probe inputs, and too low if these are not many times the units."},
    {"certified_dead_fraction", &L::certified_dead_fraction, "1",
     "Share of units that are dead for certain: for every input of record.domain, not only on the probe set; "
     "empty on the output layer and without record.certify.",
     "Units of which record.certify proves that their activation is 0 for every input of the box / units. In layer "
     "1 such a unit is dead permanently: its inputs stay, and no gradient reaches it any more. In a later layer it is "
     "dead tentatively: while the layers below stay as they are (Shin & Karniadakis 2020)."},
    {"certified_alive_fraction", &L::certified_alive_fraction, "1",
     "Share of units that are alive for certain, on some input of record.domain; empty on the output layer and "
     "without record.certify.",
     "Units of which an input of the box is known where their activation is not 0: one of the probe set, or one that "
     "record.certify came upon and the forward pass confirmed / units. The rest is unknown; it was dead wherever it "
     "was looked at."},
};

using U = UnitRow;
const ColumnOf<U> kUnitTable[] = {
    {kStep, &U::step},
    {kLayer, &U::layer},
    {"unit", &U::unit, "1", "The unit's number within its layer.", "1 is the first unit."},
    {"dead", &U::dead, "1", "1 if the unit is dead, else 0.",
     "The activation is 0 on every probe input (Lu et al. 2019)."},
    {"never_active", &U::never_active, "1", "1 if the unit is never active, else 0.",
     "The pre-activation is at most 0 on every probe input."},
    {"rarely_active", &U::rarely_active, "1", "1 if the unit is rarely active, else 0.",
     "The pre-activation is above 0 on fewer than record.thresholds.rarely_active (default 1 %) of the probe "
     "inputs."},
    {"always_active", &U::always_active, "1", "1 if the unit is active on every probe input, else 0.",
     "The pre-activation is above 0 on every probe input."},
    {"dormant", &U::dormant, "1", "1 if the unit is dormant, else 0.",
     "dormant_score is at most record.thresholds.dormant (default 0.025), or the whole layer is zero (Sokar "
     "et al. 2023)."},
    {"saturated", &U::saturated, "1", "1 if the unit is saturated, else 0.",
     "The derivative's magnitude is below record.thresholds.saturated (default 1e-7) on every probe input."},
    {"zero_gradient", &U::zero_gradient, "1", "1 if the next batch cannot move the unit, else 0.",
     "All of the unit's incoming weight and bias gradients are exactly 0 on the batch of update step + 1."},
    {"active_fraction", &U::active_fraction, "1",
     "Share of probe inputs on which the unit is active, in [0, 1].",
     "Probe inputs on which the pre-activation is above 0 / probe inputs."},
    {"dormant_score", &U::dormant_score, "1",
     "The unit's share of its layer's activity; a layer's scores average to 1.",
     "mean |activation| over the probe inputs / the layer's mean of it; 0 where the layer is zero everywhere "
     "(Sokar et al. 2023)."},
    {"activation_mean", &U::activation_mean, "1", "Mean activation.",
     "Mean of the activation over the probe inputs."},
    {"preactivation_mean", &U::preactivation_mean, "1", "Mean pre-activation.",
     "Mean of the pre-activation over the probe inputs."},
    {"preactivation_max", &U::preactivation_max, "1",
     "Largest pre-activation: at most 0 for a unit that is never active.",
     "Maximum of the pre-activation over the probe inputs."},
    {"grad_norm", &U::grad_norm, "1", "Size of the gradient of the unit's own parameters.",
     "L2 norm of the gradient of the unit's incoming weights and bias, on the batch of update step + 1, "
     "before clipping."},
    {"weight_norm", &U::weight_norm, "1", "Size of the unit's incoming weights.",
     "L2 norm of the incoming weights."},
    {"bias", &U::bias, "1", "The unit's bias; empty where the layer has none.",
     "The parameter's value; maxout: the mean over the unit's pieces."},
    {"certified_dead", &U::certified_dead, "1",
     "1 if the unit is dead for every input of record.domain, 0 if it is alive on one of them; empty where neither is "
     "known, and without record.certify.",
     "What record.certify proves, see certified_dead_fraction of layers. dead 1 and certified_dead 0: dead on the probe "
     "set alone."},
};

using S = StreamRow;
const ColumnOf<S> kStreamTable[] = {
    {"bin", &S::bin, "1", "The bin's number.",
     "1 is the first bin; a bin is data.bin examples of the stream."},
    {"from", &S::from, "examples", "Examples before the bin.", "Of the stream, from its start."},
    {"to", &S::to, "examples", "Examples up to the end of the bin.", "Of the stream, from its start."},
    {"loss", &S::loss, "1", "Online loss of the bin.",
     "Mean over the bin's examples of the loss on each before the update that it takes part in."},
    {"accuracy", &S::accuracy, "1", "Online accuracy of the bin, in [0, 1]; empty for regression.",
     "Examples classified right before the update that they take part in / examples of the bin."},
    {"silent_fraction", &S::silent_fraction, "1",
     "Share of hidden units that were silent in the whole bin, in [0, 1].",
     "Hidden units whose activation was 0 on every example of the bin, while it was learned / hidden units; "
     "dead_fraction of the other tables is about the probe set."},
};

using K = TaskRow;
const ColumnOf<K> kTasks[] = {
    {"task", &K::task, "1", "The task's number.", "1 is the first task of data.tasks."},
    {"steps", &K::steps, "steps", "Updates of the task.",
     "Fewer than its length only where the run ended within it; a run that diverges has no row of that task."},
    {"online_loss", &K::online_loss, "1", "Loss on the task's examples while they are learned.",
     "Mean over the task's examples of the loss on each before the update that it takes part in; over a ramp, "
     "examples of the task before count with it."},
    {"online_accuracy", &K::online_accuracy, "1",
     "Accuracy on the task's examples while they are learned, in [0, 1]; empty for regression.",
     "Examples classified right before the update that they take part in / examples of the task (Kumar et al. "
     "2023: online accuracy)."},
    {"loss", &K::loss, "1", "Loss on the training split at the end of the task.",
     "train_loss of metrics after the task's last update, on the task's own inputs and labels."},
    {"accuracy", &K::accuracy, "1",
     "Accuracy on the training split at the end of the task, in [0, 1]; empty for regression.",
     "train_accuracy of metrics after the task's last update, on the task's own inputs and labels."},
    {"dead_fraction", &K::dead_fraction, "1", "Share of dead hidden units at the end of the task, in [0, 1].",
     "Hidden units whose activation is 0 on every probe input, as the task shows it, after the task's last update "
     "/ hidden units."},
};

using D = DeathRow;
std::string event_text(const D& row) { return std::string(name_of(row.event)); }
std::string cause_text(const D& row) {
  return std::string(row.cause == Cause::kNone ? "" : name_of(row.cause));
}

const ColumnOf<D> kDeaths[] = {
    {kLayer, &D::layer},
    {"unit", &D::unit, "1", "The unit's number within its layer.", "1 is the first unit."},
    {"event", event_text, "", "What became of the unit: death, revival or reset.",
     "death: dead at to_step, and not at from_step; revival: the other way round, without a reset; reset: "
     "remedy.reset has reset the unit once or more in between, whatever became of it."},
    {"from_step", &D::from_step, "steps", "The recorded step before.", "The unit as it was then."},
    {"to_step", &D::to_step, "steps", "The recorded step that sees the change.", "The unit as it is then."},
    {"max_before", &D::max_before, "1", "The unit's largest pre-activation at from_step.",
     "Maximum over the probe inputs, as preactivation_max of units; a ReLU is dead where it is at most 0."},
    {"max_after", &D::max_after, "1", "The unit's largest pre-activation at to_step.",
     "Maximum over the probe inputs, as preactivation_max of units."},
    {"share_weights", &D::share_weights, "1",
     "How much of max_after - max_before comes from the unit's own incoming weights.",
     "Shapley share: M(S) is the maximum over the probe inputs where of the unit's weights, its bias and the "
     "activations below those in S are as at to_step and the others as at from_step; the share of k is the mean of "
     "M(S and k) - M(S) over the six orders in which the three can change. The three shares add up to max_after - "
     "max_before. maxout: weights and biases of all pieces. Slopes of prelu are as at to_step throughout. Empty where a "
     "normalization stands before the activation: the pre-activations then hang on the other units, too."},
    {"share_bias", &D::share_bias, "1", "How much of it comes from the unit's own bias.",
     "As share_weights; 0 for a layer without bias."},
    {"share_below", &D::share_below, "1", "How much of it comes from what the layer below puts out.",
     "As share_weights. Exactly 0 in the first layer, except where data.tasks changes the inputs."},
    {"cause", cause_text, "",
     "What made the unit die or come back: weights, bias, below, any or joint; empty for a reset.",
     "The one of the three whose change alone, the two others as at from_step, would have done it; any: two of them "
     "or all three would have, each alone; joint: none of them alone."},
    {"last_step_share", &D::last_step_share, "1",
     "How much of the change came in the one update that did it; empty unless record.deaths is every_step.",
     "(M(t - 1) - M(t)) / (M(from_step) - M(t)): M is the maximum over the probe inputs after so many updates, t the "
     "last update after from_step by which the unit died or came back. 1: at a single blow; near 0: little by little; above 1: after moving the other way."},
    {"dead_before", &D::dead_before, "1", "Whether the unit was dead at from_step, 0 or 1.",
     "Its activation was 0 on every probe input: 0 for a death, 1 for a revival; of a reset it tells whom it met."},
};

using R = RunOutcome;
std::string status_text(const R& outcome) { return std::string(name_of(outcome.status)); }

constexpr SummaryUse kQuantity = SummaryUse::kQuantity, kFlag = SummaryUse::kFlag;
const ColumnOf<R> kRuns[] = {
    {"status", status_text, "", "ok or diverged.",
     "diverged: a loss or a parameter became infinite or not a number, and the run was ended there."},
    {"steps", &R::steps, "steps", "Updates that were made.",
     "Below the planned number only where the run diverged or train.stop ended it."},
    {"diverged_step", &R::diverged_step, "steps", "The step at which the run diverged; empty otherwise.",
     "The number of updates after which a loss or a parameter was first found to be infinite or not a "
     "number."},
    {"stop_step", &R::stop_step, "steps", "The step at which train.stop ended the run; empty otherwise.",
     "The recorded step that met the rule; what describes the end of the run is about this step."},
    {"clipped_initially", &R::clipped_initially, "1",
     "Share of weights and biases that begin beyond the bounds of remedy.clip_weights; empty without it.",
     "(number of weights and biases of trained layers with |value| > kappa/√fan_in at step 0)/(number of them): "
     "what the first update cuts."},
    {"constant_loss", &R::constant_loss, "1", "Loss of the best constant answer on the training split.",
     "The smallest train_loss of a network whose outputs do not depend on the input: of mse the variance of the "
     "targets (their mean is the answer), of mae the mean distance from their median, of the cross entropies the "
     "entropy of the classes' shares; over the evaluated examples (record.probe.samples), as at step 0."},
    {"train_loss_initial", &R::train_loss_initial, "1", "Loss on the training split before any update.",
     "train_loss of metrics at step 0.", kQuantity},
    {"train_loss", &R::train_loss, "1", "Loss on the training split at the end; empty for a diverged run.",
     "train_loss of metrics at the last step.", kQuantity},
    {"test_loss", &R::test_loss, "1",
     "Loss on the test split at the end; empty without one or for a diverged run.",
     "test_loss of metrics at the last step.", kQuantity},
    {"train_accuracy", &R::train_accuracy, "1",
     "Share of training examples classified right at the end, in [0, 1].",
     "train_accuracy of metrics at the last step; empty for regression or for a diverged run.", kQuantity},
    {"test_accuracy", &R::test_accuracy, "1",
     "Share of test examples classified right at the end, in [0, 1].",
     "test_accuracy of metrics at the last step; empty for regression, without a test split or for a "
     "diverged run.",
     kQuantity},
    {"online_loss", &R::online_loss, "1",
     "Loss on the examples of the stream, or of all tasks, while they are learned; empty for a diverged run.",
     "Mean over all of them of the loss on each before the update that it takes part in.", kQuantity},
    {"online_accuracy", &R::online_accuracy, "1",
     "Accuracy on the examples of the stream, or of all tasks, while they are learned, in [0, 1].",
     "Mean over the tasks of their online_accuracy (Kumar et al. 2023: total average online accuracy); empty for "
     "regression or for a diverged run.",
     kQuantity},
    {"dead_fraction_initial", &R::dead_fraction_initial, "1",
     "Share of dead hidden units before any update, in [0, 1].",
     "Hidden units whose activation is 0 on every probe input at step 0 / hidden units.", kQuantity},
    {"dead_fraction", &R::dead_fraction, "1",
     "Share of dead hidden units at the end, in [0, 1]; empty for a diverged run.",
     "Hidden units whose activation is 0 on every probe input at the last step / hidden units.", kQuantity},
    {"dead_fraction_max", &R::dead_fraction_max, "1",
     "The largest share of dead hidden units at any recorded step, in [0, 1].",
     "Maximum of dead_fraction over the recorded steps.", kQuantity},
    {"dead_layers", &R::dead_layers, "layers",
     "Hidden layers that are wholly dead at the end; empty for a diverged run.",
     "Hidden layers of which every unit is dead at the last step.", kQuantity},
    {"born_dead", &R::born_dead, "1", "1 if the network was born dead, else 0.",
     "Some hidden layer is wholly dead at step 0 (Lu et al. 2019).", kFlag},
    {"collapsed", &R::collapsed, "1",
     "1 if the network ended as a constant, else 0; empty for a diverged run.",
     "On the probe set at the last step, max - min of every output, activated by model.output_activation, is at "
     "most 1e-6 * max(1, |output|).",
     kFlag},
    {"deaths", &R::deaths, "units", "How often a unit died.",
     "Sum of died over the hidden layers and the recorded steps.", kQuantity},
    {"revivals", &R::revivals, "units", "How often a dead unit came back.",
     "Sum of revived over the hidden layers and the recorded steps.", kQuantity},
    {"resets", &R::resets, "units", "How often remedy.reset has reset a unit.",
     "Sum of resets over the hidden layers and the recorded steps.", kQuantity},
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
    {"seed", "1", "The run's seed.", "Key of every random stream of the run (Philox; Salmon et al. 2011).",
     SummaryUse::kOmitted, ColumnType::kInteger},
};

Rows outcome_row(const RunRecord& record) {
  return {reinterpret_cast<const std::byte*>(&record.outcome), 1, sizeof(RunOutcome)};
}

}  // namespace

const Tables& result_tables() {
  static const Tables tables{
      {"runs", "run_results", 0, true, nullptr, {std::begin(kRuns), std::end(kRuns)}, outcome_row},
      table_of<M>("metrics", "metric_rows", 1, kMetrics, &RunRecord::metrics, &RecordSpec::metrics),
      table_of<L>("layers", "layer_rows", 2, kLayers, &RunRecord::layers, &RecordSpec::layers),
      table_of<U>("units", "unit_rows", 3, kUnitTable, &RunRecord::units, &RecordSpec::units),
      table_of<S>("stream", "stream_rows", 1, kStreamTable, &RunRecord::stream),
      table_of<K>("tasks", "task_rows", 1, kTasks, &RunRecord::tasks),
      table_of<D>("deaths", "death_rows", 5, kDeaths, &RunRecord::deaths),
      table_of<P>("parameters", "parameter_rows", 1, kParameters, &RunRecord::parameters),
  };
  return tables;
}

std::span<const ColumnInfo> key_columns() { return kKeys; }

bool Table::has_json() const {
  return std::ranges::any_of(columns,
                             [](const Column& column) { return column.info.type == ColumnType::kJson; });
}

std::string_view column_type_name(ColumnType type) {
  constexpr std::string_view kNames[] = {"integer", "real", "text", "json"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace deadrelu
