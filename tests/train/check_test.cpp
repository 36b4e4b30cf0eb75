// Contradictions between a run and its data.
#include "train/check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "probe/certificates.h"

namespace deadrelu {
namespace {

RunSpec valid_run() {
  RunSpec run;
  run.model.hidden = {3};
  return run;
}

DataFacts facts_of(std::size_t train, std::size_t test, std::size_t classes = 0) {
  return {{2, classes == 0 ? 1 : classes, classes}, train, test};
}

bool blames(const std::vector<Contradiction>& found, const std::string& path) {
  return std::any_of(found.begin(), found.end(), [&](const Contradiction& c) { return c.path == path; });
}

TEST(Check, a_run_that_fits_its_data_has_no_contradiction) {
  EXPECT_TRUE(find_contradictions(valid_run(), facts_of(32, 0)).empty());
}

TEST(Check, a_batch_may_be_the_training_split_but_not_more) {
  RunSpec run = valid_run();
  EXPECT_TRUE(find_contradictions(run, facts_of(31, 0)).empty());  // the default takes all of fewer
  run.train.batch_size_given = true;
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(31, 0)), "train.batch_size"));
  RunSpec full = valid_run();
  full.train.batch_size = 0;
  EXPECT_TRUE(find_contradictions(full, facts_of(1, 0)).empty());
}

// The batches that batch_norm cannot normalize with are those of one example.
TEST(Check, batch_norm_needs_two_examples) {
  RunSpec run = valid_run();
  run.model.normalization.kind = Normalization::kBatchNorm;
  run.train.batch_size_given = true;
  const auto refuses = [&](std::uint64_t batch, std::size_t samples) {
    run.train.batch_size = batch;
    return blames(find_contradictions(run, facts_of(samples, 0)), "train.batch_size");
  };
  EXPECT_TRUE(refuses(1, 30));
  EXPECT_TRUE(refuses(0, 1));
  EXPECT_TRUE(refuses(10, 31));  // the last batch of an epoch
  EXPECT_FALSE(refuses(10, 30));
  EXPECT_FALSE(refuses(10, 32));
  EXPECT_FALSE(refuses(0, 31));
  run.train.sampling = Sampling::kWithReplacement;
  EXPECT_FALSE(refuses(10, 31));
  EXPECT_TRUE(refuses(1, 30));
  run.train.steps = 0;  // nothing is trained
  EXPECT_FALSE(refuses(1, 30));
  run.train.steps = 1;
  run.model.normalization.kind = Normalization::kLayerNorm;
  EXPECT_FALSE(refuses(1, 30));
}

TEST(Check, layer_norm_of_one_unit_is_refused) {
  RunSpec run = valid_run();
  run.model.hidden = {3, 1};
  for (const Normalization kind : values_of<Normalization>()) {
    run.model.normalization.kind = kind;
    EXPECT_EQ(blames(spec_contradictions(run, false), "model.normalization"),
              kind == Normalization::kLayerNorm);
  }
  run.model.normalization = {.kind = Normalization::kLayerNorm, .position = Position::kAfterActivation};
  run.model.activation.kind = Activation::kCrelu;  // two numbers a unit
  EXPECT_FALSE(blames(spec_contradictions(run, false), "model.normalization"));
}

TEST(Check, a_skip_needs_neighbours_of_one_width) {
  RunSpec run = valid_run();
  run.model.skip = true;
  const auto refuses = [&](std::vector<std::size_t> hidden) {
    run.model.hidden = std::move(hidden);
    return blames(spec_contradictions(run, false), "model.skip");
  };
  EXPECT_TRUE(refuses({3, 4, 3}));
  EXPECT_TRUE(refuses({3}));
  EXPECT_TRUE(refuses({}));
  EXPECT_FALSE(refuses({3, 4, 4}));
  run.model.activations = {{.kind = Activation::kCrelu}, {}};
  EXPECT_TRUE(refuses({3, 3}));
  EXPECT_FALSE(refuses({3, 6}));
}

TEST(Check, what_acts_on_hidden_layers_needs_some) {
  RunSpec run = valid_run();
  run.model.hidden.clear();
  EXPECT_FALSE(blames(spec_contradictions(run, false), "model.dropout"));
  run.model.dropout = 0.1;
  run.model.normalization.kind = Normalization::kRmsNorm;
  EXPECT_TRUE(blames(spec_contradictions(run, false), "model.dropout"));
  EXPECT_TRUE(blames(spec_contradictions(run, false), "model.normalization"));
}

TEST(Check, something_has_to_be_left_to_train_on) {
  EXPECT_TRUE(blames(find_contradictions(valid_run(), facts_of(0, 5)), "data.test_fraction"));
}

TEST(Check, a_classification_loss_needs_classes) {
  RunSpec run = valid_run();
  run.train.loss = Loss::kCrossEntropy;
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(100, 0)), "train.loss"));
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 0, 3)).empty());
  run.train.loss = Loss::kMse;
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 0, 3)).empty());
}

TEST(Check, one_output_takes_two_classes_where_it_is_asked_for) {
  RunSpec run = valid_run();
  run.train.loss = Loss::kBinaryCrossEntropy;
  run.data.target_form = TargetForm::kBinary;
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 0, 2)).empty());
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 0, 3)).empty());  // one against all
  run.data.one_output = true;
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 0, 2)).empty());
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(100, 0, 3)), "data.one_output"));
}

TEST(Check, the_probe_needs_its_split) {
  RunSpec run = valid_run();
  run.record.probe_split = ProbeSplit::kTest;
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(100, 0)), "record.probe.split"));
  EXPECT_TRUE(find_contradictions(run, facts_of(100, 1)).empty());
}

TEST(Check, tasks_need_a_data_set_that_they_can_change) {
  const auto found = [](const auto& change) {
    RunSpec run = valid_run();
    run.data.kind = DataKind::kSpirals;
    run.data.classes = 3;
    run.train.loss = Loss::kCrossEntropy;
    run.data.tasks.change = TaskChange::kRandomLabels;
    change(run);
    return spec_contradictions(run, true);
  };
  EXPECT_TRUE(found([](RunSpec&) {}).empty());
  EXPECT_TRUE(
      blames(found([](RunSpec& run) { run.data.kind = DataKind::kSlowlyChangingRegression; }), "data.tasks"));
  for (const TaskChange change : values_of<TaskChange>()) {
    const bool of_inputs = change == TaskChange::kNone || change == TaskChange::kPermuteInputs;
    const auto of_regression = found([&](RunSpec& run) {
      run.data.kind = DataKind::kGaussian;
      run.train.loss = Loss::kMse;
      run.data.tasks.change = change;
    });
    EXPECT_EQ(of_regression.empty(), of_inputs) << name_of(change);
    EXPECT_EQ(blames(of_regression, "data.tasks.change"), !of_inputs);
  }
  const auto some_classes = [](std::size_t classes, std::uint64_t batch) {
    return [classes, batch](RunSpec& run) {
      run.data.tasks = {.change = TaskChange::kClasses, .classes = classes};
      run.train.batch_size = batch;
      run.train.batch_size_given = true;
    };
  };
  EXPECT_TRUE(found(some_classes(3, 10)).empty());
  EXPECT_TRUE(blames(found(some_classes(4, 10)), "data.tasks.classes"));
  EXPECT_TRUE(blames(found(some_classes(2, 0)), "train.batch_size"));
  const auto ramp = [](std::uint64_t steps) {
    return [steps](RunSpec& run) { run.data.tasks.steps = 10, run.data.tasks.ramp = steps; };
  };
  EXPECT_TRUE(found(ramp(10)).empty());
  EXPECT_TRUE(blames(found(ramp(11)), "data.tasks.ramp"));
}

TEST(Check, targets_are_what_the_loss_takes) {
  const auto found = [](const auto& change) {
    RunSpec run = valid_run();
    change(run);
    return spec_contradictions(run, true);
  };
  const auto inputs = [](RunSpec& run) {
    run.data.kind = DataKind::kMoons;
    run.data.target_source = TargetSource::kInputs;
  };
  for (const Loss loss : values_of<Loss>()) {
    const bool needs_classes = loss == Loss::kCrossEntropy || loss == Loss::kBinaryCrossEntropy;
    EXPECT_EQ(blames(found([&](RunSpec& run) { inputs(run), run.train.loss = loss; }), "train.loss"),
              needs_classes);
  }
  EXPECT_TRUE(
      blames(found([&](RunSpec& run) { inputs(run), run.data.target_scale = 2; }), "data.target_scale"));
  EXPECT_TRUE(blames(found([&](RunSpec& run) { inputs(run), run.data.standardize_targets = true; }),
                     "data.standardize_targets"));
  for (const DataKind kind : {DataKind::kMoons, DataKind::kSlowlyChangingRegression})
    EXPECT_TRUE(
        blames(found([&](RunSpec& run) { run.data.kind = kind, run.data.standardize_targets = true; }),
               "data.standardize_targets"));
  EXPECT_TRUE(found([](RunSpec& run) { run.data.standardize_targets = true; }).empty());
}

TEST(Check, phases_ascend_and_gradients_are_clipped_in_one_way) {
  const auto found = [](const auto& change) {
    RunSpec run = valid_run();
    run.train.schedule.kind = Schedule::kPhases;
    change(run);
    return spec_contradictions(run, true);
  };
  using Phases = decltype(ScheduleSpec::phases);
  EXPECT_TRUE(found([](RunSpec&) {}).empty());
  for (const Phases& phases :
       {Phases{{0, 1}}, Phases{{1.5, 1}}, Phases{{0.5, 1}, {0.5, 2}}, Phases{{0.5, 1}, {0.25, 2}}})
    EXPECT_TRUE(
        blames(found([&](RunSpec& run) { run.train.schedule.phases = phases; }), "train.schedule.phases"));
  EXPECT_TRUE(blames(found([](RunSpec& run) { run.train.clip_norm = run.train.clip_value = 1; }),
                     "train.clip_value"));
  EXPECT_TRUE(found([](RunSpec& run) { run.train.clip_value = 1; }).empty());
  const auto boxed = [](RunSpec& run) {
    run.data.kind = DataKind::kBlobs;
    run.data.box = {2, 2};
  };
  EXPECT_TRUE(blames(found(boxed), "data.box"));
}

TEST(Check, absurd_sizes_are_refused) {
  RunSpec run = valid_run();
  run.model.hidden.assign(1024, 65536);
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(100, 0)), "model"));
  EXPECT_TRUE(blames(find_contradictions(valid_run(), facts_of(1'000'000'000, 0)), "data.samples"));
}

TEST(Check, initial_parameters_have_the_shape_of_the_network) {
  ParameterSet set;
  set.layers = {{3, 2, {std::vector<double>(6), std::vector<double>(3)}},
                {1, 3, {std::vector<double>(3), std::vector<double>(1)}}};
  const auto found = [&](const ParameterSet& initial) {
    RunSpec run = valid_run();
    run.initial = std::make_shared<const ParameterSet>(initial);
    return find_contradictions(run, facts_of(100, 0));
  };
  EXPECT_TRUE(found(set).empty());
  ParameterSet wrong = set;
  wrong.layers.pop_back();
  EXPECT_TRUE(blames(found(wrong), "init.file"));
  wrong = set;
  wrong.layers[0].inputs = 3;
  EXPECT_TRUE(blames(found(wrong), "init.file"));
  wrong = set;
  wrong.layers[0][BlockKind::kBias].clear();
  EXPECT_TRUE(blames(found(wrong), "init.file"));
  wrong = set;
  wrong.layers[0][BlockKind::kSlope] = {0.25};
  EXPECT_TRUE(blames(found(wrong), "init.file"));
}

TEST(Check, certificates_are_asked_of_what_can_be_proven) {
  for (const Activation kind : values_of<Activation>()) {
    for (const Certify method : values_of<Certify>()) {
      RunSpec run = valid_run();
      run.model.activation.kind = kind;
      run.record.certify = method;
      EXPECT_EQ(blames(spec_contradictions(run, false), "record.certify"),
                method > strongest_certificate(kind));
      run.model.hidden = {3, 3};
      run.model.activations.resize(2);
      run.model.activations[1].kind = kind;
      EXPECT_EQ(blames(spec_contradictions(run, false), "record.certify"),
                method > strongest_certificate(kind));
    }
  }
}

TEST(Check, nothing_is_proven_of_normalized_or_skipping_networks) {
  RunSpec run = valid_run();
  run.model.hidden = {3, 3};
  run.record.certify = Certify::kInterval;
  run.model.dropout = 0.5;
  EXPECT_FALSE(blames(spec_contradictions(run, false), "record.certify"));
  RunSpec skips = run;
  skips.model.skip = true;
  EXPECT_TRUE(blames(spec_contradictions(skips, false), "record.certify"));
  for (const Normalization kind : values_of<Normalization>()) {
    run.model.normalization.kind = kind;
    EXPECT_EQ(blames(spec_contradictions(run, false), "record.certify"), kind != Normalization::kNone);
    EXPECT_EQ(strongest_certificate(run.model),
              kind == Normalization::kNone ? Certify::kExact : Certify::kNone);
  }
}

TEST(Check, certified_domains_are_boxes_of_the_datas_inputs) {
  RunSpec run = valid_run();
  run.record.domain_low = {-1};
  run.record.domain_high = {1, 2};
  EXPECT_TRUE(blames(spec_contradictions(run, false), "record.domain.low"));  // of what?
  run.record.certify = Certify::kExact;
  EXPECT_TRUE(find_contradictions(run, facts_of(32, 0)).empty());
  DataFacts three = facts_of(32, 0);
  three.shape.inputs = 3;
  EXPECT_TRUE(blames(find_contradictions(run, three), "record.certify"));
  EXPECT_TRUE(blames(find_contradictions(run, three), "record.domain.high"));
  run.record.certify = Certify::kLinear;
  EXPECT_FALSE(blames(find_contradictions(run, three), "record.certify"));
  run.record.domain_low = {-1, 2.5};
  EXPECT_TRUE(blames(find_contradictions(run, facts_of(32, 0)), "record.domain"));
  run.record.domain_high = {};  // its key has been found wrong
  EXPECT_TRUE(find_contradictions(run, facts_of(32, 0)).empty());
}

TEST(Check, facts_follow_from_the_spec_but_for_files) {
  DataSpec spec;
  DataFacts facts;
  spec.samples = 101;
  spec.test_fraction = 0.25;
  ASSERT_TRUE(facts_from_spec(spec, facts));
  EXPECT_EQ(facts.test_samples, 25u);  // ⌊25.25 + ½⌋
  EXPECT_EQ(facts.train_samples, 76u);
  spec.limit = 10;
  ASSERT_TRUE(facts_from_spec(spec, facts));
  EXPECT_EQ(facts.test_samples, 3u);  // ⌊2.5 + ½⌋
  EXPECT_EQ(facts.train_samples, 7u);
  spec = {};
  spec.function = TargetFunction::kAbsSumDiff;
  spec.samples = 120;
  ASSERT_TRUE(facts_from_spec(spec, facts));
  EXPECT_EQ(facts.train_samples, 100u);
  spec.kind = DataKind::kIdx;
  EXPECT_FALSE(facts_from_spec(spec, facts));
}

}  // namespace
}  // namespace deadrelu
