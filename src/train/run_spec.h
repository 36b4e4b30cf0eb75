// One run, wholly specified: with its id, this determines every number that it records.
#pragma once

#include <algorithm>
#include <memory>

#include "base/enum_names.h"
#include "data/data_spec.h"
#include "data/order.h"
#include "nn/init.h"
#include "nn/model.h"
#include "probe/rows.h"
#include "simd/loss.h"
#include "simd/update.h"
#include "train/remedy_spec.h"

namespace deadrelu {

// Changes when recorded numbers may change; enters every run id.
inline constexpr int kEngineEpoch = 3;

// Whose formula an optimizer has: they place epsilon differently.
enum class Library {
  kPytorch,  // adam, adamw: √v̂ + ε; rmsprop: √v + ε
  kKeras,    // adam, adamw: √v + ε, before v's bias is corrected; rmsprop: √(v + ε)
};
template <>
inline constexpr std::array kNames<Library>{"pytorch", "keras"};

struct OptimizerSpec {
  Optimizer kind = Optimizer::kSgd;
  double learning_rate = 0.01;
  double weight_decay = 0;
  double momentum = 0;    // sgd, rmsprop
  double dampening = 0;   // sgd
  bool nesterov = false;  // sgd
  double beta1 = 0.9;     // adam, adamw, lion
  double beta2 = 0.999;   // adam, adamw, lion
  double alpha = 0.99;    // rmsprop
  double epsilon = 1e-8;  // adam, adamw, rmsprop
  Library library = Library::kPytorch;

  bool operator==(const OptimizerSpec&) const = default;
};

enum class Schedule {
  kConstant,
  kLinearWarmup,  // lr·(1 + (factor − 1)·i/n) for i ≤ until·n, then the last of these divided by then_divide
  kStep,          // lr·gamma^⌊i / every⌋
  kCosine,        // lr·(final + (1 − final)·(1 + cos(π i/n))/2)
  kPhases,        // lr·factor of the first phase with i < ⌊until·n + ½⌋, of the last phase after all
};
template <>
inline constexpr std::array kNames<Schedule>{"constant", "linear_warmup", "step", "cosine", "phases"};

// The learning rate of update i (from 0) of n.
struct ScheduleSpec {
  Schedule kind = Schedule::kConstant;
  double factor = 1, until = 0.1, then_divide = 1;                // linear_warmup
  std::uint64_t every = 1000;                                     // step
  double gamma = 0.1;                                             // step
  double final_factor = 0;                                        // cosine
  std::vector<std::array<double, 2>> phases{{0.5, 1}, {1, 0.1}};  // phases: until, factor

  bool operator==(const ScheduleSpec&) const = default;
};

enum class Precision { kFloat32, kFloat64 };
template <>
inline constexpr std::array kNames<Precision>{"float32", "float64"};

// When a run ends before its last step, judged at recorded steps by the loss on the test split where there is one,
// else on the training split: as soon as it is below loss_below, or where `patience` records on end it was not
// below the best one so far by more than `improvement` (Keras's EarlyStopping: patience, min_delta).
struct StopSpec {
  double loss_below = 0;       // 0: never
  std::uint64_t patience = 0;  // 0: never
  double improvement = 0;

  bool operator==(const StopSpec&) const = default;
};

struct TrainSpec {
  Loss loss = Loss::kMse;
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  std::uint64_t batch_size = 32;  // 0: full
  bool batch_size_given = false;  // else a smaller training split is taken whole
  Sampling sampling = Sampling::kEpoch;
  std::uint64_t steps = 1000;  // used where epochs is 0
  std::uint64_t epochs = 0;    // steps = epochs · batches an epoch
  double clip_norm = 0;        // largest gradient norm (of all parameters); 0: none
  double clip_value = 0;       // largest magnitude of each entry of the gradient; 0: none
  StopSpec stop;
  std::vector<std::uint64_t> freeze;  // layers, from 1, whose parameters stay as they are; ascending
  Precision precision = Precision::kFloat32;

  // Of a training split of so many.
  std::size_t examples_a_step(std::size_t samples) const {
    if (batch_size == 0 || (!batch_size_given && batch_size > samples)) return samples;
    return static_cast<std::size_t>(batch_size);
  }
  // Layers are counted from 0 here.
  bool freezes(std::size_t layer) const {
    return std::binary_search(freeze.begin(), freeze.end(), layer + 1);
  }

  bool operator==(const TrainSpec&) const = default;
};

struct RunSpec {
  DataSpec data;
  ModelSpec model;
  InitSpec init;
  std::shared_ptr<const ParameterSet> initial;  // read from init.file; null: drawn
  TrainSpec train;
  RemedySpec remedy;
  RecordSpec record;
  std::uint64_t seed = 0;

  // As batches are made of it: a stream without end has batches of one size, and so have tasks of classes, whose
  // passes follow each other.
  Sampling sampling() const {
    const bool one_size = is_endless(data) || data.tasks.change == TaskChange::kClasses;
    return one_size ? Sampling::kWithReplacement : train.sampling;
  }

  bool operator==(const RunSpec&) const = default;  // of `initial`: whether it is the same object
};

}  // namespace deadrelu
