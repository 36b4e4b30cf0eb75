// Contradictions between a run and its data.
#include "train/check.h"

#include <gtest/gtest.h>

#include <algorithm>

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
