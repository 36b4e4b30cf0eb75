#include "train/online.h"

#include <gtest/gtest.h>

#include "train/pack_testing.h"
#include "train/trainer.h"

namespace deadrelu {
namespace {

RunSpec stream_run(std::uint64_t seed = 0, std::uint64_t steps = 90, std::uint64_t batch = 1) {
  RunSpec run = small_run(seed);
  run.data = {};
  run.data.kind = DataKind::kSlowlyChangingRegression;
  run.data.dimensions = 20;
  run.data.samples = 100;
  run.data.change_every = 25;
  run.data.bin = 20;
  run.train.batch_size = batch;
  run.train.steps = steps;
  run.record.every = 1;
  run.record.units = false;
  return run;
}

template <class T>
OwningPack<T> stream_pack(std::vector<RunSpec> runs, SimdTarget target = available_simd()[0]) {
  std::vector<SharedData<T>> data;
  for (const RunSpec& run : runs)
    data.push_back(std::make_shared<const Dataset<T>>(make_dataset<T>(run.data, run.seed)));
  return pack_of<T>(std::move(runs), data, target);
}

void expect_same_stream(const std::vector<StreamRow>& a, const std::vector<StreamRow>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].bin, b[i].bin);
    EXPECT_EQ(a[i].from, b[i].from);
    EXPECT_EQ(a[i].to, b[i].to);
    EXPECT_EQ(a[i].loss, b[i].loss);
    EXPECT_EQ(a[i].silent_fraction, b[i].silent_fraction);
  }
}

TEST(StreamBins, hold_the_mean_of_the_batch_losses_before_each_update) {
  const RunRecord record = trained(stream_pack<float>({stream_run()}))[0];
  ASSERT_EQ(record.metrics.size(), 91u);
  ASSERT_EQ(record.stream.size(), 5u);  // 90 examples, the last bin being half full
  for (std::size_t bin = 0; bin < 5; ++bin) {
    const StreamRow& row = record.stream[bin];
    const std::size_t to = std::min<std::size_t>(20 * bin + 20, 90);
    EXPECT_EQ(row.bin, static_cast<std::int64_t>(bin) + 1);
    EXPECT_EQ(row.from, static_cast<std::int64_t>(20 * bin));
    EXPECT_EQ(row.to, static_cast<std::int64_t>(to));
    double sum = 0;
    for (std::size_t step = 20 * bin; step < to; ++step) sum += record.metrics[step].batch_loss;
    EXPECT_EQ(row.loss, sum / static_cast<double>(to - 20 * bin));
    EXPECT_TRUE(std::isnan(row.accuracy));
    EXPECT_TRUE(std::isnan(record.metrics[bin].epoch));
  }
}

TEST(StreamBins, end_at_the_first_batch_that_reaches_their_end) {
  const RunRecord record = trained(stream_pack<float>({stream_run(0, 9, 8)}))[0];
  ASSERT_EQ(record.stream.size(), 4u);  // 24, 40, 64, 72 examples
  std::vector<std::int64_t> ends;
  for (const StreamRow& row : record.stream) ends.push_back(row.to);
  EXPECT_EQ(ends, (std::vector<std::int64_t>{24, 40, 64, 72}));
}

TEST(StreamBins, count_the_units_that_are_silent_in_the_whole_bin) {
  RunSpec dead = stream_run(), alive = stream_run();
  dead.init.hidden.bias.kind = alive.init.hidden.bias.kind = BiasInit::kConstant;
  dead.init.hidden.bias.value = -100;
  alive.init.hidden.bias.value = 100;
  alive.train.optimizer.learning_rate = 0;
  const auto records = trained(stream_pack<float>({dead, alive}));
  for (const StreamRow& row : records[0].stream) EXPECT_EQ(row.silent_fraction, 1);
  EXPECT_EQ(records[1].stream[0].silent_fraction, 0);
}

TEST(StreamBins, do_not_depend_on_the_runs_beside_a_run_or_the_instruction_set) {
  std::vector<RunSpec> runs;
  for (std::uint64_t seed = 0; seed < 3; ++seed) runs.push_back(stream_run(seed));
  runs[1].train.optimizer.learning_rate = 0.01;
  const auto together = trained(stream_pack<float>(runs));
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (const SimdTarget target : available_simd())
      expect_same_stream(together[i].stream, trained(stream_pack<float>({runs[i]}, target))[0].stream);
}

TEST(StreamBins, end_where_a_run_diverges_and_go_on_beside_it) {
  RunSpec wild = stream_run(1);
  wild.train.optimizer.learning_rate = 1e30;
  const auto records = trained(stream_pack<float>({wild, stream_run(2)}));
  ASSERT_EQ(records[0].outcome.status, RunStatus::kDiverged);
  EXPECT_LE(records[0].stream.size(), static_cast<std::size_t>(records[0].outcome.diverged_step) / 20);
  expect_same_stream(records[1].stream, trained(stream_pack<float>({stream_run(2)}))[0].stream);
}

TEST(StreamBins, are_not_there_without_a_stream) {
  const auto data = make_examples<float>(40);
  EXPECT_TRUE(trained(pack_of<float>({small_run()}, data))[0].stream.empty());
}

}  // namespace
}  // namespace deadrelu
