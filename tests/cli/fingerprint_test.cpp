#include "cli/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

namespace deadrelu {
namespace {

using Names = std::vector<std::string_view>;

std::vector<RunSpec> fingerprint_runs() {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "fingerprint";
  std::filesystem::create_directories(folder);
  std::vector<RunSpec> runs;
  for (const ConfigSource& source : fingerprint_configs(folder)) {
    const ExperimentConfig config(source);
    const auto next = config.runs();
    for (PlannedRun run; next(run);) runs.push_back(run.spec);
  }
  return runs;
}

// The names that no run has. `choice` tells a run's value, empty where the run has none.
template <class Enum>
Names missing(const Names& names, const std::function<std::optional<Enum>(const RunSpec&)>& choice) {
  static const std::vector<RunSpec> runs = fingerprint_runs();
  Names left = names;
  for (const RunSpec& run : runs)
    if (const auto value = choice(run)) std::erase(left, name_of(*value));
  return left;
}

// None is missing, and one more would be.
template <class Enum, class Choice>
void expect_all(Choice choice) {
  Names names(names_of<Enum>().begin(), names_of<Enum>().end());
  EXPECT_EQ(missing<Enum>(names, choice), Names{});
  names.push_back("one more");
  EXPECT_EQ(missing<Enum>(names, choice), Names{"one more"});
}

template <class Enum>
std::optional<Enum> where(bool applies, Enum value) {
  return applies ? std::optional(value) : std::nullopt;
}

TEST(Fingerprint, it_knows_every_network) {
  expect_all<Activation>([](const RunSpec& r) { return r.model.activation.kind; });
  expect_all<WeightInit>([](const RunSpec& r) { return r.init.hidden.weights.kind; });
  expect_all<WeightInit>([](const RunSpec& r) { return r.init.output.weights.kind; });
  expect_all<BiasInit>([](const RunSpec& r) { return r.init.hidden.bias.kind; });
}

TEST(Fingerprint, it_knows_every_way_to_train) {
  expect_all<Loss>([](const RunSpec& r) { return r.train.loss; });
  expect_all<Optimizer>([](const RunSpec& r) { return r.train.optimizer.kind; });
  expect_all<Schedule>([](const RunSpec& r) { return r.train.schedule.kind; });
  expect_all<Sampling>([](const RunSpec& r) { return r.train.sampling; });
  expect_all<ResetRule>([](const RunSpec& r) { return r.remedy.reset.rule; });
  expect_all<ResetOutgoing>([](const RunSpec& r) { return r.remedy.reset.outgoing; });
  expect_all<ResetState>([](const RunSpec& r) { return r.remedy.reset.optimizer_state; });
  expect_all<Compensation>([](const RunSpec& r) { return r.remedy.reset.compensation; });
  expect_all<Precision>([](const RunSpec& r) { return r.train.precision; });
  expect_all<ProbeSplit>([](const RunSpec& r) { return r.record.probe_split; });
  expect_all<DeathWatch>([](const RunSpec& r) { return r.record.deaths; });
}

TEST(Fingerprint, it_knows_every_kind_of_data) {
  expect_all<DataKind>([](const RunSpec& r) { return r.data.kind; });
  for (const FunctionSampling sampling : values_of<FunctionSampling>())
    expect_all<TargetFunction>([&](const RunSpec& r) {
      return where(r.data.kind == DataKind::kFunction && r.data.function_sampling == sampling,
                   r.data.function);
    });
  expect_all<TaskChange>([](const RunSpec& r) { return r.data.tasks.change; });
  expect_all<TargetSource>([](const RunSpec& r) { return r.data.target_source; });
  expect_all<Task>([](const RunSpec& r) { return where(r.data.kind == DataKind::kCsv, r.data.task); });
  expect_all<GaussianTarget>(
      [](const RunSpec& r) { return where(r.data.kind == DataKind::kGaussian, r.data.gaussian_target); });
}

TEST(Fingerprint, it_knows_every_table) {
  for (const RunSpec& run : fingerprint_runs()) {
    for (const Table& table : result_tables())
      EXPECT_TRUE(table.wanted == nullptr || run.record.*table.wanted) << table.name;
    EXPECT_TRUE(!is_endless(run.data) || run.data.bin > 0);
  }
}

}  // namespace
}  // namespace deadrelu
