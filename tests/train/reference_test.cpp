#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>

#include "data/order.h"
#include "reference/reference_network.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kSteps = 200;
constexpr std::size_t kTrainingSamples = 50;

struct Case {
  std::string name;
  std::function<void(RunSpec&)> change;  // of small_run
  std::size_t classes = 0;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

// A slope near its kink is drawn to one side by rounding, so the runs are short and their steps modest.
std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](std::string name, std::function<void(RunSpec&)> change, std::size_t classes = 0) {
    list.push_back({std::move(name), std::move(change), classes});
  };
  const auto optimizer = [&](std::string name, OptimizerSpec spec) {
    add(std::move(name), [spec](RunSpec& run) { run.train.optimizer = spec; });
  };
  optimizer("sgd", {.learning_rate = 0.05});
  optimizer("sgd_momentum", {.learning_rate = 0.02, .momentum = 0.9});
  optimizer("sgd_nesterov", {.learning_rate = 0.02, .momentum = 0.9, .nesterov = true});
  optimizer("sgd_dampening", {.learning_rate = 0.02, .momentum = 0.9, .dampening = 0.4});
  optimizer("sgd_weight_decay", {.learning_rate = 0.02, .weight_decay = 0.01, .momentum = 0.8});
  for (const auto& [kind, name] : {std::pair{Optimizer::kAdam, "adam"}, {Optimizer::kAdamw, "adamw"}}) {
    optimizer(name, {.kind = kind, .learning_rate = 0.003});
    optimizer(name + std::string("_betas"),
              {.kind = kind, .learning_rate = 0.003, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-3});
    optimizer(name + std::string("_decay"),
              {.kind = kind, .learning_rate = 0.003, .weight_decay = 0.1, .epsilon = 1e-4});
  }
  for (const Optimizer kind : values_of<Optimizer>())
    optimizer("keras_" + std::string(name_of(kind)),
              {.kind = kind, .learning_rate = 0.003, .epsilon = 1e-2, .library = Library::kKeras});
  optimizer("rmsprop", {.kind = Optimizer::kRmsprop, .learning_rate = 0.002, .epsilon = 1e-4});
  optimizer("rmsprop_all", {.kind = Optimizer::kRmsprop,
                            .learning_rate = 0.001,
                            .weight_decay = 0.05,
                            .momentum = 0.7,
                            .alpha = 0.9,
                            .epsilon = 1e-3});

  const auto activation = [&](std::string name, ActivationSpec spec) {
    add(std::move(name), [spec](RunSpec& run) { run.model.activation = spec; });
  };
  for (const Activation kind : values_of<Activation>()) {
    const double slope = kind == Activation::kPrelu ? 0.25 : 0.1,
                 alpha = kind == Activation::kElu ? 0.7 : 1.5;
    activation(std::string(name_of(kind)),
               {.kind = kind, .slope = slope, .lower = 0.2, .upper = 0.2, .alpha = alpha, .pieces = 3});
  }
  for (const char* formula :
       {"max(0, x) + a*min(0, x)", "x*sigmoid(a*x) - b*x^2/(1 + x^2)", "where(x > 0, a*log1p(x), sin(x))",
        "(x > 0)*abs(x)^a + b*log1p(x^2)", "min(x, b)*tanh(softplus(x)) + erf(x/a)"}) {
    ActivationSpec spec{.kind = Activation::kExpression, .at_zero = 0.25, .formula = formula};
    spec.numbers = {{"a", 1.5}, {"b", 0.125}};
    activation("formula_" + std::to_string(list.size()), spec);
  }
  add("prelu_adamw", [](RunSpec& run) {
    run.model.activation = {.kind = Activation::kPrelu, .slope = 0.25};
    run.train.optimizer = {.kind = Optimizer::kAdamw, .learning_rate = 0.003, .weight_decay = 0.1};
    run.train.clip_norm = 0.5;
  });

  for (const Activation kind : values_of<Activation>()) {
    if (kind == Activation::kCrelu) continue;
    const auto put_out = [kind](RunSpec& run) {
      run.model.output_activation = {.kind = kind, .slope = 0.2, .lower = 0.3, .upper = 0.3, .pieces = 2};
      run.model.activations = {{.kind = kind, .slope = 0.1, .lower = 0.2, .upper = 0.2, .pieces = 3},
                               {.kind = Activation::kTanh}};
      run.model.biases = {false, true};
      run.init.output.bias.kind = BiasInit::kConstant;  // no output is born dead
      run.init.output.bias.value = 0.5;
      run.train.optimizer.learning_rate = 0.02;
    };
    for (const Loss loss : values_of<Loss>()) {
      const std::size_t classes = loss == Loss::kCrossEntropy ? 3 : loss == Loss::kBinaryCrossEntropy ? 1 : 0;
      const std::string name = std::string(name_of(kind)) + "_before_" + std::string(name_of(loss));
      add(
          name,
          [=](RunSpec& run) {
            put_out(run);
            run.train.loss = loss;
          },
          classes);
    }
  }

  for (const Normalization norm : values_of<Normalization>()) {
    for (const Position position : values_of<Position>()) {
      const auto between = [=](RunSpec& run) {
        run.model.hidden = {6, 6, 5};
        run.model.activation.kind =
            position == Position::kBeforeActivation ? Activation::kRelu : Activation::kTanh;
        run.model.normalization = {.kind = norm, .position = position, .epsilon = 0.02, .momentum = 0.3};
        run.train.optimizer = {.learning_rate = 0.004, .weight_decay = 0.01, .momentum = 0.8};
        run.train.batch_size = 10;  // two examples would be ±1 whatever they are
      };
      const std::string name = std::string(name_of(norm)) + "_" + std::string(name_of(position));
      add(name, between);
      add(name + "_not_affine", [=](RunSpec& run) {
        between(run);
        run.model.normalization.affine = false;
        run.model.skip = true;
      });
      add(name + "_with_all", [=](RunSpec& run) {
        between(run);
        run.model.activations = {
            run.model.activation, {.kind = Activation::kPrelu, .slope = 0.25}, {.kind = Activation::kCrelu}};
        run.model.skip = true;
        run.model.dropout = 0.3;
        run.train.clip_norm = 0.5;
        run.train.freeze = {2};
      });
    }
  }
  for (const double p : {0.01, 0.25, 0.9})
    add("dropout_" + std::to_string(p).substr(2, 2), [=](RunSpec& run) { run.model.dropout = p; });

  add("half_mse", [](RunSpec& run) { run.train.loss = Loss::kHalfMse; });
  add("mae", [](RunSpec& run) { run.train.loss = Loss::kMae; });
  add(
      "cross_entropy", [](RunSpec& run) { run.train.loss = Loss::kCrossEntropy; }, 3);
  add(
      "binary_cross_entropy", [](RunSpec& run) { run.train.loss = Loss::kBinaryCrossEntropy; }, 1);
  add(
      "mse_of_classes", [](RunSpec&) {}, 3);

  add("clipped", [](RunSpec& run) { run.train.clip_norm = 0.3; });
  add("clipped_adam", [](RunSpec& run) {
    run.train.clip_norm = 0.1;
    run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.003, .weight_decay = 0.01};
  });
  add("clipped_values", [](RunSpec& run) { run.train.clip_value = 0.02; });
  add("clipped_values_adam", [](RunSpec& run) {
    run.train.clip_value = 0.01;
    run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.003, .weight_decay = 0.01};
  });
  const auto schedule = [&](std::string name, ScheduleSpec spec) {
    add(std::move(name), [spec](RunSpec& run) { run.train.schedule = spec; });
  };
  schedule("linear_warmup", {.kind = Schedule::kLinearWarmup, .factor = 3, .until = 0.25, .then_divide = 2});
  schedule("step", {.kind = Schedule::kStep, .every = 30, .gamma = 0.5});
  schedule("cosine", {.kind = Schedule::kCosine, .final_factor = 0.1});
  schedule("phases", {.kind = Schedule::kPhases, .phases = {{0.1, 0.2}, {0.305, 1}, {0.8, 0.3}}});

  for (const std::vector<std::uint64_t>& layers : {std::vector<std::uint64_t>{1}, {2, 3}, {1, 3}})
    add("frozen_" + std::to_string(layers.front()) + "_" + std::to_string(layers.back()), [=](RunSpec& run) {
      run.train.freeze = layers;
      run.train.clip_norm = 0.3;
      run.train.optimizer = {.learning_rate = 0.02, .weight_decay = 0.01, .momentum = 0.8};
      run.model.activation = {.kind = Activation::kPrelu, .slope = 0.25};
    });
  add("full_batch", [](RunSpec& run) { run.train.batch_size = 0; });
  add("one_example", [](RunSpec& run) { run.train.batch_size = 1; });
  add("with_replacement", [](RunSpec& run) { run.train.sampling = Sampling::kWithReplacement; });
  add("sequential", [](RunSpec& run) { run.train.sampling = Sampling::kSequential; });
  add("no_biases", [](RunSpec& run) { run.model.bias = run.model.output_bias = false; });
  add("linear_model", [](RunSpec& run) { run.model.hidden.clear(); });
  add("deep", [](RunSpec& run) { run.model.hidden = {4, 7, 3, 5}; });
  return list;
}

// The batch of a step as matrices.
struct Batch {
  reference::Matrix inputs, targets;
};
Batch batch_of(const Split<double>& split, std::size_t outputs, BatchOrder& order, std::uint64_t step) {
  Buffer<std::uint32_t> examples(order.batch_size(step));
  order.fill(step, 0, examples.size(), examples.data());
  const auto count = static_cast<Eigen::Index>(examples.size());
  Batch batch{reference::Matrix(3, count), reference::Matrix(static_cast<Eigen::Index>(outputs), count)};
  for (Eigen::Index s = 0; s < count; ++s) {
    const std::size_t example = examples[static_cast<std::size_t>(s)];
    for (Eigen::Index i = 0; i < 3; ++i)
      batch.inputs(i, s) = split.inputs[example * 3 + static_cast<std::size_t>(i)];
    for (Eigen::Index o = 0; o < batch.targets.rows(); ++o)
      batch.targets(o, s) = split.targets[example * outputs + static_cast<std::size_t>(o)];
  }
  return batch;
}

// How the batch of a step passes: what dropout leaves of it is a function of seed, layer, position and unit.
reference::Passing passing_of(const RunSpec& run, const NetworkShape& shape, std::uint64_t first,
                              Eigen::Index samples) {
  reference::Passing passing{true, std::vector<bool>(shape.layers.size()), {}};
  for (const std::uint64_t layer : run.train.freeze) passing.frozen[layer - 1] = true;
  const auto threshold = static_cast<std::uint32_t>(std::lround(run.model.dropout * 65536));
  for (std::size_t l = 0; run.model.dropout > 0 && l + 1 < shape.layers.size(); ++l) {
    const std::size_t outputs = shape.layers[l].outputs, blocks = (outputs + 7) / 8;
    passing.masks.emplace_back(outputs, samples);
    for (std::size_t u = 0; u < outputs; ++u) {
      for (Eigen::Index s = 0; s < samples; ++s) {
        const std::uint64_t position = first + static_cast<std::uint64_t>(s);
        const auto words = random_block(run.seed, Purpose::kDropout, static_cast<std::uint32_t>(l),
                                        position * blocks + u / 8);
        const std::uint32_t half = words[u % 8 / 2] >> (u % 2 * 16) & 0xFFFF;
        passing.masks[l](static_cast<Eigen::Index>(u), s) =
            half < threshold ? 0 : 1 / (1 - run.model.dropout);
      }
    }
  }
  return passing;
}

class Reference : public ::testing::TestWithParam<Case> {
 protected:
  // Trains with the core and with the reference side by side, both from the core's initial parameters.
  template <class T>
  void compare(double loss_tolerance, double parameter_tolerance) {
    RunSpec run = small_run(17);
    run.train.steps = kSteps;
    GetParam().change(run);
    const auto data = make_examples<T>(kTrainingSamples, GetParam().classes);
    const auto exact = make_examples<double>(kTrainingSamples, GetParam().classes);
    const auto pack = pack_of<T>({run}, data);
    Trainer<T> trainer(pack);
    const std::size_t lanes = pack.network.kernels.lanes;
    auto layers = reference::layers_from(
        lane_parameters(pack.network.shape, trainer.state().parameters.data(), lanes, 0));
    reference::ReferenceOptimizer optimizer(run.train);
    BatchOrder order(order_kernels<double>(available_simd()[0], Engine::kWide), {run.seed},
                     run.train.sampling, kTrainingSamples, pack.batch_size);
    double first_loss = 0, last_loss = 0;
    for (std::uint64_t step = 0; step < kSteps; ++step) {
      const Batch batch = batch_of(exact->train, exact->outputs, order, step);
      const reference::Passing passing =
          passing_of(run, pack.network.shape, step * order.batch_size(0), batch.inputs.cols());
      const reference::Trace trace = reference::forward(run.model, layers, batch.inputs, passing);
      last_loss = reference::loss_value(run.train.loss, trace.output, batch.targets);
      if (step == 0) first_loss = last_loss;
      const double rate = reference::learning_rate(run.train, step, kSteps);
      trainer.compute_gradient(step);
      ASSERT_NEAR(trainer.state().batch_loss[0], last_loss, loss_tolerance * last_loss) << "step " << step;
      ASSERT_NEAR(trainer.state().learning_rate[0], rate, 1e-14 * rate) << "step " << step;
      auto gradient =
          reference::gradient(run.model, run.train.loss, layers, batch.inputs, batch.targets, passing);
      const reference::Layers before = layers;
      for (const std::uint64_t layer : run.train.freeze) {
        gradient[layer - 1].weights.setZero();
        gradient[layer - 1].bias.setZero();
        gradient[layer - 1].slope = 0;
        gradient[layer - 1].gain.setZero();
        gradient[layer - 1].shift.setZero();
      }
      optimizer.step(layers, gradient, rate);
      for (const std::uint64_t layer : run.train.freeze) layers[layer - 1] = before[layer - 1];
      reference::update_statistics(run.model, trace, passing, layers);
      trainer.update();
      ASSERT_FALSE(trainer.state().diverged(0));
    }
    const auto trained = reference::layers_from(
        lane_parameters(pack.network.shape, trainer.state().parameters.data(), lanes, 0));
    ASSERT_LT(reference::largest_difference(trained, layers), parameter_tolerance);
    ASSERT_NE(first_loss, last_loss);
  }
};

TEST_P(Reference, agrees_over_200_steps_in_float64) { compare<double>(1e-9, 1e-9); }
TEST_P(Reference, has_the_same_batch_losses_in_float32) { compare<float>(1e-4, 1e-3); }

// Whether some case has each of the values; `field` tells a run's.
template <class Field>
void expect_every(Field field) {
  using Enum = decltype(field(RunSpec()));
  const auto list = cases();
  for (const Enum value : values_of<Enum>()) {
    const bool found = std::any_of(list.begin(), list.end(), [&](const Case& one) {
      RunSpec run = small_run();
      one.change(run);
      return field(run) == value;
    });
    EXPECT_TRUE(found) << "no training with " << name_of(value);
  }
}

TEST(ReferenceCases, every_choice_has_one) {
  expect_every([](const RunSpec& run) { return run.model.activation.kind; });
  expect_every([](const RunSpec& run) { return run.model.normalization.kind; });
  expect_every([](const RunSpec& run) { return run.model.normalization.position; });
  expect_every([](const RunSpec& run) { return run.train.optimizer.kind; });
  expect_every([](const RunSpec& run) { return run.train.loss; });
  expect_every([](const RunSpec& run) { return run.train.schedule.kind; });
  expect_every([](const RunSpec& run) { return run.train.sampling; });
}

INSTANTIATE_TEST_SUITE_P(Trainings, Reference, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace deadrelu
