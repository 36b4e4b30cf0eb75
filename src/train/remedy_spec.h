// What is done against dead units while a network learns: one member a remedy, none of them at first.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/enum_names.h"
#include "train/reset_spec.h"

namespace deadrelu {

// A term of the objective beside the loss; its gradient is added to the loss's before anything else.
enum class Penalty {
  kNone,
  kL1,      // strength·Σ|θ|
  kL2Init,  // strength/2·Σ(θ − θ₀)², θ₀: the run's initial parameters (Kumar et al. 2023)
};
template <>
inline constexpr std::array kNames<Penalty>{"none", "l1", "l2_init"};

struct PenaltySpec {
  Penalty kind = Penalty::kNone;
  double strength = 0.01;

  bool operator==(const PenaltySpec&) const = default;
};

// What a perturbation adds.
enum class Noise {
  kNormal,  // standard normal numbers
  kInit,    // the layer's parameters drawn anew from its own initializer (Ash, Adams 2020)
};
template <>
inline constexpr std::array kNames<Noise>{"normal", "init"};

// θ ← (1 − shrink)·θ + noise·ξ, after every so many updates, or after the first one of every task but the first.
struct PerturbSpec {
  double shrink = 0, noise = 0;
  Noise draw = Noise::kNormal;
  std::uint64_t every = 0;     // 0: not
  bool at_task = false;        // not without tasks
  bool normalization = false;  // gains and shifts too

  bool operator==(const PerturbSpec&) const = default;
};

// After every update, weights and biases are moved into ±kappa/√fan_in (Elsayed et al. 2024).
struct ClipWeightsSpec {
  double kappa = 0;  // 0: not

  double bound(std::size_t fan_in) const {
    return kappa > 0 ? kappa / std::sqrt(static_cast<double>(fan_in))
                     : std::numeric_limits<double>::infinity();
  }
  bool operator==(const ClipWeightsSpec&) const = default;
};

// After every so many updates, the bias of each ReLU that is dead on the probe set rises to the least number with which
// it is active on `active` examples of it.
struct LiftSpec {
  std::uint64_t every = 0;  // 0: not
  std::uint64_t active = 1;

  bool operator==(const LiftSpec&) const = default;
};

struct RemedySpec {
  ResetSpec reset = {};
  PenaltySpec penalty = {};
  PerturbSpec perturb = {};
  ClipWeightsSpec clip_weights = {};
  LiftSpec lift = {};

  bool operator==(const RemedySpec&) const = default;
};

}  // namespace deadrelu
