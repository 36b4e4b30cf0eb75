#include "probe/columns.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

template <class Row>
std::string names(std::span<const Column<Row>> columns) {
  std::string text;
  for (const auto& column : columns) text += std::string(text.empty() ? "" : ", ") + column.info.name;
  return text;
}

TEST(Columns, names_and_order_are_the_contracts) {
  EXPECT_EQ(names(metrics_columns()),
            "step, epoch, learning_rate, batch_loss, train_loss, test_loss, train_accuracy, test_accuracy, "
            "grad_norm, "
            "weight_norm, dead_fraction");
  EXPECT_EQ(
      names(layer_columns()),
      "step, layer, units, dead_fraction, never_active_fraction, rarely_active_fraction, dormant_fraction, "
      "saturated_fraction, zero_gradient_fraction, dead_input_fraction, sparsity, died, revived, "
      "activation_mean, "
      "activation_std, preactivation_mean, preactivation_std, preactivation_max_min, grad_norm, "
      "grad_norm_weights, "
      "grad_norm_bias, grad_rms, weight_norm, bias_mean, update_ratio, effective_rank");
  EXPECT_EQ(names(run_columns()),
            "steps, diverged_step, train_loss_initial, train_loss, test_loss, train_accuracy, test_accuracy, "
            "dead_fraction_initial, dead_fraction, dead_fraction_max, dead_layers, born_dead, collapsed, "
            "deaths, revivals");
  EXPECT_TRUE(names(unit_columns()).starts_with("step, layer, unit, dead, "));
}

// Each column reads a field of its own: a field set through one column shows in no other.
template <class Row>
void expect_distinct_fields(std::span<const Column<Row>> columns) {
  EXPECT_GT(columns.size(), 0u);
  for (const auto& set : columns) {
    Row row{};
    if (set.type() == ColumnType::kInteger) {
      row.*std::get<0>(set.field) = 77;
    } else {
      row.*std::get<1>(set.field) = 77;
    }
    int shown = 0;
    for (const auto& column : columns)
      shown += column.type() == ColumnType::kInteger ? row.*std::get<0>(column.field) == 77
                                                     : row.*std::get<1>(column.field) == 77;
    EXPECT_EQ(shown, 1) << set.info.name;
  }
}

TEST(Columns, every_column_reads_its_own_field) {
  expect_distinct_fields(metrics_columns());
  expect_distinct_fields(layer_columns());
  expect_distinct_fields(unit_columns());
  expect_distinct_fields(run_columns());
}

// Every field has its column: the record is as large as its columns together.
TEST(Columns, every_field_has_a_column) {
  EXPECT_EQ(metrics_columns().size() * 8, sizeof(MetricsRow));
  EXPECT_EQ(layer_columns().size() * 8, sizeof(LayerRow));
  EXPECT_EQ(unit_columns().size() * 8, sizeof(UnitRow));
  EXPECT_EQ(run_columns().size() * 8 + 8, sizeof(RunOutcome));  // and the status
}

template <class Row>
void expect_documented(std::span<const Column<Row>> columns) {
  std::set<std::string> seen;
  for (const auto& column : columns) {
    EXPECT_TRUE(seen.insert(column.info.name).second) << column.info.name;
    EXPECT_NE(std::string(column.info.unit), "");
    EXPECT_TRUE(std::string(column.info.meaning).ends_with('.')) << column.info.name;
    EXPECT_TRUE(std::string(column.info.definition).ends_with('.')) << column.info.name;
  }
}

TEST(Columns, every_column_is_documented_once) {
  expect_documented(metrics_columns());
  expect_documented(layer_columns());
  expect_documented(unit_columns());
  expect_documented(run_columns());
  EXPECT_EQ(key_columns().size(), 3u);
}

TEST(Columns, statuses_have_names) {
  EXPECT_EQ(name_of(RunStatus::kOk), "ok");
  EXPECT_EQ(name_of(RunStatus::kDiverged), "diverged");
}

}  // namespace
}  // namespace deadrelu
