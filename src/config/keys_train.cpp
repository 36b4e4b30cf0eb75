// The rows of `train`.
#include "config/key.h"

namespace deadrelu {
namespace {

constexpr Range kBelowOne{0, 1, false, true};

template <auto Member>
constexpr Field train = field<&RunSpec::train, Member>;
template <auto Member>
constexpr Field optimizer = field<&RunSpec::train, &TrainSpec::optimizer, Member>;
template <auto Member>
constexpr Field schedule = field<&RunSpec::train, &TrainSpec::schedule, Member>;

bool is_adam(const RunSpec& run) {
  return run.train.optimizer.kind == Optimizer::kAdam || run.train.optimizer.kind == Optimizer::kAdamw;
}

}  // namespace

std::vector<Key> train_keys() {
  return {
      choice(
          "train.loss", train<&TrainSpec::loss>,
          "mean over batch and outputs, as PyTorch's: mse (y−t)², half_mse half of it, mae |y−t|, cross_entropy "
          "−log softmax (mean over the batch), binary_cross_entropy on logits. The last two need classification "
          "data; the others take its classes as 0/1 columns.")
          .by_default_where(
              "cross_entropy", [](const RunSpec& r) { return has_classes(r.data); }, "classification data",
              "data.kind data.task"),
      choice("train.optimizer.name", optimizer<&OptimizerSpec::kind>,
             "torch.optim's documented algorithms: SGD, Adam, AdamW, RMSprop."),
      real("train.optimizer.learning_rate", optimizer<&OptimizerSpec::learning_rate>, kNotNegative,
           "Learning rate before the schedule.")
          .by_default_where(0.001, is_adam, "adam, adamw", "train.optimizer.name"),
      real("train.optimizer.weight_decay", optimizer<&OptimizerSpec::weight_decay>, kNotNegative,
           "weight_decay·parameter is added to the gradient; adamw: decoupled (Loshchilov, Hutter 2019)."),
      real("train.optimizer.momentum", optimizer<&OptimizerSpec::momentum>, kNotNegative, "Momentum factor.")
          .with("sgd rmsprop"),
      real("train.optimizer.dampening", optimizer<&OptimizerSpec::dampening>, kAny,
           "1 − dampening multiplies the gradient that enters the momentum, except in the first step.")
          .with("sgd"),
      boolean("train.optimizer.nesterov", optimizer<&OptimizerSpec::nesterov>,
              "Nesterov momentum; needs momentum above 0 and dampening 0.")
          .with("sgd"),
      real("train.optimizer.beta1", optimizer<&OptimizerSpec::beta1>, kBelowOne,
           "Decay of the mean of the gradients.")
          .with("adam adamw"),
      real("train.optimizer.beta2", optimizer<&OptimizerSpec::beta2>, kBelowOne,
           "Decay of the mean of the squared gradients.")
          .with("adam adamw"),
      real("train.optimizer.alpha", optimizer<&OptimizerSpec::alpha>, kShare,
           "Decay of the mean of the squared gradients.")
          .with("rmsprop"),
      real("train.optimizer.epsilon", optimizer<&OptimizerSpec::epsilon>, kNotNegative,
           "Added to the root of the mean square, so that nothing is divided by 0.")
          .with("adam adamw rmsprop"),
      choice(
          "train.schedule.name", schedule<&ScheduleSpec::kind>,
          "Learning rate of update i of n: constant lr; linear_warmup lr·(1 + (factor − 1)·i/n) for i ≤ until·n, "
          "then the last of these divided by then_divide; step lr·gamma^⌊i/every⌋; cosine "
          "lr·(final + (1 − final)·(1 + cos(πi/n))/2)."),
      real("train.schedule.factor", schedule<&ScheduleSpec::factor>, kNotNegative,
           "The learning rate would reach factor·lr at the last step.")
          .with("linear_warmup"),
      real("train.schedule.until", schedule<&ScheduleSpec::until>, kShare,
           "Share of the steps in which it rises.")
          .with("linear_warmup"),
      real("train.schedule.then_divide", schedule<&ScheduleSpec::then_divide>, kPositive,
           "Afterwards the rate reached is divided by this and stays.")
          .with("linear_warmup"),
      integer("train.schedule.every", schedule<&ScheduleSpec::every>, kSteps, "Steps between two changes.")
          .with("step"),
      real("train.schedule.gamma", schedule<&ScheduleSpec::gamma>, kNotNegative, "Factor of each change.")
          .with("step"),
      real("train.schedule.final", schedule<&ScheduleSpec::final_factor>, kNotNegative,
           "The last learning rate is final·lr.")
          .with("cosine"),
      integer(
          "train.batch_size", train<&TrainSpec::batch_size>, {1, 1e8},
          "Examples a step; \"full\": the whole training split. An epoch's last batch holds what is left.")
          .or_word("full"),
      choice("train.sampling", train<&TrainSpec::sampling>,
             "epoch: every example once an epoch, in a new random order; with_replacement: every draw "
             "independent; sequential: in file order."),
      integer("train.steps", train<&TrainSpec::steps>, {0, 1e12},
              "Number of updates; 0: measure the initialization only.")
          .not_beside("train.epochs"),
      integer("train.epochs", train<&TrainSpec::epochs>, {1, 1e9},
              "Instead of train.steps: passes over the training split.")
          .without_default(),
      real("train.clip_norm", train<&TrainSpec::clip_norm>, kNotNegative,
           "Largest L2 norm of the gradient of all parameters; a longer one is scaled down to it; 0: none."),
      choice("train.precision", train<&TrainSpec::precision>,
             "Numbers that parameters, activations and gradients are made of."),
  };
}

}  // namespace deadrelu
