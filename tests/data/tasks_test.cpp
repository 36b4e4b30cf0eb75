#include "data/tasks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace deadrelu {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::size_t kInputs = 30, kExamples = 40, kClasses = 5;

// Input p of example s is 100·s + p; its class is s mod 5, but class 4 has no example.
Dataset<float> example_set(std::size_t test = 0) {
  Dataset<float> data{kInputs, kClasses, kClasses, {}, {}, {}};
  const auto fill = [](Split<float>& split, std::size_t n) {
    split = {n, Buffer<float>(n * kInputs), Buffer<float>(n * kClasses)};
    for (std::size_t s = 0; s < n; ++s) {
      for (std::size_t p = 0; p < kInputs; ++p)
        split.inputs[s * kInputs + p] = static_cast<float>(100 * s + p);
      split.targets[s * kClasses + s % 4] = 1;
    }
  };
  fill(data.train, kExamples);
  fill(data.test, test);
  return data;
}

struct Shown {
  std::size_t example = 0, label = 0;
  std::vector<float> inputs, targets;
};

// What is shown at the given examples.
std::vector<Shown> show(const TaskView<float>& view, const std::vector<std::uint32_t>& examples,
                        const TaskView<float>::Ramp& ramp = {}) {
  const Kernels<float> kernel = kernels<float>(available_simd()[0], Engine::kWide);
  std::vector<std::uint32_t> indices = examples;
  std::vector<float> inputs(kInputs * 48), targets(kInputs * 48);
  const LaneMatrix<float> x{inputs.data(), kInputs, examples.size(), 48, 1};
  const LaneMatrix<float> t{targets.data(), kClasses, examples.size(), 48, 1};
  view.gather(kernel, indices.data(), ramp, x, t);
  std::vector<Shown> shown;
  for (std::size_t s = 0; s < examples.size(); ++s) {
    Shown one;
    for (std::size_t i = 0; i < kInputs; ++i) one.inputs.push_back(*x.at(i, s));
    for (std::size_t o = 0; o < kClasses; ++o) one.targets.push_back(*t.at(o, s));
    one.example = static_cast<std::size_t>(one.inputs[0]) / 100;
    one.label = static_cast<std::size_t>(std::max_element(one.targets.begin(), one.targets.end()) -
                                         one.targets.begin());
    EXPECT_EQ(std::count(one.targets.begin(), one.targets.end(), 1.0F), 1);
    EXPECT_EQ(std::count(one.targets.begin(), one.targets.end(), 0.0F), 4);
    shown.push_back(std::move(one));
  }
  return shown;
}

DataSpec spec_of(TaskChange change) {
  DataSpec spec;
  spec.kind = DataKind::kIdx;
  spec.tasks.change = change;
  return spec;
}

TaskView<float> view_of(const DataSpec& spec, const Dataset<float>& data, bool test = false,
                        std::uint64_t seed = kSeed) {
  return {spec, data, test, {{test ? &data.test : &data.train, seed}}};
}

std::vector<std::uint32_t> all_of(std::size_t count) {
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

TEST(Tasks, permuted_inputs_have_one_order_a_task_and_keep_their_labels) {
  const Dataset<float> data = example_set();
  TaskView<float> view = view_of(spec_of(TaskChange::kPermuteInputs), data);
  std::set<std::vector<std::uint32_t>> orders;
  for (const std::uint64_t task : {0, 1, 2, 5, 4}) {
    view.begin(task);
    const Permutation permutation(kSeed, Purpose::kTask, task, kInputs);
    std::vector<std::uint32_t> order(kInputs);
    for (std::uint32_t i = 0; i < kInputs; ++i) order[i] = permutation(i);
    orders.insert(order);
    for (const Shown& one : show(view, all_of(kExamples))) {
      for (std::size_t i = 0; i < kInputs; ++i)
        EXPECT_EQ(one.inputs[i], static_cast<float>(100 * one.example + order[i]));
      EXPECT_EQ(one.label, one.example % 4);
    }
  }
  EXPECT_EQ(orders.size(), 5u);
}

TEST(Tasks, permuted_labels_rename_the_classes) {
  const Dataset<float> data = example_set();
  TaskView<float> view = view_of(spec_of(TaskChange::kPermuteLabels), data);
  for (std::uint64_t task = 0; task < 4; ++task) {
    view.begin(task);
    const Permutation permutation(kSeed, Purpose::kTask, task, kClasses);
    for (const Shown& one : show(view, all_of(kExamples))) {
      EXPECT_EQ(one.label, permutation(static_cast<std::uint32_t>(one.example % 4)));
      EXPECT_EQ(one.inputs[3], static_cast<float>(100 * one.example + 3));
    }
  }
}

TEST(Tasks, random_labels_are_uniform_and_stay_for_a_task) {
  const Dataset<float> data = example_set(20);
  const DataSpec spec = spec_of(TaskChange::kRandomLabels);
  TaskView<float> view = view_of(spec, data), of_test = view_of(spec, data, true);
  std::vector<int> counts(kClasses);
  for (std::uint64_t task = 0; task < 200; ++task) {
    view.begin(task);
    of_test.begin(task);
    const auto stream = static_cast<std::uint32_t>(task);
    for (std::size_t s = 0; s < kExamples; ++s) {
      const Shown one = show(view, {static_cast<std::uint32_t>(s)})[0];
      EXPECT_EQ(one.label, random_below(kSeed, Purpose::kTaskLabels, stream, 2 * s, kClasses));
      ++counts[one.label];
      if (s >= 20) continue;
      EXPECT_EQ(show(of_test, {static_cast<std::uint32_t>(s)})[0].label,
                random_below(kSeed, Purpose::kTaskLabels, stream, 2 * s + 1, kClasses));
    }
  }
  // 1600 expected, standard deviation √(8000 · 0.2 · 0.8) = 35.8.
  for (const int count : counts) EXPECT_NEAR(count, 1600, 5 * 35.8);
}

TEST(Tasks, a_round_deals_out_the_classes_that_there_are) {
  const Dataset<float> data = example_set();
  for (const std::size_t in_task : {1, 2, 3, 4, 7}) {
    DataSpec spec = spec_of(TaskChange::kClasses);
    spec.tasks.classes = in_task;
    TaskView<float> view = view_of(spec, data);
    const std::size_t present = std::min<std::size_t>(in_task, 4), in_round = 4 / present;
    std::map<std::uint64_t, std::set<std::size_t>> dealt;
    for (std::uint64_t task = 0; task < 6 * in_round; ++task) {
      view.begin(task);
      std::set<std::size_t> classes;
      for (const std::uint32_t example : view.members()) classes.insert(example % 4);
      EXPECT_EQ(classes.size(), present);
      EXPECT_EQ(view.members().size(), present * kExamples / 4);
      EXPECT_TRUE(std::is_sorted(view.members().begin(), view.members().end()));
      for (const std::size_t one : classes)
        EXPECT_TRUE(dealt[task / in_round].insert(one).second) << "twice in a round";
    }
  }
}

TEST(Tasks, of_classes_pass_through_their_examples_again_and_again) {
  const Dataset<float> data = example_set();
  TaskView<float> view = view_of(spec_of(TaskChange::kClasses), data);
  view.begin(3);
  const std::set<std::uint32_t> members(view.members().begin(), view.members().end());
  ASSERT_EQ(members.size(), 20u);
  std::set<std::vector<std::uint32_t>> orders;
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    std::vector<std::uint32_t> shown(20);
    view.fill_indices(Sampling::kEpoch, kSeed, 20 * pass, 9, shown.data());  // in any pieces
    view.fill_indices(Sampling::kEpoch, kSeed, 20 * pass + 9, 11, shown.data() + 9);
    orders.insert(shown);
    EXPECT_EQ(std::set<std::uint32_t>(shown.begin(), shown.end()), members);
  }
  EXPECT_EQ(orders.size(), 3u);
  std::vector<std::uint32_t> in_order(30), drawn(2000);
  view.fill_indices(Sampling::kSequential, kSeed, 10, 30, in_order.data());
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(in_order[i], view.members()[(i + 10) % 20]);
  view.fill_indices(Sampling::kWithReplacement, kSeed, 0, 2000, drawn.data());
  std::map<std::uint32_t, int> counts;
  for (const std::uint32_t example : drawn) ++counts[example];
  EXPECT_EQ(counts.size(), 20u);
  for (const auto& [example, count] : counts) {
    EXPECT_TRUE(members.contains(example));
    EXPECT_NEAR(count, 100, 5 * 9.75);
  }
}

TEST(Tasks, a_split_without_the_classes_of_a_task_is_shown_as_a_whole) {
  Dataset<float> data = example_set(1);  // one test example, of class 0
  TaskView<float> view = view_of(spec_of(TaskChange::kClasses), data, true);
  for (std::uint64_t task = 0; task < 4; ++task) {
    view.begin(task);
    EXPECT_EQ(view.members().size(), 1u);
  }
}

// The share of examples that are shown as the present task has them grows as the ramp says.
TEST(Tasks, a_ramp_takes_a_share_of_the_examples_from_the_task_before) {
  const Dataset<float> data = example_set();
  for (const TaskChange change : values_of<TaskChange>()) {
    if (change == TaskChange::kNone) continue;
    DataSpec spec = spec_of(change);
    TaskView<float> before = view_of(spec, data), after = view_of(spec, data), mixed = view_of(spec, data);
    before.begin(1);
    after.begin(2);
    mixed.begin(1);
    mixed.begin(2);
    for (const double share : {0.0, 0.25, 0.7}) {
      int late = 0, count = 0;
      for (std::uint64_t batch = 0; batch < 50; ++batch) {
        const auto examples = change == TaskChange::kClasses
                                  ? std::vector<std::uint32_t>(after.members().begin(), after.members().end())
                                  : all_of(kExamples);
        const auto shown = show(mixed, examples, {1000 * batch, share});
        const auto old = show(before, examples), young = show(after, examples);
        for (std::size_t s = 0; s < shown.size(); ++s) {
          if (change == TaskChange::kClasses) {
            const auto of_before = before.members();
            const bool was = std::count(of_before.begin(), of_before.end(), shown[s].example) > 0;
            EXPECT_TRUE(was || shown[s].example == examples[s]);
            late += was && shown[s].example != examples[s];
            ++count;
            continue;
          }
          const bool is_old = shown[s].inputs == old[s].inputs && shown[s].targets == old[s].targets;
          const bool is_young = shown[s].inputs == young[s].inputs && shown[s].targets == young[s].targets;
          EXPECT_TRUE(is_old || is_young);
          if (is_old && is_young) continue;  // the two tasks agree on it
          late += is_old;
          ++count;
        }
      }
      ASSERT_GT(count, 500) << name_of(change);
      const double n = count, expected = n * (1 - share);
      EXPECT_NEAR(late, expected, 5 * std::sqrt(n * share * (1 - share)) + 1e-9) << name_of(change) << share;
    }
  }
}

TEST(Tasks, an_autoencoder_s_targets_are_permuted_with_its_inputs) {
  Dataset<float> data = example_set();
  data.outputs = kInputs;
  data.classes = 0;
  data.train.targets = Buffer<float>(kExamples * kInputs);
  std::copy_n(data.train.inputs.data(), data.train.inputs.size(), data.train.targets.data());
  DataSpec spec = spec_of(TaskChange::kPermuteInputs);
  spec.target_source = TargetSource::kInputs;
  TaskView<float> view = view_of(spec, data);
  view.begin(2);
  std::vector<float> inputs(kInputs * 16), targets(kInputs * 16);
  std::vector<std::uint32_t> indices{3, 1};
  view.gather(kernels<float>(available_simd()[0], Engine::kWide), indices.data(), {},
              {inputs.data(), kInputs, 2, 16, 1}, {targets.data(), kInputs, 2, 16, 1});
  EXPECT_EQ(inputs, targets);
  const Permutation permutation(kSeed, Purpose::kTask, 2, kInputs);
  for (std::uint32_t i = 0; i < kInputs; ++i)
    EXPECT_EQ(inputs[16 * i], static_cast<float>(300 + permutation(i)));
}

TEST(Tasks, last_as_long_as_they_are_given) {
  DataSpec spec = spec_of(TaskChange::kPermuteInputs);
  spec.tasks.epochs = 3;
  EXPECT_EQ(task_steps(spec, 5, 40, 16), 9u);
  spec.tasks.examples = 33;
  EXPECT_EQ(task_steps(spec, 5, 40, 16), 3u);
  spec.tasks.steps = 7;
  EXPECT_EQ(task_steps(spec, 5, 40, 16), 7u);
  spec = spec_of(TaskChange::kClasses);  // 2 of 5 classes
  EXPECT_EQ(task_steps(spec, 5, 40, 8), 2u);
  spec.tasks.classes = 9;
  EXPECT_EQ(task_steps(spec, 5, 40, 8), 5u);
}

}  // namespace
}  // namespace deadrelu
