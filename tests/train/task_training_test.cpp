// Training on one task after another: what is recorded of it, and that it is the same however it is computed.
#include <gtest/gtest.h>

#include "data/tasks.h"
#include "reference/reference_network.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

constexpr std::size_t kTaskSamples = 30;

std::vector<TaskChange> changes() {
  const auto all = values_of<TaskChange>();
  std::vector<TaskChange> list(all.begin(), all.end());
  std::erase(list, TaskChange::kNone);
  return list;
}

// Three tasks of seven updates.
RunSpec task_run(TaskChange change, std::uint64_t seed = 0) {
  RunSpec run = small_run(seed);
  run.data.kind = DataKind::kIdx;
  run.data.tasks = {.change = change, .epochs = 0, .steps = 7, .count = 3};
  run.train.loss = Loss::kCrossEntropy;
  run.record.every = 5;
  run.record.probe_samples = 20;
  return run;
}

template <class T>
SharedData<T> task_data() {
  return make_examples<T>(kTaskSamples, 3, 5, true);
}

template <class T>
class TaskTraining : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(TaskTraining, Precisions);

TYPED_TEST(TaskTraining, is_the_same_in_both_engines_and_beside_other_runs) {
  using T = TypeParam;
  const auto data = task_data<T>();
  for (const TaskChange change : changes()) {
    for (const std::uint64_t ramp : {0, 4}) {
      for (const Sampling sampling : values_of<Sampling>()) {
        std::vector<RunSpec> runs;
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
          runs.push_back(task_run(change, seed));
          runs.back().data.tasks.ramp = ramp;
          runs.back().train.sampling = sampling;
          runs.back().train.optimizer.learning_rate = 0.02 * static_cast<double>(seed + 1);
        }
        if (change == TaskChange::kClasses) {
          EXPECT_NE(pack_form(runs[0]), pack_form(runs[1]));
          runs.resize(1);
        } else {
          RunSpec as_first = runs[1];
          EXPECT_EQ(pack_form(runs[0]), pack_form(as_first));
        }
        for (const SimdTarget target : available_simd()) {
          const auto lanes = trained(pack_of<T>(runs, data, target));
          for (std::size_t i = 0; i < runs.size(); ++i) {
            SCOPED_TRACE(std::string(name_of(change)) + ' ' + std::string(name_of(sampling)));
            const auto alone = trained(pack_of<T>({runs[i]}, data, target));
            const auto wide = trained(pack_of<T>({runs[i]}, data, target, Engine::kWide));
            ASSERT_NO_FATAL_FAILURE(expect_same_record(alone.at(0), lanes[i]));
            ASSERT_NO_FATAL_FAILURE(expect_same_record(wide.at(0), lanes[i]));
            ASSERT_EQ(lanes[i].tasks.size(), 3u);
          }
        }
      }
    }
  }
}

// A run of so many tasks ends where the next task of a longer run begins.
TYPED_TEST(TaskTraining, a_task_s_row_is_the_end_of_a_run_that_ends_with_it) {
  using T = TypeParam;
  const auto data = task_data<T>();
  for (const TaskChange change : changes()) {
    for (const ProbeSplit split : values_of<ProbeSplit>()) {
      RunSpec run = task_run(change, 4);
      run.record.probe_split = split;
      const RunRecord longest = trained(pack_of<T>({run}, data))[0];
      EXPECT_EQ(longest.outcome.steps, 21);
      for (std::uint64_t count = 1; count <= 3; ++count) {
        run.data.tasks.count = count;
        const RunRecord shorter = trained(pack_of<T>({run}, data))[0];
        const TaskRow& row = longest.tasks[count - 1];
        EXPECT_EQ(row.task, static_cast<std::int64_t>(count));
        EXPECT_EQ(row.steps, 7);
        EXPECT_EQ(row.loss, shorter.outcome.train_loss);
        EXPECT_EQ(row.accuracy, shorter.outcome.train_accuracy);
        EXPECT_EQ(row.dead_fraction, shorter.outcome.dead_fraction);
      }
    }
  }
}

TEST(TaskRows, hold_the_losses_of_the_batches_before_each_update) {
  for (const TaskChange change : changes()) {
    RunSpec run = task_run(change);
    run.record.every = 1;
    run.data.tasks.steps = 8;
    const RunRecord record = trained(pack_of<float>({run}, task_data<float>()))[0];
    ASSERT_EQ(record.metrics.size(), 25u);
    for (std::size_t task = 0; task < 3; ++task) {
      double sum = 0, examples = 0;
      for (std::size_t step = 8 * task; step < 8 * task + 8; ++step) {
        // Batches of 8 of 30 examples: each fourth has 6, unless passes follow each other.
        const double size = change != TaskChange::kClasses && step % 4 == 3 ? 6 : 8;
        sum += record.metrics[step].batch_loss * size;
        examples += size;
      }
      EXPECT_EQ(record.tasks[task].online_loss, sum / examples);
      const double right = record.tasks[task].online_accuracy * examples;
      EXPECT_NEAR(right, std::round(right), 1e-9) << "no whole number of examples";
    }
  }
}

TEST(TaskRows, end_where_the_run_ends) {
  RunSpec cut = task_run(TaskChange::kPermuteInputs);
  cut.data.tasks.count = 0;
  cut.train.steps = 10;
  const RunRecord record = trained(pack_of<float>({cut}, task_data<float>()))[0];
  ASSERT_EQ(record.tasks.size(), 2u);
  EXPECT_EQ(record.tasks[0].steps, 7);
  EXPECT_EQ(record.tasks[1].steps, 3);
  EXPECT_EQ(record.tasks[1].loss, record.outcome.train_loss);
  cut.train.steps = 0;
  EXPECT_TRUE(trained(pack_of<float>({cut}, task_data<float>()))[0].tasks.empty());

  RunSpec wild = task_run(TaskChange::kPermuteInputs, 1);
  wild.train.optimizer.learning_rate = 1e30;
  const RunSpec tame = task_run(TaskChange::kPermuteInputs, 2);
  const auto records = trained(pack_of<float>({wild, tame}, task_data<float>()));
  EXPECT_EQ(records[0].outcome.status, RunStatus::kDiverged);
  EXPECT_TRUE(records[0].tasks.empty());
  expect_same_record(records[1], trained(pack_of<float>({tame}, task_data<float>()))[0]);
}

TEST(TaskRows, are_not_there_without_tasks) {
  EXPECT_TRUE(trained(pack_of<float>({small_run()}, make_examples<float>(40)))[0].tasks.empty());
}

TEST(TaskTraining, says_when_a_task_begins) {
  const auto pack = pack_of<float>({task_run(TaskChange::kRandomLabels)}, task_data<float>());
  EXPECT_EQ(pack.steps, 21u);
  Trainer<float> trainer(pack);
  for (std::uint64_t step = 0; step <= 21; ++step) {
    trainer.compute_gradient(step);
    EXPECT_EQ(trainer.state().task, std::min<std::uint64_t>(step / 7, 2));
    EXPECT_EQ(trainer.state().begins_task, step % 7 == 0 && step < 21);
  }
}

// The reference network on batches that are changed by the definitions, number by number.
TEST(TaskTraining, agrees_with_the_reference_network) {
  for (const TaskChange change :
       {TaskChange::kPermuteInputs, TaskChange::kPermuteLabels, TaskChange::kRandomLabels}) {
    const RunSpec run = task_run(change, 17);
    const auto data = task_data<double>();
    const auto pack = pack_of<double>({run}, data);
    Trainer<double> trainer(pack);
    auto layers = reference::layers_from(lane_parameters(
        pack.network.shape, trainer.state().parameters.data(), pack.network.kernels.lanes, 0));
    reference::ReferenceOptimizer optimizer(run.train);
    BatchOrder order(order_kernels<double>(available_simd()[0], Engine::kWide), {run.seed}, Sampling::kEpoch,
                     kTaskSamples, 8);
    for (std::uint64_t step = 0; step < 21; ++step) {
      const std::uint64_t task = step / 7;
      std::vector<std::uint32_t> examples(64);
      const std::size_t count = order.batch_size(step);
      order.fill(step, 0, count, examples.data());
      reference::Matrix inputs(3, count), targets = reference::Matrix::Zero(3, count);
      const Permutation permutation(17, Purpose::kTask, task, 3);  // of inputs and of classes
      for (std::size_t s = 0; s < count; ++s) {
        const double* const x = data->train.inputs.data() + examples[s] * 3;
        const double* const t = data->train.targets.data() + examples[s] * 3;
        auto label = static_cast<std::uint32_t>(std::max_element(t, t + 3) - t);
        if (change == TaskChange::kPermuteLabels) label = permutation(label);
        if (change == TaskChange::kRandomLabels)
          label = static_cast<std::uint32_t>(
              random_below(17, Purpose::kTaskLabels, static_cast<std::uint32_t>(task), 2 * examples[s], 3));
        targets(label, static_cast<Eigen::Index>(s)) = 1;
        for (std::uint32_t i = 0; i < 3; ++i)
          inputs(i, static_cast<Eigen::Index>(s)) =
              x[change == TaskChange::kPermuteInputs ? permutation(i) : i];
      }
      const auto outputs = reference::forward(run.model, layers, inputs).z.back();
      trainer.compute_gradient(step);
      const double loss = reference::loss_value(run.train.loss, outputs, targets);
      ASSERT_NEAR(trainer.state().batch_loss[0], loss, 1e-10) << name_of(change) << ' ' << step;
      const double rate = reference::learning_rate(run.train, step, 21);
      optimizer.step(layers, reference::gradient(run.model, run.train.loss, layers, inputs, targets), rate);
      trainer.update();
    }
  }
}

}  // namespace
}  // namespace deadrelu
