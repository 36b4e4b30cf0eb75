// The rows of `train`.
#include "config/key.h"

namespace deadrelu {
namespace {

using Spec = RunSpec;

constexpr Range kNotNegative{0, 1e100};
constexpr Range kShare{0, 1};
constexpr Range kSteps{1, 1e12};

constexpr Key kTrainKeys[] = {
    {.path = "train.loss",
     .type = KeyType::kChoice,
     .choices = names_of<Loss>(),
     .fallback = "\"mse\"",
     .other_fallback = "\"cross_entropy\"",
     .other =
         [](const Spec& r) {
           switch (r.data.kind) {
             case DataKind::kIdx:
             case DataKind::kBlobs:
             case DataKind::kCircles:
             case DataKind::kMoons:
             case DataKind::kSpirals:
             case DataKind::kXor:
             case DataKind::kPermuted:
               return true;
             case DataKind::kCsv:
               return r.data.task == Task::kClassification;
             case DataKind::kFunction:
             case DataKind::kPoints:
             case DataKind::kGaussian:
             case DataKind::kTeacher:
             case DataKind::kSlowlyChangingRegression:
               return false;
           }
           return false;
         },
     .other_when = "classification data",
     .depends = "data.kind data.task",
     .meaning = "mean over batch and outputs, as PyTorch's: mse (y−t)², half_mse half of it, mae |y−t|, "
                "cross_entropy −log softmax (mean over the batch), binary_cross_entropy on logits. The last "
                "two need "
                "classification data; the others take its classes as 0/1 columns.",
     .store = [](Spec& r, const Value& v) { r.train.loss = v.choice<Loss>(); }},
    {.path = "train.optimizer.name",
     .type = KeyType::kChoice,
     .choices = names_of<Optimizer>(),
     .fallback = "\"sgd\"",
     .meaning = "torch.optim's documented algorithms: SGD, Adam, AdamW, RMSprop.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.kind = v.choice<Optimizer>(); }},
    {.path = "train.optimizer.learning_rate",
     .range = kNotNegative,
     .fallback = "0.01",
     .other_fallback = "0.001",
     .other =
         [](const Spec& r) {
           return r.train.optimizer.kind == Optimizer::kAdam || r.train.optimizer.kind == Optimizer::kAdamw;
         },
     .other_when = "adam, adamw",
     .depends = "train.optimizer.name",
     .meaning = "Learning rate before the schedule.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.learning_rate = v.real(); }},
    {.path = "train.optimizer.weight_decay",
     .range = kNotNegative,
     .fallback = "0",
     .meaning =
         "weight_decay·parameter is added to the gradient; adamw: decoupled (Loshchilov, Hutter 2019).",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.weight_decay = v.real(); }},
    {.path = "train.optimizer.momentum",
     .when = "sgd rmsprop",
     .range = kNotNegative,
     .fallback = "0",
     .meaning = "Momentum factor.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.momentum = v.real(); }},
    {.path = "train.optimizer.dampening",
     .when = "sgd",
     .range = {-1e100, 1e100},
     .fallback = "0",
     .meaning = "1 − dampening multiplies the gradient that enters the momentum, except in the first step.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.dampening = v.real(); }},
    {.path = "train.optimizer.nesterov",
     .type = KeyType::kBool,
     .when = "sgd",
     .fallback = "false",
     .meaning = "Nesterov momentum; needs momentum above 0 and dampening 0.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.nesterov = v.flag(); }},
    {.path = "train.optimizer.beta1",
     .when = "adam adamw",
     .range = {0, 1, false, true},
     .fallback = "0.9",
     .meaning = "Decay of the mean of the gradients.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.beta1 = v.real(); }},
    {.path = "train.optimizer.beta2",
     .when = "adam adamw",
     .range = {0, 1, false, true},
     .fallback = "0.999",
     .meaning = "Decay of the mean of the squared gradients.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.beta2 = v.real(); }},
    {.path = "train.optimizer.alpha",
     .when = "rmsprop",
     .range = kShare,
     .fallback = "0.99",
     .meaning = "Decay of the mean of the squared gradients.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.alpha = v.real(); }},
    {.path = "train.optimizer.epsilon",
     .when = "adam adamw rmsprop",
     .range = kNotNegative,
     .fallback = "1e-08",
     .meaning = "Added to the root of the mean square, so that nothing is divided by 0.",
     .store = [](Spec& r, const Value& v) { r.train.optimizer.epsilon = v.real(); }},
    {.path = "train.schedule.name",
     .type = KeyType::kChoice,
     .choices = names_of<Schedule>(),
     .fallback = "\"constant\"",
     .meaning = "Learning rate of update i of n: constant lr; linear_warmup lr·(1 + (factor − 1)·i/n) for "
                "i ≤ until·n, then the last of these divided by then_divide; step lr·gamma^⌊i/every⌋; cosine "
                "lr·(final + (1 − final)·(1 + cos(πi/n))/2).",
     .store = [](Spec& r, const Value& v) { r.train.schedule.kind = v.choice<Schedule>(); }},
    {.path = "train.schedule.factor",
     .when = "linear_warmup",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "The learning rate would reach factor·lr at the last step.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.factor = v.real(); }},
    {.path = "train.schedule.until",
     .when = "linear_warmup",
     .range = kShare,
     .fallback = "0.1",
     .meaning = "Share of the steps in which it rises.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.until = v.real(); }},
    {.path = "train.schedule.then_divide",
     .when = "linear_warmup",
     .range = {0, 1e100, true},
     .fallback = "1",
     .meaning = "Afterwards the rate reached is divided by this and stays.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.then_divide = v.real(); }},
    {.path = "train.schedule.every",
     .type = KeyType::kInteger,
     .when = "step",
     .range = kSteps,
     .fallback = "1000",
     .meaning = "Steps between two changes.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.every = v.count(); }},
    {.path = "train.schedule.gamma",
     .when = "step",
     .range = kNotNegative,
     .fallback = "0.1",
     .meaning = "Factor of each change.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.gamma = v.real(); }},
    {.path = "train.schedule.final",
     .when = "cosine",
     .range = kNotNegative,
     .fallback = "0",
     .meaning = "The last learning rate is final·lr.",
     .store = [](Spec& r, const Value& v) { r.train.schedule.final_factor = v.real(); }},
    {.path = "train.batch_size",
     .type = KeyType::kInteger,
     .range = {1, 1e8},
     .word = "full",
     .fallback = "32",
     .meaning =
         "Examples a step; \"full\": the whole training split. An epoch's last batch holds what is left.",
     .store = [](Spec& r, const Value& v) { r.train.batch_size = v.count(); }},
    {.path = "train.sampling",
     .type = KeyType::kChoice,
     .choices = names_of<Sampling>(),
     .fallback = "\"epoch\"",
     .meaning = "epoch: every example once an epoch, in a new random order; with_replacement: every draw "
                "independent; "
                "sequential: in file order.",
     .store = [](Spec& r, const Value& v) { r.train.sampling = v.choice<Sampling>(); }},
    {.path = "train.steps",
     .type = KeyType::kInteger,
     .range = {0, 1e12},
     .fallback = "1000",
     .excludes = "train.epochs",
     .meaning = "Number of updates; 0: measure the initialization only.",
     .store = [](Spec& r, const Value& v) { r.train.steps = v.count(); }},
    {.path = "train.epochs",
     .type = KeyType::kInteger,
     .range = {1, 1e9},
     .meaning = "Instead of train.steps: passes over the training split.",
     .store = [](Spec& r, const Value& v) { r.train.epochs = v.count(); }},
    {.path = "train.clip_norm",
     .range = kNotNegative,
     .fallback = "0",
     .meaning =
         "Largest L2 norm of the gradient of all parameters; a longer one is scaled down to it; 0: none.",
     .store = [](Spec& r, const Value& v) { r.train.clip_norm = v.real(); }},
    {.path = "train.precision",
     .type = KeyType::kChoice,
     .choices = names_of<Precision>(),
     .fallback = "\"float32\"",
     .meaning = "Numbers that parameters, activations and gradients are made of.",
     .store = [](Spec& r, const Value& v) { r.train.precision = v.choice<Precision>(); }},
};

}  // namespace

std::span<const Key> train_keys() { return kTrainKeys; }

}  // namespace deadrelu
