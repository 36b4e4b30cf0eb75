// The rows of `remedy`. A part of it that has a name (or a rule) may be given by it alone, and several of them
// together as "redo+l2_init".

#include "config/key.h"

namespace deadrelu {
namespace {

template <auto Member>
constexpr Field penalty = field<&RunSpec::remedy, &RemedySpec::penalty, Member>;
template <auto Member>
constexpr Field perturb = field<&RunSpec::remedy, &RemedySpec::perturb, Member>;
template <auto Member>
constexpr Field lift = field<&RunSpec::remedy, &RemedySpec::lift, Member>;

template <auto Member>
constexpr Field reset_key = field<&RunSpec::remedy, &RemedySpec::reset, Member>;

bool is_grama(const RunSpec& run) { return run.remedy.reset.rule == ResetRule::kGrama; }

}  // namespace

std::vector<Key> remedy_keys() {
  return {
      choice("remedy.penalty.name", penalty<&PenaltySpec::kind>,
             "A penalty beside the loss, on all trained parameters: l1 strength·Σ|θ|; l2_init "
             "strength/2·Σ(θ − θ₀)² with the run's initial parameters θ₀ (Kumar et al. 2023), so that "
             "strength·(θ − θ₀) is added to the gradient. It comes before clipping and enters momentum and "
             "adaptive steps; recorded losses and gradients are those of the loss alone."),
      real("remedy.penalty.strength", penalty<&PenaltySpec::strength>, kNotNegative,
           "What the penalty is multiplied by.")
          .with_any(names_of<Penalty>())
          .by_default_where(
              1e-4, [](const RunSpec& run) { return run.remedy.penalty.kind == Penalty::kL1; }, "l1",
              "remedy.penalty.name"),
      real("remedy.perturb.shrink", perturb<&PerturbSpec::shrink>, kShare,
           "Shrink and perturb: θ ← (1 − shrink)·θ + noise·ξ for every trained parameter but those of "
           "normalizations, ξ as remedy.perturb.draw says; 0: none.")
          .without_default(),
      real("remedy.perturb.noise", perturb<&PerturbSpec::noise>, kNotNegative,
           "Scale of what is added; 0: nothing.")
          .without_default(),
      choice(
          "remedy.perturb.draw", perturb<&PerturbSpec::draw>,
          "What is added: normal standard normal numbers (Dohare et al. 2024); init the layer's parameters as "
          "its initializer would draw them anew (Ash, Adams 2020; a constant bias is then no noise); not given: normal.")
          .without_default(),
      integer("remedy.perturb.every", perturb<&PerturbSpec::every>, kSteps,
              "Perturb after every so many updates.")
          .without_default()
          .not_beside("remedy.perturb.at_task"),
      boolean("remedy.perturb.at_task", perturb<&PerturbSpec::at_task>,
              "Instead of remedy.perturb.every: once a task, after its first update; not in the first task.")
          .without_default(),
      boolean("remedy.perturb.normalization", perturb<&PerturbSpec::normalization>,
              "Perturb the gains and shifts of normalizations too. Frozen layers are never perturbed.")
          .without_default(),
      real(
          "remedy.clip_weights.kappa",
          field<&RunSpec::remedy, &RemedySpec::clip_weights, &ClipWeightsSpec::kappa>, kPositive,
          "After every update, weights and biases of every trained layer are moved into ±kappa/√fan_in (Elsayed et "
          "al. 2024, as its text says; their code has other bounds). What lies beyond from the start is cut by the "
          "first update: runs.clipped_initially tells how much.")
          .without_default(),
      integer(
          "remedy.lift.every", lift<&LiftSpec::every>, kSteps,
          "Bias lift: after every so many updates, each unit of a relu layer that is dead on the probe set gets "
          "the least bias with which it is active on remedy.lift.active of the examples; weights stay.")
          .without_default(),
      integer(
          "remedy.lift.active", lift<&LiftSpec::active>, {1, 1e8},
          "Examples of the probe set on which a lifted unit is active, more only where they are equal; not given: 1.")
          .without_default()
          .beside("remedy.lift.every"),
  };
}

std::vector<Key> reset_keys() {
  return {
      choice(
          "remedy.reset.rule", reset_key<&ResetSpec::rule>,
          "Resets hidden units after an update, judged layer by layer by its batch: redo where mean |activation| is at "
          "most threshold times the layer's mean of it (Sokar et al. 2023); grama the same of |gradient of the incoming "
          "weights| (Liu et al. 2025); in both a layer that is 0 everywhere, wholly; random: any, the control; cbp: the "
          "least useful ones that had time to learn (continual backpropagation, Dohare et al. 2024); frt: silent "
          "(activation 0) on threshold examples on end; snr: silent for longer than the unit is used to (self-normalized "
          "resets, Farias, Jozefiak 2024, as released). Incoming weights are drawn anew from the layer's own initializer "
          "(orthogonal, mirrored: a row alone), the bias is 0, a normalization's numbers are as new. Layers in "
          "train.freeze keep their units, and so does one below; after the last update nothing is reset."),
      integer("remedy.reset.every of redo random", reset_key<&ResetSpec::every>, kSteps,
              "Updates from one event to the next (published: 1000 to 200000)."),
      integer("remedy.reset.every of grama", reset_key<&ResetSpec::every>, {2, 1e12},
              "Updates from one event to the next; at least 2, since a unit whose outgoing weights are 0 "
              "has a gradient of 0 at the update after its reset."),
      integer("remedy.reset.every of snr", reset_key<&ResetSpec::every>, kSteps,
              "Updates from one choice of the units' thresholds to the next."),
      real("remedy.reset.threshold of redo grama", reset_key<&ResetSpec::threshold>, kNotNegative,
           "The highest score that is reset, where a layer's scores average to 1 (published: redo 0 to 0.1).")
          .by_default_where(0.01, is_grama, "grama", "remedy.reset.rule"),
      integer(
          "remedy.reset.threshold of frt", reset_key<&ResetSpec::silent_examples>, kSteps,
          "Silent examples on end that reset a unit, counted in batches on all of whose examples it is silent."),
      real("remedy.reset.fraction of random", reset_key<&ResetSpec::fraction>, kShare,
           "Share of a layer's units that an event resets; less than a unit is kept for the next event."),
      real("remedy.reset.replacement_rate of cbp", reset_key<&ResetSpec::replacement_rate>, kShare,
           "Share of a layer's mature units that every update resets; less than a unit is kept for the next "
           "one (published: 1e-6 to 1e-2)."),
      integer("remedy.reset.maturity of cbp", reset_key<&ResetSpec::maturity>, {0, 1e12},
              "Updates after a reset in which a unit is not judged (published: 10 to 10000)."),
      real("remedy.reset.decay of cbp", reset_key<&ResetSpec::decay>, {0, 1, false, true},
           "Decay of the running means of utility and activation, which are divided by 1 − decay^age."),
      choice(
          "remedy.reset.utility of cbp", reset_key<&ResetSpec::utility>,
          "What a unit is worth: contribution mean |w_out|·mean |h|; adaptable_contribution mean |w_out|·mean |h − its "
          "running mean| ÷ mean |w_in|, 0 where w_in is; h in the batch, weights after the update."),
      real("remedy.reset.percentile of snr", reset_key<&ResetSpec::percentile>, {0, 1, true},
           "A unit's threshold becomes the length that this share of its silences since the last choice do "
           "not exceed (rounded up by at most a 16th) where that is less than it was, else twice the "
           "threshold; without any such silence it stays."),
      integer("remedy.reset.lowest_threshold of snr", reset_key<&ResetSpec::lowest_threshold>, kSteps,
              "Silent examples on end that every unit may have."),
      integer("remedy.reset.highest_threshold of snr", reset_key<&ResetSpec::highest_threshold>, kSteps,
              "Silent examples on end that no unit may have; the threshold that all begin with."),
      real("remedy.reset.until", reset_key<&ResetSpec::until>, kShare,
           "Share of the updates after which nothing is reset.")
          .with_any(names_of<ResetRule>()),
      choice("remedy.reset.outgoing", reset_key<&ResetSpec::outgoing>,
             "A reset unit's outgoing weights: zero, so that a dead unit's reset changes no output; init "
             "drawn anew from the next layer's initializer.")
          .with_any(names_of<ResetRule>()),
      choice(
          "remedy.reset.optimizer_state", reset_key<&ResetSpec::optimizer_state>,
          "The optimizer's state of the reset entries: entry as new, Adam's count of their steps included; moments its "
          "means are 0 and the count goes on, so that Adam's first steps are up to 6.6 learning rates; keep.")
          .with_any(names_of<ResetRule>()),
      choice("remedy.reset.compensation", reset_key<&ResetSpec::compensation>,
             "mean: the biases above gain outgoing weight·mean activation of a reset unit (in the batch; "
             "cbp: running), so that the pre-activations there keep their mean; none.")
          .with_any(names_of<ResetRule>()),
  };
}

}  // namespace deadrelu
