// Runs that end before their last step.
#include <gtest/gtest.h>

#include "train/pack_testing.h"
#include "train/recorder.h"

namespace deadrelu {
namespace {

// The record, from 0, at which Keras's EarlyStopping(monitor, min_delta, patience, mode="min") stops: an epoch
// improves where its loss + min_delta < the best so far; `patience` epochs on end without stop the training.
std::size_t keras_stop(const std::vector<double>& losses, std::uint64_t patience, double min_delta) {
  double best = std::numeric_limits<double>::infinity();
  std::uint64_t wait = 0;
  for (std::size_t epoch = 0; epoch < losses.size(); ++epoch) {
    ++wait;
    if (losses[epoch] + min_delta < best) {
      best = losses[epoch];
      wait = 0;
      continue;
    }
    if (wait >= patience && epoch > 0) return epoch;
  }
  return losses.size();
}

std::size_t rule_stop(const std::vector<double>& losses, const StopSpec& spec) {
  StopRule rule(spec);
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (rule.stops_at(losses[i])) return i;
  return losses.size();
}

TEST(StopRule, waits_as_keras_does) {
  std::mt19937 engine(3);
  std::size_t stopped = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<double> losses;
    for (int i = 0; i < 12; ++i) losses.push_back(1 - 0.05 * i + static_cast<double>(engine() % 8) / 16);
    const std::uint64_t patience = 1 + engine() % 4;
    const double improvement = static_cast<double>(engine() % 3) / 16;
    const std::size_t expected = keras_stop(losses, patience, improvement);
    EXPECT_EQ(rule_stop(losses, {0, patience, improvement}), expected);
    stopped += expected < losses.size();
  }
  EXPECT_GT(stopped, 500u);
  EXPECT_LT(stopped, 1900u);
}

TEST(StopRule, stops_below_a_loss) {
  EXPECT_EQ(rule_stop({3, 2, 1, 0.9, 0.5}, {.loss_below = 1}), 3u);
  EXPECT_EQ(rule_stop({3, 2, 1}, {.loss_below = 0.5}), 3u);
  EXPECT_EQ(rule_stop({3, 4, 5, 6}, {}), 4u);
}

RunSpec stop_run(std::uint64_t seed, const StopSpec& stop) {
  RunSpec run = small_run(seed);
  run.train.stop = stop;
  run.train.steps = 60;
  run.record.parameters_initial = true;
  return run;
}

// The rows of a run up to a step are those of the same run that is not stopped; the rest is about its end.
void expect_beginning(const RunRecord& stopped, const RunRecord& whole, std::int64_t step) {
  EXPECT_EQ(stopped.outcome.status, RunStatus::kOk);
  EXPECT_EQ(stopped.outcome.stop_step, step);
  EXPECT_EQ(stopped.outcome.steps, step);
  EXPECT_EQ(stopped.metrics.back().step, step);
  EXPECT_EQ(stopped.outcome.train_loss, stopped.metrics.back().train_loss);
  EXPECT_EQ(stopped.parameters.back().step, step);
  for (const Table& table : result_tables()) {
    if (table.has_one_row() || table.has_json()) continue;
    const Rows mine = table.rows(stopped), theirs = table.rows(whole);
    ASSERT_LE(mine.count, theirs.count);
    for (std::size_t i = 0; i < mine.count; ++i)
      for (const Column& column : table.columns)
        ASSERT_EQ(column.read(mine[i]), column.read(theirs[i])) << table.name << ": " << column.info.name;
  }
}

TEST(Stop, a_stopped_run_is_the_beginning_of_the_whole_one_and_disturbs_no_other) {
  const auto data = make_examples<float>(40, 0, 1, true);
  std::vector<RunSpec> runs;
  std::vector<std::size_t> ends;
  std::vector<RunRecord> wholes;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    RunSpec run = stop_run(seed, {});
    run.train.optimizer.learning_rate = seed == 3 ? 0.2 : 0.05;
    wholes.push_back(trained(pack_of<float>({run}, data))[0]);
    EXPECT_EQ(wholes.back().outcome.stop_step, kMissingInteger);
    const auto& metrics = wholes.back().metrics;
    ASSERT_EQ(metrics.size(), 7u);
    std::vector<double> losses;  // of the test split, as there is one
    for (const MetricsRow& row : metrics) losses.push_back(row.test_loss);
    run.train.stop = seed == 2 ? StopSpec{.patience = 1, .improvement = 0.05}
                               : StopSpec{.loss_below = losses[1 + seed] + 1e-12};
    ends.push_back(std::min(rule_stop(losses, run.train.stop), metrics.size() - 1));
    runs.push_back(run);
  }
  EXPECT_LT(*std::min_element(ends.begin(), ends.end()), 6u);
  for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
    const auto together =
        engine == Engine::kLanes ? trained(pack_of<float>(runs, data)) : std::vector<RunRecord>(4);
    for (std::size_t i = 0; i < 4; ++i) {
      const RunRecord alone = trained(pack_of<float>({runs[i]}, data, available_simd()[0], engine))[0];
      if (engine == Engine::kLanes) expect_same_record(together[i], alone);
      if (ends[i] < 6) {
        expect_beginning(alone, wholes[i], static_cast<std::int64_t>(10 * ends[i]));
      } else {
        EXPECT_EQ(alone.outcome.stop_step, kMissingInteger);
      }
    }
  }
}

TEST(Stop, the_training_loss_decides_where_there_is_no_test_split) {
  const auto data = make_examples<float>(40);
  const RunRecord whole = trained(pack_of<float>({stop_run(5, {})}, data))[0];
  const double loss = whole.metrics[2].train_loss;
  const RunRecord record = trained(pack_of<float>({stop_run(5, {.loss_below = loss * 1.0000001})}, data))[0];
  expect_beginning(record, whole, 20);
}

TEST(Stop, a_run_may_end_where_it_begins) {
  const auto data = make_examples<float>(40);
  const RunRecord record = trained(pack_of<float>({stop_run(5, {.loss_below = 1e9})}, data))[0];
  EXPECT_EQ(record.outcome.stop_step, 0);
  EXPECT_EQ(record.metrics.size(), 1u);
  EXPECT_EQ(record.parameters.size(), 2u);
}

TEST(Stop, ends_a_task_and_a_bin_with_the_run) {
  RunSpec run = stop_run(1, {.loss_below = 1e9});
  run.data.kind = DataKind::kIdx;
  run.data.tasks = {.change = TaskChange::kPermuteInputs, .epochs = 0, .steps = 7, .count = 3};
  run.train.loss = Loss::kCrossEntropy;
  run.record.every = 0;
  run.record.steps = {10};
  const auto data = make_examples<float>(40, 3);
  EXPECT_TRUE(trained(pack_of<float>({run}, data))[0].tasks.empty());  // stopped at step 0
  const RunRecord whole = [&] {
    RunSpec free = run;
    free.train.stop = {};
    return trained(pack_of<float>({free}, data))[0];
  }();
  run.train.stop = {.patience = 1, .improvement = 1e9};
  const RunRecord record = trained(pack_of<float>({run}, data))[0];
  ASSERT_EQ(record.outcome.stop_step, 10);
  ASSERT_EQ(record.tasks.size(), 2u);
  EXPECT_EQ(record.tasks[0].online_loss, whole.tasks[0].online_loss);
  EXPECT_EQ(record.tasks[1].steps, 3);
  EXPECT_EQ(record.tasks[1].loss, record.outcome.train_loss);

  run = stop_run(1, {.patience = 1, .improvement = 1e9});
  run.data.kind = DataKind::kSlowlyChangingRegression;
  run.data.dimensions = 20;
  run.data.samples = 30;
  run.data.bin = 48;
  const auto online = std::make_shared<const Dataset<float>>(make_dataset<float>(run.data, run.seed));
  const RunRecord stream = trained(pack_of<float>({run}, online))[0];
  ASSERT_EQ(stream.outcome.stop_step, 10);
  ASSERT_EQ(stream.stream.size(), 2u);  // batches of 8: 48 and 32 examples
  EXPECT_EQ(stream.stream[1].to, 80);
}

}  // namespace
}  // namespace deadrelu
