#include "data/dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <vector>

#include "temporary_files.h"

namespace deadrelu {
namespace {

template <class T>
std::vector<T> copy_of(const Buffer<T>& buffer) {
  return {buffer.data(), buffer.data() + buffer.size()};
}

DataSpec points(const std::vector<double>& inputs) {
  DataSpec spec;
  spec.kind = DataKind::kPoints;
  PointList rows, targets;
  for (const double x : inputs) {
    rows.push_back({x, 5});
    targets.push_back({10 * x});
  }
  spec.inputs = rows;
  spec.targets = targets;
  return spec;
}

TEST(Dataset, a_seed_of_the_specs_own_overrules_the_runs_seed) {
  DataSpec spec;
  spec.kind = DataKind::kGaussian;
  const auto of_run_7 = copy_of(make_dataset<double>(spec, 7).train.inputs);
  spec.seed = 7;
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.inputs), of_run_7);
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 2).train.inputs), of_run_7);
}

TEST(Dataset, its_shape_is_the_one_that_the_spec_tells) {
  std::vector<DataSpec> specs = {points({1, 2})};
  for (const DataKind kind : values_of<DataKind>()) {
    DataSpec spec;
    spec.kind = kind;
    EXPECT_EQ(shape_from_spec(spec).has_value(), data_files(spec).empty()) << name_of(kind);
    if (kind == DataKind::kPoints || !shape_from_spec(spec)) continue;
    spec.dimensions = 5;
    spec.slow_inputs = 2;
    spec.teacher_outputs = 4;
    specs.push_back(spec);
    spec.target_form = TargetForm::kBinary;
    spec.function = TargetFunction::kAbsSumDiff;
    specs.push_back(spec);
  }
  for (const DataSpec& spec : specs) {
    const auto shape = shape_from_spec(spec);
    ASSERT_TRUE(shape);
    const Dataset<double> set = make_dataset<double>(spec, 1);
    EXPECT_EQ(set.inputs, shape->inputs);
    EXPECT_EQ(set.outputs, shape->outputs);
    EXPECT_EQ(set.classes, shape->classes);
    EXPECT_EQ(set.classes > 0, has_classes(spec));
    EXPECT_EQ(set.train.samples, shape->samples);
    EXPECT_EQ(set.train.inputs.size(), set.train.samples * set.inputs);
    EXPECT_EQ(set.train.targets.size(), set.train.samples * set.outputs);
  }
}

TEST(Dataset, seeds_give_other_examples_where_the_spec_says_so_and_the_same_one_the_same) {
  for (const DataKind kind : values_of<DataKind>()) {
    for (const double noise : {0.0, 0.5}) {
      DataSpec spec = kind == DataKind::kPoints ? points({1, 2}) : DataSpec();
      spec.kind = kind;
      spec.noise = noise;
      spec.slow_inputs = 1;  // of two
      if (!shape_from_spec(spec)) continue;
      const auto inputs = [&](std::uint64_t seed) {
        const Dataset<double> set = make_dataset<double>(spec, seed);
        std::vector<double> values = copy_of(set.train.inputs);
        for (const double target : copy_of(set.train.targets)) values.push_back(target);
        return values;
      };
      EXPECT_EQ(inputs(1), inputs(1));
      EXPECT_EQ(inputs(1) != inputs(2), depends_on_seed(spec)) << name_of(kind) << ", noise " << noise;
    }
  }
  DataSpec split;
  EXPECT_FALSE(depends_on_seed(split));
  split.test_fraction = 0.5;
  EXPECT_TRUE(depends_on_seed(split));
}

TEST(Dataset, points_are_taken_as_they_are) {
  const Dataset<double> set = make_dataset<double>(points({0.1, -2}), 1);
  EXPECT_EQ(copy_of(set.train.inputs), (Reals{0.1, 5, -2, 5}));
  EXPECT_EQ(copy_of(set.train.targets), (Reals{1, -20}));
  EXPECT_EQ(set.test.samples, 0u);
  EXPECT_EQ(copy_of(make_dataset<float>(points({0.1}), 1).train.inputs), (std::vector<float>{0.1f, 5}));
}

TEST(Dataset, points_of_different_lengths_are_refused) {
  DataSpec spec = points({1, 2, 3});
  spec.targets = PointList{{10}, {20}};
  EXPECT_EQ(message_of([&] { make_dataset<double>(spec, 1); }), "data: points: 3 inputs, but 2 targets");
  spec = points({1, 2, 3});
  spec.inputs = PointList{{1, 5}, {2}, {3, 5}};
  EXPECT_EQ(message_of([&] { make_dataset<double>(spec, 1); }),
            "data: points: example 1 has 1 inputs and 1 targets, the first one 2 and 1");
  EXPECT_EQ(message_of([&] { make_dataset<double>(points({}), 1); }),
            "data: points: 'inputs' holds no example");
}

TEST(Dataset, the_test_split_is_a_random_share_and_both_keep_their_order) {
  DataSpec spec;
  spec.samples = 103;
  spec.test_fraction = 0.25;
  const Dataset<double> set = make_dataset<double>(spec, 5);
  EXPECT_EQ(set.test.samples, 26u);  // ⌊25.75 + ½⌋
  EXPECT_EQ(set.train.samples, 77u);
  std::set<double> seen;
  for (const auto* split : {&set.train, &set.test}) {
    for (std::size_t s = 0; s < split->samples; ++s) {
      EXPECT_TRUE(seen.insert(split->inputs[s]).second);
      EXPECT_TRUE(s == 0 || split->inputs[s - 1] < split->inputs[s]);
      EXPECT_EQ(split->targets[s], std::abs(split->inputs[s]));
    }
  }
  EXPECT_EQ(seen.size(), 103u);
  EXPECT_NE(copy_of(make_dataset<double>(spec, 6).test.inputs), copy_of(set.test.inputs));
}

TEST(Split, every_example_is_a_test_example_equally_often) {
  constexpr std::size_t kSamples = 20, kSeeds = 20000;
  std::vector<double> counts(kSamples);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const SplitIndices split = split_examples(kSamples, 6, seed);
    ASSERT_EQ(split.test.size(), 6u);
    ASSERT_EQ(split.train.size(), 14u);
    for (const std::uint32_t example : split.test) ++counts[example];
  }
  for (const double count : counts) EXPECT_NEAR(count / kSeeds, 0.3, 4 * std::sqrt(0.3 * 0.7 / kSeeds));
}

TEST(Dataset, a_split_that_leaves_nothing_to_train_on_is_refused) {
  DataSpec spec = points({1});
  spec.test_fraction = 0.5;
  EXPECT_EQ(message_of([&] { make_dataset<double>(spec, 1); }),
            "data: test_fraction leaves no example to train on");
  spec = DataSpec();
  spec.samples = 0;
  EXPECT_EQ(message_of([&] { make_dataset<double>(spec, 1); }), "data: no examples");
}

TEST(Dataset, a_limit_takes_the_first_examples) {
  DataSpec spec = points({1, 2, 3, 4});
  spec.limit = 2;
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.targets), (Reals{10, 20}));
  spec.limit = 9;
  EXPECT_EQ(make_dataset<double>(spec, 1).train.samples, 4u);
}

TEST(Dataset, standardized_inputs_have_mean_0_and_deviation_1_and_constants_become_0) {
  DataSpec spec = points({1, 2, 3, 6});
  spec.standardize = true;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  const double deviation = std::sqrt((4 + 1 + 0 + 9) / 4.0);
  EXPECT_EQ(copy_of(set.train.inputs), (Reals{-2 / deviation, 0, -1 / deviation, 0, 0, 0, 3 / deviation, 0}));
}

// 0.1 summed three times is not 3·0.1: the constant must not turn into rounding noise divided by itself.
TEST(Dataset, a_constant_that_rounds_badly_becomes_exactly_0) {
  DataSpec spec = points({0.1, 0.1, 0.1});
  spec.standardize = true;
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.inputs), Reals(6, 0));
}

TEST(Dataset, scaling_follows_standardizing_by_the_training_split_alone) {
  DataSpec spec = points({1, 2, 3, 4, 5, 6, 7, 8, 9, 100});
  spec.test_fraction = 0.3;
  const Dataset<double> plain = make_dataset<double>(spec, 3);
  ASSERT_EQ(plain.train.samples, 7u);
  double mean = 0, squares = 0;
  for (std::size_t s = 0; s < 7; ++s) mean += plain.train.inputs[2 * s] / 7;
  for (std::size_t s = 0; s < 7; ++s) squares += std::pow(plain.train.inputs[2 * s] - mean, 2) / 7;
  spec.standardize = true;
  spec.scale = 3;
  spec.offset = -1;
  spec.target_scale = 0.5;
  const Dataset<double> set = make_dataset<double>(spec, 3);
  for (const auto& [scaled, raw] : {std::pair(&set.train, &plain.train), std::pair(&set.test, &plain.test)}) {
    for (std::size_t s = 0; s < raw->samples; ++s) {
      EXPECT_NEAR(scaled->inputs[2 * s], (raw->inputs[2 * s] - mean) / std::sqrt(squares) * 3 - 1, 1e-12);
      EXPECT_EQ(scaled->inputs[2 * s + 1], -1);
      EXPECT_EQ(scaled->targets[s], raw->targets[s] / 2);
    }
  }
}

TEST(Dataset, the_target_scale_leaves_class_targets_alone) {
  DataSpec spec;
  spec.kind = DataKind::kMoons;
  spec.target_scale = 100;
  spec.samples = 2;
  EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.targets), (Reals{1, 0, 0, 1}));
}

TEST(Dataset, values_beyond_the_precisions_range_are_named) {
  DataSpec spec = points({1, 2, 1e39});
  EXPECT_EQ(make_dataset<double>(spec, 1).train.inputs[4], 1e39);
  EXPECT_EQ(message_of([&] { make_dataset<float>(spec, 1); }),
            "data: input 0 of example 2 is beyond the range of float32 (counted from 0)");
  spec = points({1, 2});
  spec.target_scale = 1e308;
  EXPECT_EQ(message_of([&] { make_dataset<double>(spec, 1); }),
            "data: target 0 of example 0 is beyond the range of float64 (counted from 0)");
}

TEST(Dataset, a_set_beyond_the_memory_is_refused_before_it_is_made) {
  for (const std::size_t samples : {std::size_t{1} << 50, SIZE_MAX}) {
    DataSpec spec;
    spec.samples = samples;
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "more than this machine's memory holds",
                        message_of([&] { make_dataset<float>(spec, 1); }));
  }
}

TEST(Dataset, relative_paths_start_at_the_configs_directory) {
  DataSpec spec;
  spec.kind = DataKind::kIdx;
  spec.directory = "/experiments";
  spec.images = "images.gz";
  spec.labels = "/data/labels.gz";
  EXPECT_EQ(data_files(spec), (std::vector<DataFile>{{"images.gz", "/experiments/images.gz"},
                                                     {"/data/labels.gz", "/data/labels.gz"}}));
  spec.test_images = "t";
  spec.test_labels = "l";
  EXPECT_EQ(data_files(spec).size(), 4u);
  EXPECT_EQ(data_files(points({1})).size(), 0u);
}

TEST(Dataset, test_files_are_the_test_split_and_classes_are_those_of_both) {
  DataSpec spec;
  spec.kind = DataKind::kIdx;
  spec.images = write_file("images", idx_bytes({3, 1, 2}, {0, 255, 51, 0, 0, 0}));
  spec.labels = write_file("labels", idx_bytes({3}, {0, 1, 1}));
  spec.test_images = write_file("test_images", idx_bytes({2, 2}, {255, 255, 0, 51}));
  spec.test_labels = write_file("test_labels", idx_bytes({2}, {2, 0}));
  spec.scale = 2;
  spec.offset = -1;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  EXPECT_EQ(set.classes, 3u);
  EXPECT_EQ(copy_of(set.train.inputs), (Reals{-1, 1, -0.6, -1, -1, -1}));
  EXPECT_EQ(copy_of(set.test.inputs), (Reals{1, 1, -1, -0.6}));
  EXPECT_EQ(copy_of(set.test.targets), (Reals{0, 0, 1, 1, 0, 0}));
  spec.limit = 1;
  EXPECT_EQ(make_dataset<double>(spec, 1).test.samples, 1u);
  spec.target_form = TargetForm::kBinary;
  EXPECT_EQ(make_dataset<double>(spec, 1).outputs, 3u);  // one against all
  spec.test_images = write_file("wide", idx_bytes({2, 3}, {0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(
      message_of([&] { make_dataset<double>(spec, 1); }),
      "data: " + spec.test_images + " has 3 inputs an example of the test split, " + spec.images + " has 2");
}

TEST(Dataset, fashion_mnist_reads_as_published) {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";
  if (!std::filesystem::exists(folder + "train-images-idx3-ubyte.gz"))
    GTEST_SKIP() << "Fashion-MNIST is not installed";
  DataSpec spec;
  spec.kind = DataKind::kIdx;
  spec.directory = folder;
  spec.images = "train-images-idx3-ubyte.gz";
  spec.labels = "train-labels-idx1-ubyte.gz";
  spec.test_images = "t10k-images-idx3-ubyte.gz";
  spec.test_labels = "t10k-labels-idx1-ubyte.gz";
  const Dataset<float> set = make_dataset<float>(spec, 1);
  EXPECT_EQ(set.train.samples, 60000u);
  EXPECT_EQ(set.test.samples, 10000u);
  EXPECT_EQ(set.inputs, 784u);
  EXPECT_EQ(set.classes, 10u);
  double sum = 0;
  for (std::size_t i = 0; i < set.train.inputs.size(); ++i) sum += static_cast<double>(set.train.inputs[i]);
  EXPECT_NEAR(sum / static_cast<double>(set.train.inputs.size()), 0.2860,
              5e-5);  // the mean that everybody subtracts
  for (std::size_t c = 0; c < 10; ++c) {
    double count = 0;
    for (std::size_t s = 0; s < 60000; ++s) count += static_cast<double>(set.train.targets[10 * s + c]);
    EXPECT_EQ(count, 6000);
  }
}

// Of 3·x and of a constant, over the training split alone.
TEST(Dataset, targets_are_standardized_as_inputs_are) {
  DataSpec spec = points({1, 2, 4, 7, 11});
  PointList targets;
  for (const auto& row : *spec.inputs) targets.push_back({3 * row[0], 6});
  spec.targets = targets;
  spec.standardize = spec.standardize_targets = true;
  spec.target_scale = 2;
  spec.test_fraction = 0.4;
  const Dataset<double> set = make_dataset<double>(spec, 3);
  ASSERT_EQ(set.train.samples, 3u);
  ASSERT_EQ(set.target_deviation.size(), 2u);
  for (const auto* split : {&set.train, &set.test}) {
    for (std::size_t s = 0; s < split->samples; ++s) {
      EXPECT_NEAR(split->targets[2 * s], split->inputs[2 * s], 1e-14);  // both are the standardized x
      EXPECT_EQ(split->targets[2 * s + 1], 0);
    }
  }
  const SplitIndices indices = split_examples(5, 2, 3);
  double mean = 0, square = 0;
  for (const auto i : indices.train) mean += 6 * (*spec.inputs)[i][0] / 3;
  for (const auto i : indices.train) square += std::pow(6 * (*spec.inputs)[i][0] - mean, 2) / 3;
  EXPECT_NEAR(set.target_deviation[0], std::sqrt(square), 1e-13);
  EXPECT_EQ(set.target_deviation[1], 1);
}

TEST(Dataset, the_inputs_may_be_the_targets_after_all_scaling) {
  for (const DataKind kind : values_of<DataKind>()) {
    DataSpec spec = kind == DataKind::kPoints ? points({1, 2, 4, 7}) : DataSpec{};
    spec.kind = kind;
    spec.target_source = TargetSource::kInputs;
    spec.standardize = true;
    spec.scale = 0.5;
    spec.offset = 2;
    spec.test_fraction = 0.25;
    if (!shape_from_spec(spec) || is_endless(spec)) continue;
    if (kind == DataKind::kPoints) spec.targets = PointList{};
    EXPECT_FALSE(has_classes(spec));
    const Dataset<double> set = make_dataset<double>(spec, 1);
    EXPECT_EQ(copy_of(set.train.targets), copy_of(set.train.inputs)) << name_of(kind);
    EXPECT_EQ(copy_of(set.test.targets), copy_of(set.test.inputs)) << name_of(kind);
    EXPECT_EQ(set.outputs, set.inputs);
    EXPECT_EQ(set.classes, 0u);
    EXPECT_EQ(shape_from_spec(spec)->outputs, set.inputs);
    spec.target_source = TargetSource::kOwn;
    if (kind == DataKind::kPoints) spec.targets = PointList{{1}, {2}, {3}, {4}};
    EXPECT_EQ(copy_of(make_dataset<double>(spec, 1).train.inputs), copy_of(set.train.inputs))
        << name_of(kind);
  }
}

TEST(Dataset, every_column_of_a_table_is_an_input_of_an_autoencoder) {
  DataSpec spec;
  spec.kind = DataKind::kCsv;
  spec.path = write_file("auto.csv", "a,b\n1,2\n3,4\n5,7\n");
  spec.task = Task::kClassification;  // plays no part
  spec.target_source = TargetSource::kInputs;
  const Dataset<double> set = make_dataset<double>(spec, 1);
  EXPECT_EQ(copy_of(set.train.inputs), (std::vector<double>{1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(copy_of(set.train.targets), copy_of(set.train.inputs));
  EXPECT_EQ(set.classes, 0u);
}

}  // namespace
}  // namespace deadrelu
