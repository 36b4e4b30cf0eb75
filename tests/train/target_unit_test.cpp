// Networks that learn standardized targets, and whose losses are reported in the targets' own unit.
#include <gtest/gtest.h>

#include "reference/reference_network.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

constexpr Loss kValueLosses[] = {Loss::kMse, Loss::kHalfMse, Loss::kMae};

// Two targets of very different size.
RunSpec standardized_run(std::size_t outputs) {
  RunSpec run = small_run(3);
  run.data.kind = DataKind::kPoints;
  PointList inputs, targets;
  std::mt19937 engine(8);
  for (int s = 0; s < 45; ++s) {
    const double a = static_cast<double>(engine() % 1000) / 500 - 1,
                 b = static_cast<double>(engine() % 1000) / 500 - 1;
    inputs.push_back({a, b});
    targets.push_back({1000 + 70 * std::abs(a), 0.01 * a * b - 2});
    targets.back().resize(outputs);
  }
  run.data.inputs = inputs;
  run.data.targets = targets;
  run.data.standardize_targets = true;
  run.data.test_fraction = 0.3;
  run.train.batch_size = 0;
  run.record.parameters_initial = true;
  run.record.every = 40;
  return run;
}

double own_loss(Loss loss, const RunSpec& run, const ParameterSet& parameters, const Dataset<double>& data,
                const std::vector<std::uint32_t>& examples) {
  const PointList &x = *run.data.inputs, &t = *run.data.targets;
  const auto count = static_cast<Eigen::Index>(examples.size());
  const auto outputs = static_cast<Eigen::Index>(t[0].size());
  std::vector<double> mean(t[0].size());
  const SplitIndices split = split_examples(x.size(), x.size() - data.train.samples, run.seed);
  for (const auto i : split.train)
    for (std::size_t o = 0; o < mean.size(); ++o)
      mean[o] += t[i][o] / static_cast<double>(split.train.size());
  reference::Matrix inputs(2, count), targets(outputs, count);
  for (Eigen::Index s = 0; s < count; ++s) {
    const std::uint32_t example = examples[static_cast<std::size_t>(s)];
    inputs.col(s) << x[example][0], x[example][1];
    for (Eigen::Index o = 0; o < outputs; ++o) targets(o, s) = t[example][static_cast<std::size_t>(o)];
  }
  auto y = reference::forward(run.model, reference::layers_from(parameters), inputs).z.back();
  for (Eigen::Index o = 0; o < outputs; ++o)
    y.row(o) = y.row(o).array() * data.target_deviation[static_cast<std::size_t>(o)] +
               mean[static_cast<std::size_t>(o)];
  return reference::loss_value(loss, y, targets);
}

TEST(TargetUnit, losses_are_those_of_the_targets_as_they_were) {
  for (const Loss loss : kValueLosses) {
    for (const std::size_t outputs : {1, 2}) {
      RunSpec run = standardized_run(outputs);
      run.train.loss = loss;
      const auto data = std::make_shared<const Dataset<double>>(make_dataset<double>(run.data, run.seed));
      const SplitIndices split = split_examples(45, data->test.samples, run.seed);
      const RunRecord record = trained(pack_of<double>({run}, SharedData<double>(data)))[0];
      for (const std::size_t k : {0, 1}) {
        const MetricsRow& row = record.metrics[k];
        const ParameterSet& parameters = record.parameters[k].parameters;
        const double train = own_loss(loss, run, parameters, *data, split.train);
        EXPECT_NEAR(row.train_loss, train, 1e-9 * train);
        EXPECT_NEAR(row.batch_loss, train, 1e-9 * train);  // of the full batch
        const double test = own_loss(loss, run, parameters, *data, split.test);
        EXPECT_NEAR(row.test_loss, test, 1e-9 * test);
      }
      EXPECT_LT(record.metrics[1].train_loss, record.metrics[0].train_loss);
    }
  }
}

// What is learned is what the standardized targets teach.
TEST(TargetUnit, networks_are_those_of_targets_standardized_by_hand) {
  for (const Loss loss : kValueLosses) {
    RunSpec run = standardized_run(2);
    run.train.loss = loss;
    const auto data = std::make_shared<const Dataset<double>>(make_dataset<double>(run.data, run.seed));
    Dataset<double> plain{2, 2, 0, {}, {}, {}};
    plain.train = {data->train.samples, Buffer<double>(data->train.inputs.size()),
                   Buffer<double>(data->train.targets.size())};
    std::copy_n(data->train.inputs.data(), data->train.inputs.size(), plain.train.inputs.data());
    std::copy_n(data->train.targets.data(), data->train.targets.size(), plain.train.targets.data());
    const auto by_hand = std::make_shared<const Dataset<double>>(std::move(plain));
    const auto a = trained(pack_of<double>({run}, SharedData<double>(data)))[0].parameters[1].parameters;
    const auto b = trained(pack_of<double>({run}, SharedData<double>(by_hand)))[0].parameters[1].parameters;
    EXPECT_LT(reference::largest_difference(reference::layers_from(a), reference::layers_from(b)), 1e-12);
  }
}

TEST(TargetUnit, is_the_same_in_both_engines_in_any_blocks_and_beside_other_runs) {
  for (const Loss loss : kValueLosses) {
    std::vector<RunSpec> runs;
    std::vector<SharedData<float>> data;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      RunSpec run = standardized_run(2);
      run.train.loss = loss;
      run.seed = seed;
      data.push_back(std::make_shared<const Dataset<float>>(make_dataset<float>(run.data, seed)));
      runs.push_back(run);
    }
    const auto lanes = trained(pack_of<float>(runs, data));
    for (std::size_t i = 0; i < runs.size(); ++i) {
      for (const SimdTarget target : available_simd())
        expect_same_record(trained(pack_of<float>({runs[i]}, data[i], target, Engine::kWide))[0], lanes[i]);
    }
  }
}

}  // namespace
}  // namespace deadrelu
