#include "runner/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "simd/kernels.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

using Records = std::map<std::uint64_t, RunRecord>;

// Runs of several architectures, precisions, data sets and seeds, in an order that mixes them.
std::vector<PlannedRun> mixed_runs() {
  std::vector<PlannedRun> runs;
  for (std::uint64_t seed = 0; seed < 11; ++seed) {
    for (const Activation kind : {Activation::kRelu, Activation::kRrelu, Activation::kPrelu}) {
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        for (const DataKind data : {DataKind::kFunction, DataKind::kXor}) {
          PlannedRun run;
          run.id = runs.size();
          run.spec.seed = seed;
          run.spec.data.kind = data;
          run.spec.data.samples = 40;
          run.spec.data.noise = 0.1;
          run.spec.model.hidden = {5, 4};
          run.spec.model.activation.kind = kind;
          run.spec.train.precision = precision;
          run.spec.train.batch_size = 16;
          run.spec.train.batch_size_given = true;
          run.spec.train.steps = 30;
          run.spec.train.optimizer.learning_rate = seed == 3 ? 1e30 : 0.02 * static_cast<double>(seed + 1);
          run.spec.record.every = 10;
          run.spec.record.units = true;
          run.spec.record.parameters_final = true;
          runs.push_back(run);
        }
      }
    }
  }
  return runs;
}

RunStream stream_of(const std::vector<PlannedRun>& runs, std::size_t& next) {
  return [&runs, &next](PlannedRun& run) {
    if (next == runs.size()) return false;
    run = runs[next++];
    return true;
  };
}

Records train_all(const std::vector<PlannedRun>& runs, const RunnerOptions& options) {
  Records records;
  std::size_t next = 0;
  const std::atomic<bool> stop = false;
  train_runs(stream_of(runs, next), options, stop, [&](std::vector<FinishedRun>& finished) {
    for (FinishedRun& run : finished) {
      EXPECT_EQ(run.failure, "");
      EXPECT_TRUE(records.emplace(run.run.id, std::move(run.record)).second)
          << "run " << run.run.id << " came twice";
    }
  });
  return records;
}

void expect_same_records(const Records& a, const Records& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [id, record] : a) {
    SCOPED_TRACE("run " + std::to_string(id));
    ASSERT_TRUE(b.contains(id));
    ASSERT_NO_FATAL_FAILURE(expect_same_record(record, b.at(id)));
  }
}

RunnerOptions options_of(std::size_t threads) { return {.threads = threads, .simd = available_simd()[0]}; }

TEST(Runner, trains_every_run_once) {
  const auto runs = mixed_runs();
  const Records records = train_all(runs, options_of(2));
  EXPECT_EQ(records.size(), runs.size());
  std::set<double> losses;
  for (const auto& [id, record] : records) losses.insert(record.outcome.train_loss_initial);
  // Every seed has its own network on its own noisy data; the activations share some.
  EXPECT_GT(losses.size(), runs.size() / 2);
}

TEST(Runner, the_number_of_threads_never_matters) {
  const auto runs = mixed_runs();
  const Records one = train_all(runs, options_of(1));
  ASSERT_NO_FATAL_FAILURE(expect_same_records(one, train_all(runs, options_of(2))));
  ASSERT_NO_FATAL_FAILURE(expect_same_records(one, train_all(runs, options_of(7))));
}

TEST(Runner, the_order_of_the_runs_never_matters) {
  auto runs = mixed_runs();
  const Records forwards = train_all(runs, options_of(2));
  std::reverse(runs.begin(), runs.end());
  ASSERT_NO_FATAL_FAILURE(expect_same_records(forwards, train_all(runs, options_of(2))));
  std::shuffle(runs.begin(), runs.end(), std::mt19937(1));
  ASSERT_NO_FATAL_FAILURE(expect_same_records(forwards, train_all(runs, options_of(1))));
}

TEST(Runner, every_target_gives_the_same_bits) {
  const auto runs = mixed_runs();
  const Records first = train_all(runs, options_of(1));
  for (const SimdTarget target : available_simd()) {
    SCOPED_TRACE(name_of(target));
    ASSERT_NO_FATAL_FAILURE(expect_same_records(first, train_all(runs, {.threads = 2, .simd = target})));
  }
}

TEST(Runner, no_runs_are_no_work) { EXPECT_TRUE(train_all({}, options_of(3)).empty()); }

TEST(Runner, a_set_stop_flag_ends_it_with_whole_runs_only) {
  const auto runs = mixed_runs();
  const Records all = train_all(runs, options_of(1));
  Records records;
  std::size_t next = 0, calls = 0;
  std::atomic<bool> stop = false;
  train_runs(stream_of(runs, next), options_of(2), stop, [&](std::vector<FinishedRun>& finished) {
    ++calls;
    for (FinishedRun& run : finished) records.emplace(run.run.id, std::move(run.record));
    stop = true;
  });
  EXPECT_EQ(calls, 1U);
  EXPECT_FALSE(records.empty());
  for (const auto& [id, record] : records) ASSERT_NO_FATAL_FAILURE(expect_same_record(record, all.at(id)));
}

TEST(Runner, a_long_training_is_dropped_when_stopped) {
  auto runs = mixed_runs();
  for (PlannedRun& run : runs) {
    run.spec.train.steps = std::uint64_t{1} << 40;
    run.spec.record.every = 0;  // the first and the last step
    run.spec.train.optimizer.learning_rate = 0;
  }
  std::size_t pulled = 0;
  std::atomic<bool> stop = false;
  const RunStream stops_later = [&](PlannedRun& run) {
    if (pulled == runs.size()) return false;
    run = runs[pulled++];
    stop = pulled >= 9;  // set while packs are in flight
    return true;
  };
  bool finished_any = false;
  train_runs(stops_later, options_of(2), stop,
             [&](std::vector<FinishedRun>& finished) { finished_any = finished_any || !finished.empty(); });
  EXPECT_FALSE(finished_any);
}

TEST(Runner, a_run_that_cannot_be_trained_fails_alone) {
  auto runs = mixed_runs();
  runs[5].spec.train.batch_size = runs[7].spec.train.batch_size = 41;  // of 40 examples
  std::map<std::uint64_t, std::string> failures;
  std::size_t next = 0, trained = 0;
  const std::atomic<bool> stop = false;
  train_runs(stream_of(runs, next), options_of(2), stop, [&](std::vector<FinishedRun>& finished) {
    for (const FinishedRun& run : finished) {
      if (!run.failure.empty()) failures[run.run.id] = run.failure;
      trained += run.failure.empty() && !run.record.metrics.empty() ? 1 : 0;
    }
  });
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_NE(failures.at(5).find("batch_size"), std::string::npos) << failures.at(5);
  EXPECT_TRUE(failures.contains(7));
  EXPECT_EQ(trained, runs.size() - 2);
}

// Initial parameters of the wrong shape do not show in a pack form: neighbours of the same pack are trained.
TEST(Runner, a_failing_run_leaves_its_packs_neighbours_alone) {
  std::vector<PlannedRun> runs;
  for (PlannedRun& run : mixed_runs())
    if (pack_form(run.spec) == pack_form(mixed_runs()[0].spec)) runs.push_back(run);
  const Records all = train_all(runs, options_of(1));
  runs[1].spec.initial =
      std::make_shared<ParameterSet>(ParameterSet{{LayerParameters{1, 1, {{{1}, {}, {}}}}}});
  std::size_t next = 0, failed = 0;
  const std::atomic<bool> stop = false;
  train_runs(stream_of(runs, next), options_of(1), stop, [&](std::vector<FinishedRun>& finished) {
    for (const FinishedRun& run : finished) {
      if (run.failure.empty()) {
        ASSERT_NO_FATAL_FAILURE(expect_same_record(run.record, all.at(run.run.id)));
      } else {
        ++failed;
      }
    }
  });
  EXPECT_EQ(failed, 1U);
}

TEST(Runner, fail_fast_stops_at_the_first_failure) {
  auto runs = mixed_runs();
  for (PlannedRun& run : runs) run.spec.train.batch_size = 41;
  RunnerOptions options = options_of(1);
  options.fail_fast = true;
  std::size_t next = 0, calls = 0;
  const std::atomic<bool> stop = false;
  train_runs(stream_of(runs, next), options, stop, [&](std::vector<FinishedRun>&) { ++calls; });
  EXPECT_EQ(calls, 1U);
}

TEST(Runner, exceptions_of_the_stream_and_of_the_callback_are_thrown_on) {
  const auto runs = mixed_runs();
  const std::atomic<bool> stop = false;
  std::size_t next = 0;
  const RunStream breaks = [&](PlannedRun& run) {
    if (next == 30) throw std::runtime_error("stream");
    run = runs[next++];
    return true;
  };
  EXPECT_THROW(train_runs(breaks, options_of(2), stop, [](std::vector<FinishedRun>&) {}), std::runtime_error);
  next = 0;
  EXPECT_THROW(train_runs(stream_of(runs, next), options_of(2), stop,
                          [](std::vector<FinishedRun>&) { throw std::runtime_error("callback"); }),
               std::runtime_error);
}

TEST(Runner, a_data_file_that_cannot_be_read_is_thrown_on) {
  auto runs = mixed_runs();
  for (PlannedRun& run : runs) {
    run.spec.data.kind = DataKind::kCsv;
    run.spec.data.path = ::testing::TempDir() + "/no_such_file.csv";
    run.spec.data.csv.targets = {"y"};
  }
  const std::atomic<bool> stop = false;
  std::size_t next = 0;
  try {
    train_runs(stream_of(runs, next), options_of(2), stop, [](std::vector<FinishedRun>&) { FAIL(); });
    FAIL() << "nothing was thrown";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputOutput);
    EXPECT_NE(std::string(error.what()).find("no_such_file.csv"), std::string::npos) << error.what();
  }
}

// Runs are pulled as workers need them, not all at once.
TEST(Runner, pulls_a_bounded_number_of_runs_ahead) {
  const auto runs = mixed_runs();
  std::vector<PlannedRun> same(3000, runs[0]);
  const std::size_t lanes = lane_count<float>(available_simd()[0]);
  std::size_t next = 0, finished_runs = 0, ahead = 0;
  const std::atomic<bool> stop = false;
  const RunStream stream = [&](PlannedRun& run) {
    if (next == same.size()) return false;
    run = same[next++];
    ahead = std::max(ahead, next - finished_runs);
    return true;
  };
  train_runs(stream, options_of(2), stop,
             [&](std::vector<FinishedRun>& finished) { finished_runs += finished.size(); });
  EXPECT_EQ(finished_runs, same.size());
  EXPECT_LE(ahead, 2 * 4 * lanes + lanes);
}

}  // namespace
}  // namespace deadrelu
