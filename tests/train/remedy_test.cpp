// Penalties, projections and perturbations against their closed forms and plain arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "simd/math.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

// One unit relu(w·x + b) below a fixed output, and one example: x, target 0.
RunSpec unit_run(double weight, double bias) {
  RunSpec run;
  run.data.kind = DataKind::kPoints;
  run.model.hidden = {1};
  run.model.output_bias = false;
  run.train.batch_size = 1;
  run.train.loss = Loss::kHalfMse;
  run.train.precision = Precision::kFloat64;
  run.record.parameters_final = true;
  run.initial = std::make_shared<ParameterSet>(ParameterSet{
      {LayerParameters{1, 1, {{{weight}, {bias}, {}}}}, LayerParameters{1, 1, {{{1.0}, {}, {}}}}}});
  return run;
}
template <class T>
SharedData<T> one_example(double input, double target = 0) {
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = data->outputs = 1;
  data->train = {1, Buffer<T>(1), Buffer<T>(1)};
  data->train.inputs[0] = static_cast<T>(input);
  data->train.targets[0] = static_cast<T>(target);
  return data;
}

// A unit of z₀ = 0.3 at x = 1 is pushed to z = −0.5 by a large step, and then pulled back: z_t = z₀ + (1 − ηλ)^t·(z_T −
// z₀) is known in advance, and first above 0 at t = 981 for ηλ = 1e-3.
TEST(Penalty, l2_init_revives_a_dead_unit_at_the_step_that_is_known_in_advance) {
  RunSpec run = unit_run(0.15, 0.15);
  run.train.optimizer.learning_rate = 0.1;
  run.remedy.penalty = {Penalty::kL2Init, 0.01};
  const auto pack = pack_of<double>({run}, one_example<double>(1));
  Trainer<double> trainer(pack);
  double* const parameters = trainer.state().parameters.data();
  const std::size_t lanes = pack.network.kernels.lanes;
  parameters[0] = parameters[lanes] = -0.25;
  std::uint64_t step = 0;
  for (; parameters[0] + parameters[lanes] <= 0 && step < 2000; ++step) {
    const double z = 0.3 - 0.8 * std::pow(1 - 1e-3, static_cast<double>(step));
    EXPECT_NEAR(parameters[0] + parameters[lanes], z, 1e-12);
    trainer.compute_gradient(step);
    trainer.update();
  }
  EXPECT_EQ(step, 981u);
}

// Decay of all parameters only scales z, so that it keeps its sign. So does l2_init on a unit that was born dead.
TEST(Penalty, weight_decay_never_revives_and_l2_init_no_unit_that_was_born_dead) {
  for (const double decay : {0.0, 0.05}) {
    RunSpec run = unit_run(-0.2, -0.1);
    run.train.optimizer.learning_rate = 0.5;
    run.train.optimizer.weight_decay = decay;
    if (decay == 0) run.remedy.penalty = {Penalty::kL2Init, 0.1};
    const auto pack = pack_of<double>({run}, one_example<double>(1));
    Trainer<double> trainer(pack);
    const double* const parameters = trainer.state().parameters.data();
    for (std::uint64_t step = 0; step < 3000; ++step) {
      trainer.compute_gradient(step);
      trainer.update();
      ASSERT_LT(parameters[0] + parameters[pack.network.kernels.lanes], 0);
    }
  }
}

// The gradient of every kind of penalty on every parameter, by differences of its formula.
TEST(Penalty, gradients_are_those_of_their_formulas) {
  for (const Penalty kind : values_of<Penalty>()) {
    RunSpec run = small_run();
    run.remedy.penalty = {kind, 0.25};
    RunSpec plain = run;
    plain.remedy = {};
    const auto data = make_examples<double>(20);
    const auto pack = pack_of<double>({run}, data), without = pack_of<double>({plain}, data);
    Trainer<double> trainer(pack), other(without);
    const std::size_t lanes = pack.network.kernels.lanes;
    Buffer<double> initial(trainer.state().parameters.size());
    std::copy_n(trainer.state().parameters.data(), initial.size(), initial.data());
    for (std::size_t i = 0; i < initial.size(); ++i) {
      const double moved = initial[i] + 0.01 * static_cast<double>(i / lanes % 7) - 0.03;
      trainer.state().parameters[i] = other.state().parameters[i] = moved;
    }
    Buffer<double> start(initial.size());
    std::copy_n(trainer.state().parameters.data(), start.size(), start.data());
    for (Trainer<double>* each : {&trainer, &other}) {
      each->compute_gradient(0);
      each->update();
    }
    const auto penalty = [&](double value, double first) {
      if (kind == Penalty::kL1) return 0.25 * std::abs(value);
      return kind == Penalty::kL2Init ? 0.125 * (value - first) * (value - first) : 0.0;
    };
    for (std::size_t i = 0; i < initial.size(); i += lanes) {
      const double h = 1e-5;
      const double slope = (penalty(start[i] + h, initial[i]) - penalty(start[i] - h, initial[i])) / (2 * h);
      const double difference = other.state().parameters[i] - trainer.state().parameters[i];
      EXPECT_NEAR(difference, 0.05 * slope, 1e-10) << name_of(kind) << ' ' << i / lanes;
    }
  }
}

TEST(Penalty, it_comes_before_clipping_and_before_momentum) {
  RunSpec run = unit_run(2, 1);
  run.train.freeze = {2};
  run.train.clip_value = 4;
  run.train.optimizer.learning_rate = 0.1;
  run.train.optimizer.momentum = 0.5;
  run.remedy.penalty = {Penalty::kL1, 2};
  const auto pack = pack_of<double>({run}, one_example<double>(1));
  Trainer<double> trainer(pack);
  const double* const parameters = trainer.state().parameters.data();
  trainer.compute_gradient(0);
  trainer.update();  // gradient 3 + 2, clipped to 4
  EXPECT_DOUBLE_EQ(parameters[0], 1.6);
  trainer.compute_gradient(1);
  trainer.update();  // z = 2.2, gradient 2.2 + 2, clipped to 4, momentum 0.5·4 + 4
  EXPECT_DOUBLE_EQ(parameters[0], 1.0);
  EXPECT_EQ(parameters[2 * pack.network.kernels.lanes], 1);  // frozen
}

TEST(Penalty, recorded_losses_and_gradients_are_of_the_loss_alone) {
  RunSpec run = small_run();
  run.train.steps = 0;
  run.record.layers = false;  // without update_ratio, which is of the whole step
  const RunSpec plain = run;
  run.remedy.penalty = {Penalty::kL1, 100};
  const auto data = make_examples<double>(20);
  expect_same_record(trained(pack_of<double>({run}, data))[0], trained(pack_of<double>({plain}, data))[0]);
}

// In a pack a run has the bits it has alone, whatever its neighbours' penalties are; strength 0 is none.
TEST(Penalty, lanes_do_not_disturb_each_other) {
  for (const Penalty kind : values_of<Penalty>()) {
    std::vector<RunSpec> runs;
    for (const double strength : {0.0, 0.5, 0.01}) {
      runs.push_back(small_run());
      runs.back().remedy.penalty = {kind, strength};
    }
    const auto data = make_examples<float>(20);
    const auto together = trained(pack_of<float>(runs, data));
    for (std::size_t i = 0; i < runs.size(); ++i)
      expect_same_record(together[i], trained(pack_of<float>({runs[i]}, data))[0]);
    expect_same_record(together[0], trained(pack_of<float>({small_run()}, data))[0]);
  }
}

// Where only the weight is pulled to 0, z ends at b: the unit revives exactly where that is positive.
TEST(Penalty, pulling_the_weights_alone_revives_where_the_bias_is_positive) {
  for (const double bias : {0.1, -0.1}) {
    RunSpec run = unit_run(0, bias);
    run.train.optimizer.learning_rate = 0.5;
    run.remedy.penalty = {Penalty::kL2Init, 0.02};
    const auto pack = pack_of<double>({run}, one_example<double>(1, 1));
    Trainer<double> trainer(pack);
    double* const parameters = trainer.state().parameters.data();
    parameters[0] = -1;  // z = b − 1 decays to b by 0.99 a step
    std::uint64_t step = 0;
    for (; parameters[0] + parameters[pack.network.kernels.lanes] <= 0 && step < 3000; ++step) {
      trainer.compute_gradient(step);
      trainer.update();
    }
    EXPECT_EQ(step, bias > 0 ? 230u : 3000u);  // 0.99^230 < 0.1 < 0.99^229
  }
}

// Every parameter of a trained pack, layer by layer.
std::vector<LayerParameters> final_layers(const RunRecord& record) {
  return record.parameters.back().parameters.layers;
}

// Never that of frozen layers, and of normalizations only where asked for.
void expect_perturbed(Normalization normalization, bool asked) {
  RunSpec run = small_run(7);
  run.model.normalization.kind = normalization;
  run.train.optimizer.learning_rate = 0;
  run.train.steps = 3;
  run.train.freeze = {2};
  run.remedy.perturb = {.shrink = 0.25, .noise = 0.5, .every = 2, .normalization = asked};
  RunSpec plain = run;
  plain.remedy = {};
  const auto data = make_examples<double>(20);
  const auto before = final_layers(trained(pack_of<double>({plain}, data))[0]);
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    const auto after = final_layers(trained(pack_of<double>({run}, data, available_simd()[0], engine))[0]);
    for (std::size_t l = 0; l < before.size(); ++l) {
      for (std::size_t k = 0; k < before[l].blocks.size(); ++k) {
        const std::vector<double>& start = before[l].blocks[k];
        std::vector<double> noise(start.size());
        const bool stays = l == 1 || (kBlockKinds[k].normalization && !asked);
        if (!kBlockKinds[k].trained) continue;  // running statistics follow what comes in
        const auto stream = static_cast<std::uint32_t>(l + (k << 16));
        fill_normal(noise, 7, Purpose::kPerturbation, stream, 2 * start.size());
        for (std::size_t i = 0; i < start.size(); ++i)
          EXPECT_DOUBLE_EQ(after[l].blocks[k][i], stays ? start[i] : 0.75 * start[i] + 0.5 * noise[i]);
      }
    }
  }
}
TEST(Perturbation, is_shrinking_and_normal_noise_of_its_own_stream) {
  for (const Normalization kind : values_of<Normalization>()) {
    expect_perturbed(kind, false);
    expect_perturbed(kind, true);
  }
}

// Without gradients z_t(x) − (1 − s)^t·z_0(x) is normal with variance σ²·(1 + ‖x‖²)·(1 − (1 − s)^{2t})/(1 − (1 − s)²).
TEST(Perturbation, has_the_variance_of_its_closed_form) {
  constexpr double kShrink = 0.1, kNoise = 0.3, kInput = 2;
  constexpr std::size_t kRuns = 4000, kUpdates = 5;
  const double keep = std::pow(1 - kShrink, kUpdates);
  const double variance =
      kNoise * kNoise * (1 + kInput * kInput) * (1 - keep * keep) / (1 - (1 - kShrink) * (1 - kShrink));
  double sum = 0, squares = 0;
  const std::size_t lanes = lane_count<double>(available_simd()[0]);
  for (std::size_t from = 0; from < kRuns; from += lanes) {
    std::vector<RunSpec> runs(lanes, unit_run(-0.2, -0.1));
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      runs[lane].seed = from + lane;
      runs[lane].train.steps = kUpdates;
      runs[lane].train.optimizer.learning_rate = 0;
      runs[lane].remedy.perturb = {.shrink = kShrink, .noise = kNoise, .every = 1};
    }
    for (const RunRecord& record : trained(pack_of<double>(runs, one_example<double>(kInput)))) {
      const auto layers = final_layers(record);
      const double z =
          layers[0].blocks[0][0] * kInput + layers[0].blocks[1][0] - keep * (-0.2 * kInput - 0.1);
      sum += z / kRuns;
      squares += z * z / kRuns;
    }
  }
  EXPECT_NEAR(sum, 0, 5 * std::sqrt(variance / kRuns));
  EXPECT_NEAR(squares, variance, 5 * variance * std::sqrt(2.0 / kRuns));
}

// With shrink 1 and noise 1 a layer is what its initializer draws.
TEST(Perturbation, draws_the_layers_own_initializer) {
  RunSpec run = small_run();
  run.model.hidden = {400};
  run.init.hidden.bias = {.kind = BiasInit::kConstant, .value = 0.125};
  run.train.steps = 1;
  RunSpec again = run;
  again.remedy.perturb = {.shrink = 1, .noise = 1, .draw = Noise::kInit, .every = 1};
  run.train.optimizer.learning_rate = 0;
  const auto data = make_examples<double>(20);
  const auto first = final_layers(trained(pack_of<double>({run}, data))[0]);
  const auto drawn = final_layers(trained(pack_of<double>({again}, data))[0]);
  double squares = 0, products = 0;
  for (std::size_t i = 0; i < 1200; ++i) {
    squares += drawn[0].blocks[0][i] * drawn[0].blocks[0][i] / 1200;
    products += drawn[0].blocks[0][i] * first[0].blocks[0][i] / 1200;
  }
  EXPECT_NEAR(squares, 2.0 / 3, 0.15);  // he_normal
  EXPECT_NEAR(products, 0, 0.1);        // and not the first draws again
  for (const double bias : drawn[0].blocks[1]) EXPECT_EQ(bias, 0.125);
}

TEST(Perturbation, comes_once_a_task_from_the_second_on) {
  RunSpec run = small_run();
  run.data.tasks = {.change = TaskChange::kPermuteInputs, .steps = 5};
  run.train.steps = 5;
  RunSpec perturbed = run;
  perturbed.remedy.perturb = {.shrink = 0.5, .at_task = true};
  const auto data = make_examples<double>(20);
  const auto last = [&](const RunSpec& of) {
    return final_layers(trained(pack_of<double>({of}, data))[0])[0].blocks[0];
  };
  EXPECT_EQ(last(run), last(perturbed));
  run.train.steps = perturbed.train.steps = 6;  // one update of the second task
  const auto plain = last(run), shrunk = last(perturbed);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_DOUBLE_EQ(shrunk[i], 0.5 * plain[i]);
}

TEST(WeightClipping, keeps_weights_and_biases_of_trained_layers_inside_kappa_over_root_fan_in) {
  for (const double kappa : {0.1, 0.5, 1.0}) {
    RunSpec run = small_run();
    run.train.freeze = {2};
    run.remedy.clip_weights.kappa = kappa;
    RunSpec start = run;
    start.train.steps = 0;
    const auto data = make_examples<float>(20);
    const auto before = final_layers(trained(pack_of<float>({start}, data))[0]);
    const auto after = final_layers(trained(pack_of<float>({run}, data))[0]);
    for (std::size_t l = 0; l < after.size(); ++l) {
      const float bound = static_cast<float>(kappa / std::sqrt(static_cast<double>(after[l].inputs)));
      std::size_t at_bound = 0;
      for (const auto& block : after[l].blocks) {
        for (const double value : block) {
          EXPECT_TRUE(l == 1 || std::abs(value) <= bound);
          at_bound += std::abs(value) == static_cast<double>(bound);
        }
      }
      EXPECT_TRUE(l != 1 || after[l].blocks == before[l].blocks);
      EXPECT_TRUE(l == 1 || kappa > 0.1 || at_bound > 0);
    }
  }
}

// After a lift each unit that was dead is active on exactly as many examples as asked for, and its weights are as
// they were; the others are untouched.
template <class T>
void expect_lifted(std::uint64_t active, Engine engine) {
  RunSpec run = small_run(3);
  run.model.hidden = {9, 9};
  run.init.hidden.bias = {.kind = BiasInit::kNormal, .mean = -1.2, .std = 1};
  run.train.optimizer.learning_rate = 0;
  run.train.steps = 1;
  run.record.every = 1;
  RunSpec lifted = run;
  lifted.remedy.lift = {.every = 1, .active = active};
  const auto data = make_examples<T>(50);
  const RunRecord plain = trained(pack_of<T>({run}, data, available_simd()[0], engine))[0];
  const RunRecord record = trained(pack_of<T>({lifted}, data, available_simd()[0], engine))[0];
  std::size_t dead = 0;
  for (std::size_t i = 0; i < 18; ++i) {
    const UnitRow &before = record.units[i], &after = record.units[18 + i];
    const bool was_dead = i < 9 && before.dead != 0;
    dead += was_dead;
    if (i < 9) {
      EXPECT_EQ(after.active_fraction, was_dead ? double(active) / 50 : before.active_fraction) << i;
    }  // what comes from a lifted layer may revive a unit by itself
    EXPECT_EQ(after.dead, 0) << i;
    if (active == 1 && was_dead) {  // b − z_(1) + ulp
      EXPECT_GT(after.preactivation_max, 0);
      EXPECT_LT(after.preactivation_max, sizeof(T) == 4 ? 1e-6 : 1e-15);
      EXPECT_NEAR(after.bias, before.bias - before.preactivation_max, 1e-6);
    }
  }
  EXPECT_GE(dead, 2u);
  const auto layers = final_layers(record), others = final_layers(plain);
  for (std::size_t l = 0; l < layers.size(); ++l) EXPECT_EQ(layers[l].blocks[0], others[l].blocks[0]);
}
TEST(BiasLift, makes_dead_units_active_on_exactly_so_many_examples) {
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    for (const std::uint64_t active : {1, 7, 50}) {
      expect_lifted<float>(active, engine);
      expect_lifted<double>(active, engine);
    }
  }
}

TEST(Remedies, lanes_do_not_disturb_each_other) {
  std::vector<RunSpec> runs(4, small_run());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const double x = static_cast<double>(i);
    runs[i].remedy.perturb = {.shrink = 0.01 * x, .noise = 0.02 * x, .every = 3};
    runs[i].remedy.clip_weights.kappa = i < 2 ? 0 : x / 2;
    runs[i].remedy.lift = {.every = 10, .active = 1 + i};
  }
  const auto data = make_examples<float>(20);
  const auto together = trained(pack_of<float>(runs, data));
  for (std::size_t i = 0; i < runs.size(); ++i)
    expect_same_record(together[i], trained(pack_of<float>({runs[i]}, data))[0]);
  runs[0].remedy.perturb = {};  // numbers of 0 are no perturbation
  expect_same_record(together[0], trained(pack_of<float>({runs[0]}, data))[0]);
}

}  // namespace
}  // namespace deadrelu
