// Sweeps: order, collapse, exclusion, columns, ranges.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "config_testing.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {
namespace {

std::vector<PlannedRun> sweep(const std::string& json, const std::string& rest = "") {
  return runs_of(minimal(rest + (rest.empty() ? "" : ", ") + R"("sweep": )" + json));
}

// Cells of one run as text, joined by a bar.
std::string cells(const PlannedRun& run) {
  std::string text;
  for (const SweptValue& value : run.values) {
    if (!text.empty()) text += '|';
    if (const auto* real = std::get_if<double>(&value)) {
      text += "r" + std::to_string(*real).substr(0, 5);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      text += "i" + std::to_string(*integer);
    } else {
      text += std::get<std::string>(value);
    }
  }
  return text;
}

std::vector<std::string> all_cells(const std::vector<PlannedRun>& runs) {
  std::vector<std::string> texts;
  for (const PlannedRun& run : runs) texts.push_back(cells(run));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SweepConfig, the_product_has_its_last_axis_fastest_and_seeds_innermost) {
  const auto runs =
      sweep(R"({"grid": {"train.steps": [5, 6], "init.bias": [0, -1]}, "seeds": 2})", R"("seed": 7)");
  ASSERT_EQ(runs.size(), 8u);
  EXPECT_EQ(all_cells(runs), (Texts{"i5|r0.000", "i5|r0.000", "i5|r-1.00", "i5|r-1.00", "i6|r0.000",
                                    "i6|r0.000", "i6|r-1.00", "i6|r-1.00"}));
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(runs[i].position, i);
    EXPECT_EQ(runs[i].point, i / 2);
    EXPECT_EQ(runs[i].spec.seed, 7 + i % 2);
    EXPECT_EQ(runs[i].spec.train.steps, i < 4 ? 5u : 6u);
    EXPECT_EQ(runs[i].spec.init.hidden.bias.value, i / 2 % 2 == 0 ? 0 : -1);
    EXPECT_EQ(runs[i].spec.init.output.bias.value, i / 2 % 2 == 0 ? 0 : -1);
  }
}

TEST(SweepConfig, axes_stand_in_file_order) {
  const ExperimentConfig config(source_of(minimal(R"("sweep": {"list": [{"init.gain": 2}],
    "zip": [{"train.steps": [1]}, {"train.clip_norm": [1], "train.batch_size": [2]}], "grid": {"init.bias": [0]}})")));
  std::string order;
  for (const SweptColumn& column : config.swept_columns()) order += column.path + ' ';
  EXPECT_EQ(order, "init.gain train.steps train.clip_norm train.batch_size init.bias ");
}

TEST(SweepConfig, a_bare_list_outside_the_sweep_never_sweeps) {
  EXPECT_NE(errors_of(minimal(R"("init": {"bias": [0, -1]})")), "");
  EXPECT_EQ(runs_of(minimal(R"("record": {"steps": [1, 2, 3]})")).size(), 1u);
}

TEST(SweepConfig, swept_values_may_be_lists_and_objects) {
  const auto runs = sweep(R"({"grid": {"model.hidden": [[16, 16], [8], []],
    "init.weights": ["rai", {"name": "normal", "std": 0.5}]}})");
  const std::string normal = R"({"name":"normal","mean":0,"std":0.5})";
  EXPECT_EQ(all_cells(runs), (Texts{"[16,16]|rai", "[16,16]|" + normal, "[8]|rai", "[8]|" + normal, "[]|rai",
                                    "[]|" + normal}));
  EXPECT_EQ(runs[0].spec.model.hidden, (std::vector<std::size_t>{16, 16}));
  EXPECT_EQ(runs[5].spec.init.hidden.weights.std, 0.5);
}

TEST(SweepConfig, a_swept_group_may_be_a_list_with_an_entry_a_layer) {
  const std::string grid = R"({"grid": {"model.activation": ["relu", ["tanh"], {"layers": ["tanh"]},
    [{"name": "leaky_relu", "slope": 1}]], "init.bias": [0, [0.5], [{"name": "uniform", "limit": 2}]]})";
  const std::string leaky = R"([{"name":"leaky_relu","slope":1}]|)",
                    uniform = R"([{"name":"uniform","low":-2,"high":2}])";
  EXPECT_EQ(all_cells(sweep(grid + "}")),
            (Texts{"relu|0", "relu|[0.5]", "relu|" + uniform, R"(["tanh"]|0)", R"(["tanh"]|[0.5])",
                   R"(["tanh"]|)" + uniform, leaky + "0", leaky + "[0.5]", leaky + uniform}));
  EXPECT_EQ(sweep(grid + R"(, "exclude": [{"model.activation": ["relu", {"layers": ["tanh"]}]}]})").size(),
            3u);
  EXPECT_EQ(sweep(grid + R"(, "exclude": [{"model.activation": [["tanh"]]}]})").size(), 6u);
}

TEST(SweepConfig, a_zip_changes_its_paths_together) {
  const auto runs =
      sweep(R"({"zip": [{"model.hidden": [[1], [2]], "train.steps": [3, 4]}, {"init.gain": [1, 2]}]})");
  EXPECT_EQ(all_cells(runs), (Texts{"[1]|i3|r1.000", "[1]|i3|r2.000", "[2]|i4|r1.000", "[2]|i4|r2.000"}));
}

TEST(SweepConfig, a_list_entry_shows_the_bases_value_for_what_it_leaves_out) {
  const auto runs =
      sweep(R"({"list": [{"init.gain": 2}, {"train.steps": 9}, {}]})", R"("init": {"gain": 0.5})");
  EXPECT_EQ(all_cells(runs), (Texts{"r2.000|i1000", "r0.500|i9", "r0.500|i1000"}));
}

TEST(SweepConfig, columns_have_the_type_of_their_values) {
  const ExperimentConfig config(source_of(minimal(R"("sweep": {"grid": {
    "train.steps": [1, 2], "init.gain": [1, 2], "init.bias": [0, {"name": "normal", "std": 1}],
    "train.batch_size": [4, "full"], "train.loss": ["mse", "mae"], "model.bias": [true, false],
    "init.output.bias": [0, 1]}})")));
  const auto& columns = config.swept_columns();
  ASSERT_EQ(columns.size(), 7u);
  const ColumnType expected[] = {ColumnType::kInteger, ColumnType::kReal, ColumnType::kText,
                                 ColumnType::kText,    ColumnType::kText, ColumnType::kText,
                                 ColumnType::kReal};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(columns[i].type, expected[i]) << columns[i].path;
  const RunStream next = config.runs();
  PlannedRun run;
  ASSERT_TRUE(next(run));
  EXPECT_EQ(cells(run), "i1|r1.000|0|4|mse|true|r0.000");
}

TEST(SweepConfig, equal_values_collapse) {
  EXPECT_EQ(sweep(R"({"grid": {"init.gain": [1, 1.0, 1e0, 2]}})").size(), 2u);
  EXPECT_EQ(sweep(R"({"grid": {"train.steps": [100, 1e2]}})").size(), 1u);
  EXPECT_EQ(sweep(R"({"grid": {"model.activation": ["leaky_relu", {"name": "leaky_relu"},
    {"name": "leaky_relu", "slope": 0.01}, {"slope": 0.1, "name": "leaky_relu"}]}})")
                .size(),
            2u);
  EXPECT_EQ(
      sweep(R"({"list": [{"init.bias": 0}, {}, {"init.bias": {"name": "constant", "value": 0}}]})").size(),
      1u);
  EXPECT_EQ(sweep(R"({"list": [{"model.hidden": [3, 3]}]})", R"("seed": 1)").size(), 1u);
  EXPECT_EQ(sweep(R"({"seeds": [4, 2, 4]})").size(), 2u);
  EXPECT_EQ(sweep(R"({"grid": {"record.tables": [["layers", "metrics"], ["metrics", "layers"]]}})").size(),
            1u);
}

TEST(SweepConfig, a_default_that_another_axis_changes_does_not_collapse_with_its_value) {
  EXPECT_EQ(sweep(R"({"grid": {"init.bias": [0, -1]}, "list": [{}, {"init.output.bias": 0}]})").size(), 3u);
  EXPECT_EQ(sweep(R"({"grid": {"train.optimizer.name": ["sgd", "adam"]},
    "list": [{}, {"train.optimizer.learning_rate": 0.01}]})")
                .size(),
            3u);  // sgd's default is 0.01
}

TEST(SweepConfig, exclusions_match_resolved_values) {
  const std::string grid = R"({"grid": {"init.gain": [1, 2, 3], "model.hidden": [[4], [5]]}, "exclude": )";
  EXPECT_EQ(all_cells(sweep(grid + R"([{"init.gain": 2.0, "model.hidden": [4]}, {"init.gain": [1, 3]}]})")),
            (Texts{"r2.000|[5]"}));
  EXPECT_EQ(sweep(grid + R"([{"model.hidden": [[4]]}]})").size(), 3u);
  EXPECT_EQ(all_cells(sweep(R"({"grid": {"model.activation": ["relu", {"name": "leaky_relu", "slope": 0.01}]},
    "exclude": [{"model.activation": "leaky_relu"}]})")),
            (Texts{"relu"}));
  EXPECT_EQ(all_cells(sweep(R"({"grid": {"train.optimizer.learning_rate": {"log": [0.001, 10, 5]}},
    "exclude": [{"train.optimizer.learning_rate": [0.01, 10]}]})")),
            (Texts{"r0.001", "r0.100", "r1.000"}));
}

TEST(SweepConfig, exclusions_work_on_what_would_be_a_contradiction) {
  const auto runs =
      sweep(R"({"grid": {"train.optimizer.nesterov": [false, true], "train.optimizer.momentum": [0, 0.5]},
    "exclude": [{"train.optimizer.nesterov": true, "train.optimizer.momentum": 0}]})");
  EXPECT_EQ(runs.size(), 3u);
}

TEST(SweepConfig, seeds_may_be_a_count_a_list_or_a_range) {
  const auto seeds = [](const std::string& json) {
    std::vector<std::uint64_t> list;
    for (const PlannedRun& run : sweep(R"({"seeds": )" + json + "}", R"("seed": 3)"))
      list.push_back(run.spec.seed);
    return list;
  };
  EXPECT_EQ(seeds("3"), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(seeds("[9, 1]"), (std::vector<std::uint64_t>{9, 1}));
  EXPECT_EQ(seeds(R"({"from": 9007199254740993, "count": 2})"),
            (std::vector<std::uint64_t>{9007199254740993, 9007199254740994}));
}

TEST(SweepConfig, width_and_depth_can_be_swept_over_a_base_without_them) {
  const auto runs = runs_of(R"({"data": {"kind": "function"}, "sweep": {"grid": {"model.width": [1, 2],
    "model.depth": [1, 3]}}})");
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[3].spec.model.hidden, (std::vector<std::size_t>{2, 2, 2}));
}

TEST(SweepConfig, points_that_repeat_an_earlier_one_collapse) {
  const auto runs = runs_of(R"({"data": {"kind": "function"}, "sweep": {"grid": {"model.width": [1, 2],
    "model.depth": [0, 3]}, "seeds": 2}})");
  EXPECT_EQ(all_cells(runs), (Texts{"i1|i0", "i1|i0", "i1|i3", "i1|i3", "i2|i3", "i2|i3"}));
  EXPECT_EQ(runs.back().position, 5u);
  EXPECT_EQ(runs.back().point, 2u);
}

TEST(SweepConfig, widths_of_a_linear_model_are_one_point_in_the_id) {
  const auto runs = runs_of(R"({"data": {"kind": "function"}, "sweep": {"grid": {"model.width": [1, 2],
    "model.depth": [0]}}})");
  EXPECT_EQ(runs.size(), 1u);
}

TEST(SweepConfig, equal_entries_collapse_in_sweeps_too_large_to_be_checked_point_by_point) {
  const ExperimentConfig config(source_of(minimal(R"("sweep": {"grid": {"init.gain": [1, 1.0, 2],
    "init.bias": {"lin": [0, 1, 100000]}}})")));
  EXPECT_EQ(config.run_count(), 200'000u);
}

TEST(SweepConfig, a_hundred_million_runs_are_not_expanded_before_they_are_asked_for) {
  const auto start = std::chrono::steady_clock::now();
  const ExperimentConfig config(source_of(minimal(R"("sweep": {"grid": {"init.gain": {"lin": [0, 1, 1000]},
    "init.bias": {"lin": [0, 1, 10000]}}, "seeds": 10})")));
  EXPECT_EQ(config.run_count(), 100'000'000u);
  const RunStream next = config.runs();
  PlannedRun run;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(next(run));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 1.0);  // takes milliseconds; the bound is for a loaded machine
}

TEST(RangeValues, decades_are_exact) {
  EXPECT_EQ(range_values(1e-3, 10, 5, true, false), (std::vector<double>{0.001, 0.01, 0.1, 1, 10}));
  const std::vector<double> wide = range_values(1e-100, 1e100, 201, true, false);
  EXPECT_EQ(wide.at(0), 1e-100);
  EXPECT_EQ(wide.at(37), 1e-63);
  EXPECT_EQ(wide.at(164), 1e64);
  EXPECT_EQ(wide.at(200), 1e100);
  EXPECT_EQ(range_values(1, 1024, 11, true, false).at(3), 8);
  EXPECT_EQ(range_values(1e-3, 10, 9, true, false).at(1), 0.00316227766017);
}

TEST(RangeValues, even_steps_are_clean) {
  const std::vector<double> values = range_values(-1, 1, 21, false, false);
  EXPECT_EQ(values.at(9), -0.1);
  EXPECT_EQ(values.at(10), 0);
  EXPECT_FALSE(std::signbit(values.at(10)));
  EXPECT_EQ(values.at(13), 0.3);
  EXPECT_EQ(range_values(-0.3, 0.6, 10, false, false).at(3), 0);
  EXPECT_EQ(range_values(0, 1, 4, false, false).at(1), 0.33333333333333);
  EXPECT_EQ(range_values(5, 2, 4, false, false).at(1), 4);  // downwards
  EXPECT_EQ(range_values(5, 2, 1, false, false).at(0), 5);
}

TEST(RangeValues, whole_numbers_are_rounded_and_distinct) {
  EXPECT_EQ(range_values(1, 10, 19, true, true), (std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(range_values(0, 3, 100, false, true).size(), 4u);
}

TEST(RangeValues, values_that_coincide_count_once) {
  EXPECT_EQ(range_values(1, 1, 5, false, false).size(), 1u);
  EXPECT_EQ(range_values(2, 2, 5, true, false).size(), 1u);
  EXPECT_LT(range_values(1, 1 + 4e-15, 1000, false, false).size(), 10u);
}

}  // namespace
}  // namespace deadrelu
