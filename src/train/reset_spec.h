// Which units are reset while a network learns, when, and what is done to them.
#pragma once

#include <cstdint>

#include "base/enum_names.h"

namespace deadrelu {

// Which units of each hidden layer, judged by the batches that updates are made with.
enum class ResetRule {
  kNone,
  kRedo,    // mean |h| ≤ threshold times the layer's mean of it         (Sokar, Agarwal, Castro, Evci 2023)
  kRandom,  // any: a control
  kCbp,     // continual backpropagation: of the mature ones those of lowest utility    (Dohare et al. 2024)
  kFrt,     // silent for so many examples on end: a fixed reset threshold
  kSnr,     // self-normalized resets: silent for longer than it is used to        (Farias, Jozefiak 2024)
  kGrama,   // mean |gradient of w_in| ≤ threshold times the layer's mean of it          (Liu et al. 2025)
};
template <>
inline constexpr std::array kNames<ResetRule>{"none", "redo", "random", "cbp", "frt", "snr", "grama"};

// cbp: what a unit is worth.
enum class Utility {
  kContribution,           // mean |w_out| · mean |h|
  kAdaptableContribution,  // mean |w_out| · mean |h − its running mean| ÷ mean |w_in|
};
template <>
inline constexpr std::array kNames<Utility>{"contribution", "adaptable_contribution"};

enum class ResetOutgoing { kZero, kInit };
template <>
inline constexpr std::array kNames<ResetOutgoing>{"zero", "init"};

// The optimizer's state of reset entries: as new, Adam's count of steps included; only its means 0; kept.
enum class ResetState { kEntry, kMoments, kKeep };
template <>
inline constexpr std::array kNames<ResetState>{"entry", "moments", "keep"};

// Whether the biases above gain what a reset unit put into them on average.
enum class Compensation { kNone, kMean };
template <>
inline constexpr std::array kNames<Compensation>{"none", "mean"};

// Only the numbers of the chosen rule matter.
struct ResetSpec {
  ResetRule rule = ResetRule::kNone;
  std::uint64_t every =
      1000;                // updates: redo, random, grama between events; snr between choices of thresholds
  double threshold = 0.1;  // redo, grama
  double fraction = 0.1;   // random: of a layer's units an event
  double replacement_rate = 1e-4;            // cbp: of a layer's mature units an update
  std::uint64_t maturity = 100;              // cbp: updates in which a unit is not judged
  double decay = 0.99;                       // cbp: of running means
  Utility utility = Utility::kContribution;  // cbp
  std::uint64_t silent_examples = 1000;      // frt
  double percentile = 0.99;                  // snr: of a unit's silences
  std::uint64_t lowest_threshold = 100, highest_threshold = 20000;  // snr: examples
  double until = 1;  // no event after this share of the updates
  ResetOutgoing outgoing = ResetOutgoing::kZero;
  ResetState optimizer_state = ResetState::kEntry;
  Compensation compensation = Compensation::kNone;

  bool judges_every_step() const {
    return rule == ResetRule::kCbp || rule == ResetRule::kFrt || rule == ResetRule::kSnr;
  }
  bool renews_counts() const { return rule != ResetRule::kNone && optimizer_state == ResetState::kEntry; }
  bool operator==(const ResetSpec&) const = default;
};

}  // namespace deadrelu
