#include "train/reset.h"

#include <gtest/gtest.h>

#include <functional>

#include "train/reset_peer.h"
#include "train/reset_testing.h"

namespace deadrelu {
namespace {

reference::Matrix batch_of(const Buffer<double>& rows, std::size_t width, std::size_t step) {
  reference::Matrix batch(width, 8);
  for (Eigen::Index s = 0; s < 8; ++s)
    for (Eigen::Index i = 0; i < batch.rows(); ++i)
      batch(i, s) = rows[(step % 4 * 8 + static_cast<std::size_t>(s)) * width + static_cast<std::size_t>(i)];
  return batch;
}

void expect_as_the_peer(const RunSpec& run, Engine engine) {
  const auto data = make_examples<double>(32);
  Training<double> training(pack_of<double>({run}, data, available_simd()[0], engine));
  ResetPeer peer(run, training.parameters());
  for (std::uint64_t step = 0; step < run.train.steps; ++step) {
    training.step(step);
    peer.train(static_cast<int>(step) + 1, batch_of(data->train.inputs, 3, step),
               batch_of(data->train.targets, 2, step));
    ASSERT_EQ(training.total(), static_cast<std::size_t>(peer.resets)) << "step " << step;
    ASSERT_LT(reference::largest_difference(reference::layers_from(training.parameters()), peer.layers), 1e-9)
        << "step " << step;
  }
  EXPECT_GT(peer.resets, 4);
  EXPECT_LT(peer.resets, 21 * static_cast<int>(run.train.steps) / 2);
}

TEST(Resets, every_rule_and_switch_is_as_written_once_more) {
  const std::function<void(RunSpec&)> changes[] = {
      [](RunSpec&) {},
      [](RunSpec& run) { run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01}; },
      [](RunSpec& run) {
        run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01};
        run.remedy.reset.optimizer_state = ResetState::kMoments;
        run.remedy.reset.outgoing = ResetOutgoing::kInit;
      },
      [](RunSpec& run) {
        run.remedy.reset.optimizer_state = ResetState::kKeep;
        run.remedy.reset.compensation = Compensation::kMean;
        run.remedy.reset.utility = Utility::kAdaptableContribution;
        run.remedy.reset.until = 0.8;
      }};
  for (const ResetRule rule : all_rules()) {
    for (std::size_t i = 0; i < std::size(changes); ++i) {
      RunSpec run = resetting_run(rule);
      changes[i](run);
      for (const Engine engine : values_of<Engine>()) {
        SCOPED_TRACE(std::string(name_of(rule)) + ", change " + std::to_string(i) + ", " +
                     std::string(name_of(engine)));
        ASSERT_NO_FATAL_FAILURE(expect_as_the_peer(run, engine));
      }
    }
  }
}

// One layer of hidden units that put out what `outputs` says, whatever the input; nothing learns.
RunSpec constant_run(ResetRule rule, const std::vector<double>& outputs) {
  RunSpec run = resetting_run(rule);
  run.model.hidden = {outputs.size()};
  run.train.optimizer = {.learning_rate = 0};
  run.remedy.reset = {.rule = rule, .every = 1};
  run.init.hidden.weights = {.kind = WeightInit::kConstant};
  run.init.hidden.bias = {};
  return run;
}
Training<double> constant_training(const RunSpec& run, const std::vector<double>& outputs) {
  Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
  const std::size_t lanes = training.pack.network.kernels.lanes;
  const std::size_t bias = training.pack.network.shape.layers[0][BlockKind::kBias].offset;
  for (std::size_t u = 0; u < outputs.size(); ++u)
    training.trainer.state().parameters[(bias + u) * lanes] = outputs[u];
  return training;
}

using Counts = std::vector<std::uint32_t>;

// Sokar et al. 2023, and what an outlier does to their scores.
TEST(Redo, resets_what_is_at_most_a_share_of_the_layers_mean) {
  const auto resets_of = [](const std::vector<double>& outputs, double threshold) {
    RunSpec run = constant_run(ResetRule::kRedo, outputs);
    run.remedy.reset.threshold = threshold;
    Training<double> training = constant_training(run, outputs);
    training.step(0);
    return training.counts();
  };
  EXPECT_EQ(resets_of({10, 0.1, 0.1, 0.1, 0.1}, 0.5), (Counts{0, 1, 1, 1, 1}));
  EXPECT_EQ(resets_of({0.9, 0.1, 0.5, 0, 1.5}, 0.5), (Counts{0, 1, 0, 1, 0}));
  EXPECT_EQ(resets_of({0.9, 0.1, 0.5, 0, 1.5}, 0), (Counts{0, 0, 0, 1, 0}));
  EXPECT_EQ(resets_of({0, 0.1, 1, 2.9}, 0.1), (Counts{1, 1, 0, 0}));
  EXPECT_EQ(resets_of({1, 1, 1}, 1), (Counts{1, 1, 1}));  // a threshold of 1 always resets some unit
  EXPECT_EQ(resets_of({1, 1, 1}, 0.999), (Counts{0, 0, 0}));
}

TEST(ResetRules, a_layer_that_is_wholly_dead_is_reset_wholly) {
  for (const ResetRule rule : all_rules()) {
    RunSpec run = resetting_run(rule);
    run.init.hidden.bias = {.kind = BiasInit::kConstant, .value = -50};
    run.remedy.reset.fraction = run.remedy.reset.replacement_rate = 1;
    Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
    for (std::uint64_t step = 0; step < 25; ++step) {
      training.step(step);
      if (training.total() > 0) break;
    }
    EXPECT_EQ(training.counts(), Counts(21, 1)) << name_of(rule);
  }
}

// A dead unit's output has a gradient, its weights have none.
TEST(Grama, looks_at_the_gradient_of_the_incoming_weights) {
  RunSpec run = resetting_run(ResetRule::kGrama);
  run.model.hidden = {6};
  run.init.hidden.bias = {.kind = BiasInit::kConstant, .value = 0.5};
  run.train.optimizer.learning_rate = 0;
  run.remedy.reset = {.rule = ResetRule::kGrama, .every = 2, .threshold = 0};
  Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
  const std::size_t lanes = training.pack.network.kernels.lanes;
  training.trainer.state()
      .parameters[(training.pack.network.shape.layers[0][BlockKind::kBias].offset + 2) * lanes] = -50;
  for (std::uint64_t step = 0; step < 2; ++step) training.step(step);
  EXPECT_EQ(training.counts(), (Counts{0, 0, 1, 0, 0, 0}));
}

// Its outgoing weights are 0 at first, and its gradient with them: after two updates it has one.
TEST(Grama, does_not_reset_a_unit_again_that_had_no_time_to_learn) {
  RunSpec run = resetting_run(ResetRule::kGrama);
  run.init.hidden.bias = {.kind = BiasInit::kConstant, .value = 1};
  run.remedy.reset = {.rule = ResetRule::kGrama, .every = 2, .threshold = 0};
  Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
  const std::size_t lanes = training.pack.network.kernels.lanes;
  training.trainer.state()
      .parameters[training.pack.network.shape.layers[0][BlockKind::kBias].offset * lanes] = -50;
  for (std::uint64_t step = 0; step < 20; ++step) training.step(step);
  EXPECT_EQ(training.counts()[0], 1u);
}

// Ten units at a rate of 0.05: half a unit a step, of which nothing is lost.
TEST(Cbp, resets_a_unit_whenever_its_shares_have_become_one) {
  RunSpec run = constant_run(ResetRule::kCbp, std::vector<double>(10, 1));
  run.remedy.reset.replacement_rate = 0.05;
  run.remedy.reset.maturity = 0;
  Training<double> training = constant_training(run, std::vector<double>(10, 1));
  for (std::uint64_t step = 0; step < 20; ++step) {
    training.step(step);
    EXPECT_EQ(training.total(), (step + 1) / 2);
  }
}

TEST(Cbp, judges_no_unit_before_it_is_mature) {
  RunSpec run = constant_run(ResetRule::kCbp, std::vector<double>(10, 1));
  run.remedy.reset.replacement_rate = 1;
  run.remedy.reset.maturity = 7;
  Training<double> training = constant_training(run, std::vector<double>(10, 1));
  for (std::uint64_t step = 0; step < 30; ++step) {
    training.step(step);
    EXPECT_EQ(training.counts(), Counts(10, static_cast<std::uint32_t>((step + 1) / 8)));
  }
}

// A raw running mean would be 1 − 0.99^100 = 0.634 of what the unit is worth after a hundred updates.
TEST(Cbp, ranks_units_of_every_age_by_the_same_scale) {
  const std::vector<double> outputs{2, 1, 3};
  RunSpec run = constant_run(ResetRule::kCbp, outputs);
  run.remedy.reset.replacement_rate = 0;
  Training<double> training = constant_training(run, outputs);
  const ParameterSet parameters = training.parameters();
  for (std::uint64_t step = 0; step < 100; ++step) {
    training.step(step);
    for (std::size_t u = 0; u < 3; ++u) {
      const double out = (std::abs(parameters.layers[1][BlockKind::kWeights][u]) +
                          std::abs(parameters.layers[1][BlockKind::kWeights][3 + u])) /
                         2;
      EXPECT_NEAR(training.resets.judge().utility(u, 0), outputs[u] * out, 1e-12);
    }
  }
  EXPECT_NEAR(1 - std::pow(0.99, 100), 0.6340, 5e-5);
}

TEST(Cbp, finds_nothing_to_adapt_in_a_constant) {
  const std::vector<double> outputs{2, 1, 3};
  for (const double weight : {0.0, 0.25}) {
    RunSpec run = constant_run(ResetRule::kCbp, outputs);
    run.init.hidden.weights.value = weight;
    run.train.batch_size = 1;
    run.remedy.reset.decay = 0;  // the running mean is the activation itself
    run.remedy.reset.utility = Utility::kAdaptableContribution;
    run.remedy.reset.replacement_rate = 0;
    Training<double> training = constant_training(run, outputs);
    training.step(0);
    for (std::size_t u = 0; u < 3; ++u) EXPECT_EQ(training.resets.judge().utility(u, 0), 0);
  }
}

// One unit, one example a step: outputs 0.4, 0, 0, 0, 0.2, 0.
TEST(Frt, resets_after_so_many_silent_examples) {
  RunSpec run = constant_run(ResetRule::kFrt, {0});
  run.train.batch_size = 1;
  run.train.steps = 20;
  run.remedy.reset.silent_examples = 3;
  auto data = std::make_shared<Dataset<double>>();
  data->inputs = data->outputs = 1;
  data->train = {6, Buffer<double>(6), Buffer<double>(6)};
  const double inputs[] = {0.4, -1, -1, -2, 0.2, -1};
  std::copy_n(inputs, 6, data->train.inputs.data());
  run.init.hidden.weights.value = 1;
  Training<double> training(pack_of<double>({run}, SharedData<double>(data)));
  for (std::uint64_t step = 0; step < 6; ++step) {
    training.step(step);
    EXPECT_EQ(training.total(), step < 3 ? 0u : 1u) << "step " << step;
  }
}

TEST(Snr, counts_silent_examples_by_whole_batches) {
  for (const std::uint64_t batch : {1, 16}) {
    const std::vector<double> outputs{-1, 1, 0};
    RunSpec run = constant_run(ResetRule::kSnr, outputs);
    run.train.batch_size = batch;
    run.remedy.reset.every = 1000;
    Training<double> training = constant_training(run, outputs);
    for (std::uint64_t step = 0; step < 160 / batch; ++step) training.step(step);
    EXPECT_EQ(training.resets.judge().silence(0, 0), 160);
    EXPECT_EQ(training.resets.judge().silence(1, 0), 0);
    EXPECT_EQ(training.resets.judge().silence(2, 0), 160);
  }
}

// The healthiest unit has no silence to learn a threshold from: it is not to get the strictest.
TEST(Snr, keeps_the_threshold_of_a_unit_that_was_never_silent) {
  const std::vector<double> outputs{1, 2};
  RunSpec run = constant_run(ResetRule::kSnr, outputs);
  run.remedy.reset.every = 5;
  Training<double> training = constant_training(run, outputs);
  for (std::uint64_t step = 0; step < 20; ++step) training.step(step);
  EXPECT_EQ(training.resets.judge().too_long(0, 0), 20000);
}

// Silences of 8, 16, … 80 examples, then shorter ones, then one that was too long.
TEST(Snr, takes_a_percentile_of_the_silences_and_doubles_what_is_too_little) {
  RunSpec run = constant_run(ResetRule::kSnr, {0});
  run.train.steps = 1000;
  run.remedy.reset.every = 1000;
  run.remedy.reset.percentile = 0.9;
  run.remedy.reset.lowest_threshold = 1;
  std::uint64_t step = 0;
  Training<double> training = constant_training(run, {0});
  auto& state = training.trainer.state();
  const std::size_t bias =
      training.pack.network.shape.layers[0][BlockKind::kBias].offset * training.pack.network.kernels.lanes;
  const auto silent_for = [&](int batches) {
    for (int i = 0; i <= batches; ++i) {
      state.parameters[bias] = i < batches ? -1 : 1;
      training.step(step++);
    }
  };
  const auto threshold_after = [&](std::initializer_list<int> silences) {
    for (const int batches : silences) silent_for(batches);
    const_cast<UnitJudge<double>&>(training.resets.judge()).end_event(0, 0);
    return training.resets.judge().too_long(0, 0);
  };
  EXPECT_EQ(threshold_after({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), 75);  // 72, rounded up by steps of 4
  EXPECT_EQ(threshold_after({3}), 24);                              // exact below 32
  EXPECT_EQ(threshold_after({3}), 48);
  EXPECT_EQ(threshold_after({20}), 96);
}

// All units with probability `fraction` in the long run, and exactly so many.
TEST(RandomResets, take_their_share_of_every_layer) {
  RunSpec run = resetting_run(ResetRule::kRandom);
  run.remedy.reset.every = 1;
  run.train.steps = 1001;
  Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
  for (std::uint64_t step = 0; step < 1000; ++step) training.step(step);
  const Counts counts = training.counts();
  EXPECT_NEAR(std::accumulate(counts.begin(), counts.begin() + 12, 0), 1200, 1);
  EXPECT_NEAR(std::accumulate(counts.begin() + 12, counts.end(), 0), 900, 1);
  for (const std::uint32_t count : counts) EXPECT_NEAR(count, 100, 5 * std::sqrt(100 * 0.9));
}

reference::Matrix all_inputs(const Dataset<double>& data) {
  reference::Matrix inputs(3, data.train.samples);
  for (Eigen::Index s = 0; s < inputs.cols(); ++s)
    for (Eigen::Index i = 0; i < 3; ++i)
      inputs(i, s) = data.train.inputs[static_cast<std::size_t>(s * 3 + i)];
  return inputs;
}

struct Event {
  ParameterSet before, after;
  reference::Trace trace_before, trace_after;  // on all examples
  Counts counts;
};

// An event of a network that does not learn, judged by all examples.
Event event_of(RunSpec run) {
  run.train.optimizer.learning_rate = 0;
  run.train.batch_size = 0;
  run.remedy.reset.every = 2;
  const auto data = make_examples<double>(32);
  Training<double> training(pack_of<double>({run}, data));
  const ParameterSet before = training.parameters();
  for (std::uint64_t step = 0; step < 100 && training.total() == 0; ++step) training.step(step);
  const auto trace = [&](const ParameterSet& parameters) {
    return reference::forward(run.model, reference::layers_from(parameters), all_inputs(*data));
  };
  const ParameterSet after = training.parameters();
  return {before, after, trace(before), trace(after), training.counts()};
}

TEST(Resets, of_a_dead_unit_change_no_output) {
  for (const ResetRule rule : {ResetRule::kRedo, ResetRule::kFrt, ResetRule::kGrama}) {
    RunSpec run = resetting_run(rule);
    run.init.hidden.bias = {.kind = BiasInit::kUniform, .low = -1.2, .high = 0.5};
    run.remedy.reset.threshold = 0;
    const Event event = event_of(run);
    EXPECT_GT(std::accumulate(event.counts.begin(), event.counts.end(), 0u), 0u);
    EXPECT_EQ(event.trace_after.output, event.trace_before.output) << name_of(rule);
  }
}

TEST(Resets, of_a_live_unit_take_away_what_it_gave) {
  RunSpec run = resetting_run(ResetRule::kRandom);
  run.model.hidden = {12};
  run.remedy.reset.fraction = 0.25;
  const Event event = event_of(run);
  const reference::Matrix weights = reference::layers_from(event.before)[1].weights;
  reference::Matrix expected = event.trace_before.output;
  for (Eigen::Index u = 0; u < 12; ++u)
    if (event.counts[static_cast<std::size_t>(u)] > 0)
      expected -= weights.col(u) * event.trace_before.inputs[1].row(u);
  EXPECT_LT((event.trace_after.output - expected).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_GT((event.trace_after.output - event.trace_before.output).cwiseAbs().maxCoeff(), 1e-3);
}

TEST(Resets, compensated_ones_keep_the_mean_of_what_is_above) {
  for (const ResetRule rule : {ResetRule::kRandom, ResetRule::kCbp}) {
    RunSpec run = resetting_run(rule);
    run.model.hidden = {12};
    run.remedy.reset.fraction = 0.25;
    run.remedy.reset.replacement_rate = 0.1;
    const auto difference = [&](Compensation compensation) -> double {
      run.remedy.reset.compensation = compensation;
      const Event event = event_of(run);
      return (event.trace_after.output.rowwise().mean() - event.trace_before.output.rowwise().mean())
          .cwiseAbs()
          .maxCoeff();
    };
    EXPECT_LT(difference(Compensation::kMean), 1e-12) << name_of(rule);
    EXPECT_GT(difference(Compensation::kNone), 1e-6) << name_of(rule);
  }
}

TEST(Resets, leave_the_bias_above_alone_and_put_0_between_two_units) {
  RunSpec run = resetting_run(ResetRule::kRandom);
  run.init.output.bias = {.kind = BiasInit::kConstant, .value = 0.7};
  run.remedy.reset.fraction = 1;
  const Event event = event_of(run);
  EXPECT_EQ(event.counts, Counts(21, 1));
  for (const double weight : event.after.layers[1][BlockKind::kWeights]) EXPECT_EQ(weight, 0);
  for (const double weight : event.after.layers[2][BlockKind::kWeights]) EXPECT_EQ(weight, 0);
  for (const double bias : event.after.layers[2][BlockKind::kBias]) EXPECT_EQ(bias, 0.7);
  for (const double bias : event.after.layers[1][BlockKind::kBias]) EXPECT_EQ(bias, 0);
  for (const double weight : event.after.layers[0][BlockKind::kWeights]) EXPECT_NE(weight, 0);
}

TEST(Resets, make_what_a_normalization_knows_of_a_unit_new) {
  for (const Position position : values_of<Position>()) {
    RunSpec run = resetting_run(ResetRule::kRandom);
    run.model.normalization = {.kind = Normalization::kBatchNorm, .position = position};
    run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01};
    Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
    for (std::uint64_t step = 0; step < 10; ++step) training.step(step);
    const LayerParameters layer = training.parameters().layers[0];
    for (std::size_t u = 0; u < 12; ++u) {
      const bool is_new = training.counts()[u] > 0;
      EXPECT_EQ(layer[BlockKind::kGain][u] == 1, is_new);
      EXPECT_EQ(layer[BlockKind::kShift][u] == 0, is_new);
      EXPECT_EQ(layer[BlockKind::kRunningMean][u] == 0, is_new);
      EXPECT_EQ(layer[BlockKind::kRunningVariance][u] == 1, is_new);
    }
  }
}

// The old row's gradient would move the fresh one, and the zeros above it, if the event came before the update.
TEST(Resets, come_after_the_update) {
  RunSpec run = resetting_run(ResetRule::kRandom);
  run.remedy.reset.every = 5;
  Training<double> training(pack_of<double>({run}, make_examples<double>(32)));
  for (std::uint64_t step = 0; step < 5; ++step) training.step(step);
  const ParameterSet after = training.parameters();
  std::vector<double> row(3);
  for (std::size_t u = 0; u < 12; ++u) {
    if (training.counts()[u] == 0) continue;
    redraw_row(training.pack.network.shape.layers[0], run.init.hidden, run.seed, 0, u, 5, row);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(after.layers[0][BlockKind::kWeights][u * 3 + i], row[i]);
    for (std::size_t k = 0; k < 9; ++k) EXPECT_EQ(after.layers[1][BlockKind::kWeights][k * 12 + u], 0);
  }
  // What has just been reset has no gradient where it comes in, but where it goes out.
  training.gradient(5);
  const ParameterSet gradient =
      lane_parameters(training.pack.network.shape, training.trainer.state().gradient.data(),
                      training.pack.network.kernels.lanes, 0);
  double outgoing = 0;
  for (std::size_t u = 0; u < 12; ++u) {
    if (training.counts()[u] == 0) continue;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(gradient.layers[0][BlockKind::kWeights][u * 3 + i], 0);
    for (std::size_t k = 0; k < 9; ++k)
      outgoing += std::abs(gradient.layers[1][BlockKind::kWeights][k * 12 + u]);
  }
  EXPECT_GT(outgoing, 0);
}

TEST(Resets, are_not_made_after_the_last_update_nor_beyond_their_share_of_them) {
  RunSpec run = resetting_run(ResetRule::kRandom);
  run.train.steps = 40;
  const auto resets_until = [&](double until) {
    run.remedy.reset.until = until;
    return trained(pack_of<double>({run}, make_examples<double>(32)))[0].outcome.resets;
  };
  const auto each = [](std::int64_t events) { return events * 12 / 10 + events * 9 / 10; };
  EXPECT_EQ(resets_until(1), each(3));
  EXPECT_EQ(resets_until(0.5), each(2));
  EXPECT_EQ(resets_until(0.49), each(2));  // 19.6 updates are 20
  EXPECT_EQ(resets_until(0), 0);
}

TEST(Resets, spare_frozen_layers_and_those_below_them) {
  for (const std::uint64_t frozen : {1, 2, 3}) {
    RunSpec run = resetting_run(ResetRule::kRandom);
    run.remedy.reset.fraction = 1;
    run.train.freeze = {frozen};
    const Event event = event_of(run);
    for (std::size_t u = 0; u < 21; ++u) {
      const std::size_t layer = u < 12 ? 1 : 2;
      EXPECT_EQ(event.counts[u], frozen != layer && frozen != layer + 1 ? 1u : 0u);
    }
    const auto& weights = event.after.layers[frozen - 1][BlockKind::kWeights];
    EXPECT_EQ(weights, event.before.layers[frozen - 1][BlockKind::kWeights]);
  }
}

}  // namespace
}  // namespace deadrelu
