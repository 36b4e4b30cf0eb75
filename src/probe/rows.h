// What is recorded and when, as the user writes it; and the rows that a run leaves in the tables: plain
// records. Definitions of every field: probe/columns.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/enum_names.h"
#include "nn/model.h"

namespace deadrelu {

enum class ProbeSplit { kTrain, kTest };
template <>
inline constexpr std::array kNames<ProbeSplit>{"train", "test"};

// How it is found out whether a unit is dead on a whole box of inputs; see probe/certificates.h.
enum class Certify { kNone, kInterval, kLinear, kExact };
template <>
inline constexpr std::array kNames<Certify>{"none", "interval", "linear", "exact"};
// Whether the table deaths is filled, and how closely units are watched for it.
enum class DeathWatch { kNone, kRecords, kEveryStep };
template <>
inline constexpr std::array kNames<DeathWatch>{"none", "records", "every_step"};

struct Thresholds {
  double rarely_active = 0.01;  // active on fewer than this share of the probe inputs
  double dormant = 0.025;       // dormant score at most this (Sokar et al. 2023)
  double saturated = 1e-7;      // |φ'(z)| below this on every probe input

  bool operator==(const Thresholds&) const = default;
};

struct RecordSpec {
  // When: one of three. Step 0 and the last step are always recorded.
  std::uint64_t every = 100;         // every n steps; 0: as the two below say
  std::vector<std::uint64_t> steps;  // these steps
  std::size_t log_count = 0;         // this many steps from 1 to the last, evenly spaced in their logarithm

  ProbeSplit probe_split = ProbeSplit::kTrain;        // whose examples the units are probed on
  std::size_t probe_samples = 1000;                   // examples of each split that are evaluated; 0: all
  bool metrics = true, layers = true, units = false;  // tables
  bool effective_rank = false;   // its column in layers: costs more than all others together
  std::size_t rank_samples = 0;  // probe samples that it comes from; 0: all
  Certify certify = Certify::kNone;
  // The box that is certified: of every input, or a number an input; empty: the smallest one around the data's.
  std::vector<double> domain_low, domain_high;
  DeathWatch deaths = DeathWatch::kNone;
  bool parameters_initial = false, parameters_final = false;
  Thresholds thresholds;

  bool operator==(const RecordSpec&) const = default;
};

// A missing value (an empty cell). A real that is infinite or not a number is missing too.
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::int64_t kMissingInteger = std::numeric_limits<std::int64_t>::min();

// metrics: the network as it is after `step` updates, and the batch that the next update takes.
struct MetricsRow {
  std::int64_t step = 0;
  double epoch = kMissing, learning_rate = kMissing, batch_loss = kMissing, train_loss = kMissing,
         test_loss = kMissing, train_accuracy = kMissing, test_accuracy = kMissing, grad_norm = kMissing,
         zero_gradient_entries = kMissing, weight_norm = kMissing, dead_fraction = kMissing,
         output_std = kMissing, output_min = kMissing, output_max = kMissing;
};

// layers: one layer at one recorded step; layer 1 is the first hidden layer, the output layer is the last.
struct LayerRow {
  std::int64_t step = 0, layer = 0, units = 0;
  double dead_fraction = kMissing, never_active_fraction = kMissing, rarely_active_fraction = kMissing,
         always_active_fraction = kMissing, dormant_fraction = kMissing, saturated_fraction = kMissing,
         saturated_pairs_fraction = kMissing, zero_gradient_fraction = kMissing,
         dead_input_fraction = kMissing, sparsity = kMissing;
  std::int64_t died = kMissingInteger, revived = kMissingInteger, resets = kMissingInteger;
  double activation_mean = kMissing, activation_std = kMissing, preactivation_mean = kMissing,
         preactivation_std = kMissing, preactivation_max_min = kMissing, grad_norm = kMissing,
         grad_norm_weights = kMissing, grad_norm_bias = kMissing, grad_rms = kMissing, weight_norm = kMissing,
         bias_mean = kMissing, update_ratio = kMissing, effective_rank = kMissing,
         certified_dead_fraction = kMissing, certified_alive_fraction = kMissing;
};

// units: one hidden unit at one recorded step. Flags are 0 or 1.
struct UnitRow {
  std::int64_t step = 0, layer = 0, unit = 0;
  std::int64_t dead = 0, never_active = 0, rarely_active = 0, always_active = 0, dormant = 0, saturated = 0,
               zero_gradient = 0;
  double active_fraction = kMissing, dormant_score = kMissing, activation_mean = kMissing,
         preactivation_mean = kMissing, preactivation_max = kMissing, grad_norm = kMissing,
         weight_norm = kMissing, bias = kMissing;
  std::int64_t certified_dead = kMissingInteger;
};

// stream: the examples of one bin of an online stream, each before the network learned from it.
struct StreamRow {
  std::int64_t bin = 0, from = 0, to = 0;
  double loss = kMissing, accuracy = kMissing, silent_fraction = kMissing;
};

// tasks: one task of data.tasks, that has ended or in which the run ended.
struct TaskRow {
  std::int64_t task = 0, steps = 0;
  double online_loss = kMissing, online_accuracy = kMissing, loss = kMissing, accuracy = kMissing,
         dead_fraction = kMissing;
};

enum class UnitEvent { kDeath, kRevival, kReset };
template <>
inline constexpr std::array kNames<UnitEvent>{"death", "revival", "reset"};

enum class Cause { kWeights, kBias, kBelow, kJoint, kAny, kNone };
template <>
inline constexpr std::array kNames<Cause>{"weights", "bias", "below", "joint", "any", "none"};

// deaths: what became of one hidden unit between two recorded steps.
struct DeathRow {
  std::int64_t layer = 0, unit = 0;
  UnitEvent event = UnitEvent::kDeath;
  std::int64_t from_step = 0, to_step = 0;
  double max_before = kMissing, max_after = kMissing, share_weights = kMissing, share_bias = kMissing,
         share_below = kMissing;
  Cause cause = Cause::kWeights;
  double last_step_share = kMissing;
  std::int64_t dead_before = 0;
};

enum class RunStatus { kOk, kDiverged };
template <>
inline constexpr std::array kNames<RunStatus>{"ok", "diverged"};

// runs: what came out of the run as a whole. Flags are 0 or 1; final values are missing where the run
// diverged.
struct RunOutcome {
  RunStatus status = RunStatus::kOk;
  std::int64_t steps = 0;  // updates made
  std::int64_t diverged_step = kMissingInteger, stop_step = kMissingInteger;
  double constant_loss = kMissing, train_loss_initial = kMissing, train_loss = kMissing, test_loss = kMissing,
         train_accuracy = kMissing, test_accuracy = kMissing, dead_fraction_initial = kMissing,
         dead_fraction = kMissing, dead_fraction_max = kMissing, online_loss = kMissing,
         online_accuracy = kMissing, clipped_initially = kMissing;
  std::int64_t dead_layers = kMissingInteger, born_dead = kMissingInteger, collapsed = kMissingInteger,
               deaths = kMissingInteger, revivals = kMissingInteger, resets = kMissingInteger;
};

struct ParameterSnapshot {
  std::int64_t step = 0;
  bool single = true;  // the values are float32
  ParameterSet parameters;
};

// The parameters as JSON text, as the store keeps them and parameters.jsonl shows them:
// [{"weights": [[…in]…out], "bias": [out], "slope": s}, …], hidden layers first, the output layer last;
// "bias" only where the layer has one, "slope" only for prelu. Numbers are the shortest that read back to the
// same bits: as float32 where the snapshot is single, else as float64. REQUIRES: finite values.
std::string layers_json(const ParameterSnapshot& snapshot);

// Everything recorded of one run.
struct RunRecord {
  RunOutcome outcome;
  std::vector<MetricsRow> metrics;
  std::vector<LayerRow> layers;
  std::vector<UnitRow> units;
  std::vector<StreamRow> stream;
  std::vector<TaskRow> tasks;
  std::vector<DeathRow> deaths;
  std::vector<ParameterSnapshot> parameters;
  std::string failure = {};  // why the run could not be trained: then all else means nothing
};

}  // namespace deadrelu
