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

}  // namespace deadrelu
