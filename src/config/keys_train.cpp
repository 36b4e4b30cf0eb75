// The rows of `train` and of the top level.
#include <algorithm>

#include "config/key.h"
#include "train/check.h"

namespace deadrelu {
namespace {

constexpr Range kBelowOne{0, 1, false, true};

template <auto Member>
constexpr Field train = field<&RunSpec::train, Member>;
template <auto Member>
constexpr Field optimizer = field<&RunSpec::train, &TrainSpec::optimizer, Member>;
template <auto Member>
constexpr Field stop = field<&RunSpec::train, &TrainSpec::stop, Member>;
template <auto Member>
constexpr Field schedule = field<&RunSpec::train, &TrainSpec::schedule, Member>;

bool is_adam(const RunSpec& run) { return counts_steps(run.train.optimizer.kind); }

// The default batch takes all of a smaller training split. What the spec alone shows of it:
bool has_few_examples(const RunSpec& run) {
  DataFacts facts;
  return !is_endless(run.data) && facts_from_spec(run.data, facts) &&
         facts.train_samples < run.train.batch_size;
}
bool may_have_few_examples(const RunSpec& run) {
  DataFacts facts;
  return is_endless(run.data) || !facts_from_spec(run.data, facts);
}

void note_batch_size(RunSpec& run) { run.train.batch_size_given = true; }
constexpr Field kBatchSize = extended<train<&TrainSpec::batch_size>, note_batch_size>;

constexpr const char* kPhase[] = {"until", "factor"};

bool is_keras(const RunSpec& run) { return run.train.optimizer.library == Library::kKeras; }

// Ascending, each once.
void sort_frozen(RunSpec& run) {
  auto& layers = run.train.freeze;
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
}
constexpr Field kFreeze = extended<train<&TrainSpec::freeze>, sort_frozen>;

}  // namespace

std::vector<Key> train_keys() {
  return {
      choice(
          "train.loss", train<&TrainSpec::loss>,
          "mean over batch and outputs, as PyTorch's: mse (y−t)², half_mse half of it, mae |y−t|, cross_entropy "
          "−log softmax (mean over the batch), binary_cross_entropy on logits. The last two need classification "
          "data; the others take its classes as 0/1 columns. Where data.standardize_targets is true, networks learn "
          "by the loss of standardized targets, and losses are reported in the targets' own unit.")
          .by_default_where(
              "cross_entropy", [](const RunSpec& r) { return has_classes(r.data); }, "classification data",
              "data.kind data.task"),
      choice("train.optimizer.name", optimizer<&OptimizerSpec::kind>,
             "torch.optim's documented algorithms: SGD, Adam, AdamW, RMSprop. Their defaults are sgd with "
             "learning_rate 0.001, adam, adamw with weight_decay 0.01, rmsprop; Keras's are sgd, adam, "
             "adamw with weight_decay 0.004 and rmsprop, the last three with library keras. lion (Chen et "
             "al. 2023): every parameter moves by learning_rate against the sign of beta1·m + (1 − "
             "beta1)·g, then m becomes beta2·m + (1 − beta2)·g."),
      choice("train.optimizer.library of adam adamw rmsprop", optimizer<&OptimizerSpec::library>,
             "Whose formula and defaults: pytorch adds epsilon to the root of the (bias-corrected) mean "
             "square; keras adds it to the root before the correction (adam, adamw), or to the mean square "
             "under the root (rmsprop). Their momentum is the same thing while the learning rate is "
             "constant."),
      real("train.optimizer.learning_rate of sgd adam adamw rmsprop",
           optimizer<&OptimizerSpec::learning_rate>, kNotNegative, "Learning rate before the schedule.")
          .by_default_where(
              0.001, [](const RunSpec& run) { return is_adam(run) || is_keras(run); },
              "adam, adamw; with library keras", "train.optimizer.name train.optimizer.library"),
      real("train.optimizer.learning_rate of lion", optimizer<&OptimizerSpec::learning_rate>, kNotNegative,
           "Learning rate before the schedule.")
          .by_default(1e-4),
      real(
          "train.optimizer.weight_decay", optimizer<&OptimizerSpec::weight_decay>, kNotNegative,
          "weight_decay·parameter is added to the gradient; adamw, lion: decoupled (Loshchilov, Hutter 2019)."),
      real("train.optimizer.momentum of sgd rmsprop", optimizer<&OptimizerSpec::momentum>, kNotNegative,
           "Momentum factor."),
      real("train.optimizer.dampening of sgd", optimizer<&OptimizerSpec::dampening>, kAny,
           "1 − dampening multiplies the gradient that enters the momentum, except in the first step."),
      boolean("train.optimizer.nesterov of sgd", optimizer<&OptimizerSpec::nesterov>,
              "Nesterov momentum; needs momentum above 0 and dampening 0."),
      real("train.optimizer.beta1 of adam adamw lion", optimizer<&OptimizerSpec::beta1>, kBelowOne,
           "Decay of the mean of the gradients; lion: of the one whose sign is taken."),
      real(
          "train.optimizer.beta2 of adam adamw", optimizer<&OptimizerSpec::beta2>, kBelowOne,
          "Decay of the mean of the squared gradients. Equal to beta1, it bounds every step by the learning rate."),
      real("train.optimizer.beta2 of lion", optimizer<&OptimizerSpec::beta2>, kBelowOne,
           "Decay of the mean of the gradients that is kept.")
          .by_default(0.99),
      real("train.optimizer.alpha of rmsprop", optimizer<&OptimizerSpec::alpha>, kShare,
           "Decay of the mean of the squared gradients (Keras: rho).")
          .by_default_where(0.9, is_keras, "library keras", "train.optimizer.library"),
      real("train.optimizer.epsilon of adam adamw rmsprop", optimizer<&OptimizerSpec::epsilon>, kNotNegative,
           "Added to the root of the mean square, so that nothing is divided by 0; where, says library.")
          .by_default_where(1e-7, is_keras, "library keras", "train.optimizer.library"),
      choice("train.schedule.name", schedule<&ScheduleSpec::kind>,
             "Learning rate of update i of n: constant lr; linear_warmup lr·(1 + (factor − 1)·i/n) for i ≤ "
             "until·n, then the last of these divided by then_divide; step lr·gamma^⌊i/every⌋; cosine "
             "lr·(final + (1 − final)·(1 + cos(πi/n))/2); phases lr·factor of the first phase with i < "
             "⌊until·n + ½⌋."),
      real("train.schedule.factor of linear_warmup", schedule<&ScheduleSpec::factor>, kNotNegative,
           "The learning rate would reach factor·lr at the last step."),
      real("train.schedule.until of linear_warmup", schedule<&ScheduleSpec::until>, kShare,
           "Share of the steps in which it rises."),
      real("train.schedule.then_divide of linear_warmup", schedule<&ScheduleSpec::then_divide>, kPositive,
           "Afterwards the rate reached is divided by this and stays."),
      integer("train.schedule.every of step", schedule<&ScheduleSpec::every>, kSteps,
              "Steps between two changes."),
      real("train.schedule.gamma of step", schedule<&ScheduleSpec::gamma>, kNotNegative,
           "Factor of each change."),
      real("train.schedule.final of cosine", schedule<&ScheduleSpec::final_factor>, kNotNegative,
           "The last learning rate is final·lr."),
      records("train.schedule.phases of phases", schedule<&ScheduleSpec::phases>, kPhase, kNotNegative,
              "Phases one after another: the learning rate is factor·lr up to the share `until` of the "
              "steps, as in [{\"until\": 0.5, \"factor\": 1}, {\"until\": 1, \"factor\": 0.1}]; the last "
              "phase lasts to the end."),
      integer("train.batch_size", kBatchSize, {1, 1e8},
              "Examples a step; \"full\": the whole training split. Not given: 32, or all of a smaller "
              "training split. An epoch's last batch holds what is left.")
          .or_word("full")
          .by_default_where(
              "full", has_few_examples, "fewer training examples",
              "data.kind data.function data.sampling data.samples data.table data.inputs data.limit "
              "data.test_fraction")
          .left_out_where(may_have_few_examples),
      choice("train.sampling", train<&TrainSpec::sampling>,
             "epoch: every example once an epoch, in a new random order; with_replacement: every draw "
             "independent; sequential: in file order."),
      integer("train.steps", train<&TrainSpec::steps>, {0, 1e12},
              "Number of updates; 0: measure the initialization only.")
          .not_beside("train.epochs data.tasks.count"),
      integer("train.epochs", train<&TrainSpec::epochs>, {1, 1e9},
              "Instead of train.steps: passes over the training split.")
          .without_default()
          .not_beside("data.tasks.count"),
      real("train.clip_norm", train<&TrainSpec::clip_norm>, kNotNegative,
           "Largest L2 norm of the gradient of all parameters; a longer one is scaled down to it; 0: none."),
      real("train.clip_value", train<&TrainSpec::clip_value>, kNotNegative,
           "Largest magnitude of each entry of the gradient; what lies beyond is moved there, as in "
           "torch.nn.utils.clip_grad_value_; 0: none."),
      real("train.stop.loss_below", stop<&StopSpec::loss_below>, kPositive,
           "End a run at the first recorded step at which its loss on the test split, where there is one, "
           "else on the training split, is below this. The step stands in runs.stop_step.")
          .without_default(),
      integer("train.stop.patience", stop<&StopSpec::patience>, kSteps,
              "End a run after so many recorded steps on end without improvement: none with a loss (that of "
              "train.stop.loss_below) of more than train.stop.improvement below the best one so far, as in "
              "Keras's EarlyStopping. Step 0 sets the first best one.")
          .without_default(),
      real(
          "train.stop.improvement", stop<&StopSpec::improvement>, kNotNegative,
          "How much lower than the best loss so far counts as an improvement (Keras: min_delta); not given: any.")
          .without_default()
          .beside("train.stop.patience"),
      integers(
          "train.freeze", kFreeze, {1, kMostLayers + 1}, kMostLayers + 1,
          "Layers that keep their initial parameters: 1 is the first hidden one, the output layer is the "
          "number of hidden layers + 1. Their gradient counts as 0, for clip_norm and in every column."),
      choice("train.precision", train<&TrainSpec::precision>,
             "Numbers that parameters, activations and gradients are made of."),
  };
}

std::vector<Key> top_keys() {
  return {
      text("$schema", {}, "Where editors find the JSON Schema; changes no result.")
          .without_default()
          .outside_id(),
      Key{"name",
          KeyType::kFolderName,
          {},
          "Names the results folder; changes no result. Default: the config file's name."}
          .without_default()
          .outside_id(),
  };
}

std::vector<Key> seed_keys() {
  return {
      integer("seed", field<&RunSpec::seed>, {0, 0x1p63},
              "The seed of the run, or the first seed of a sweep. Weights, data, order and all else that is "
              "random depend on it alone.")
          .outside_id()};
}

}  // namespace deadrelu
