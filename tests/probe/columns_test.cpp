#include "probe/columns.h"

#include <cstring>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

TEST(Columns, names_and_order_are_the_contracts) {
  const std::map<std::string, std::string> contract{
      {"runs",
       "status, steps, diverged_step, stop_step, clipped_initially, constant_loss, train_loss_initial, train_loss, test_loss, train_accuracy, "
       "test_accuracy, online_loss, online_accuracy, dead_fraction_initial, dead_fraction, dead_fraction_max, "
       "dead_layers, born_dead, collapsed, deaths, revivals, resets, "},
      {"metrics",
       "step, epoch, learning_rate, batch_loss, train_loss, test_loss, train_accuracy, test_accuracy, "
       "grad_norm, zero_gradient_entries, weight_norm, dead_fraction, output_std, output_min, output_max, "},
      {"layers",
       "step, layer, units, dead_fraction, never_active_fraction, rarely_active_fraction, "
       "always_active_fraction, dormant_fraction, saturated_fraction, saturated_pairs_fraction, "
       "zero_gradient_fraction, dead_input_fraction, sparsity, died, revived, resets, "
       "activation_mean, activation_std, preactivation_mean, preactivation_std, preactivation_max_min, "
       "grad_norm, grad_norm_weights, grad_norm_bias, grad_rms, weight_norm, bias_mean, update_ratio, "
       "effective_rank, certified_dead_fraction, certified_alive_fraction, "},
      {"units",
       "step, layer, unit, dead, never_active, rarely_active, always_active, dormant, saturated, zero_gradient, "
       "active_fraction, dormant_score, activation_mean, preactivation_mean, preactivation_max, grad_norm, "
       "weight_norm, bias, certified_dead, "},
      {"stream", "bin, from, to, loss, accuracy, silent_fraction, "},
      {"tasks", "task, steps, online_loss, online_accuracy, loss, accuracy, dead_fraction, "},
      {"deaths",
       "layer, unit, event, from_step, to_step, max_before, max_after, share_weights, share_bias, share_below, cause, "
       "last_step_share, dead_before, "},
      {"parameters", "step, layers, "},
  };
  for (const Table& table : result_tables()) {
    std::string names;
    for (const Column& column : table.columns) names += column.info.name + ", ";
    ASSERT_TRUE(contract.contains(table.name)) << table.name;
    EXPECT_EQ(names, contract.at(table.name)) << table.name;
  }
}

RunRecord record_with_a_row_everywhere() {
  RunRecord record;
  record.metrics.resize(1);
  record.layers.resize(1);
  record.units.resize(1);
  record.stream.resize(1);
  record.tasks.resize(1);
  record.deaths.resize(1);
  record.parameters.resize(1);
  return record;
}

// Of a table without JSON, whose rows are words of eight bytes: a word that changes shows in one column, a
// column of its own.
TEST(Columns, every_field_has_its_column_and_every_column_its_field) {
  const RunRecord record = record_with_a_row_everywhere();
  for (const Table& table : result_tables()) {
    const Rows rows = table.rows(record);
    ASSERT_EQ(rows.count, 1u) << table.name << ": record_with_a_row_everywhere() lacks it";
    if (table.has_json()) continue;
    EXPECT_EQ(rows.bytes, 8 * table.columns.size()) << table.name;
    std::set<std::string> shown;
    for (std::size_t word = 0; word < rows.bytes / 8; ++word) {
      std::vector<std::int64_t> changed(rows.bytes / 8);
      std::memcpy(changed.data(), rows.first, rows.bytes);
      const std::int64_t other = 1;  // a status, too
      std::memcpy(&changed[word], &other, sizeof other);
      std::size_t differing = 0;
      for (const Column& column : table.columns) {
        if (column.read(changed.data()) == column.read(rows[0])) continue;
        ++differing;
        shown.insert(column.info.name);
      }
      EXPECT_EQ(differing, 1u) << table.name << ", word " << word;
    }
    EXPECT_EQ(shown.size(), table.columns.size()) << table.name;
  }
}

TEST(Columns, cells_have_the_type_of_their_column) {
  const RunRecord record = record_with_a_row_everywhere();
  for (const Table& table : result_tables())
    for (const Column& column : table.columns) {
      const std::size_t held = column.read(table.rows(record)[0]).index();  // 0: missing
      const bool is_text = column.info.type == ColumnType::kText || column.info.type == ColumnType::kJson;
      const std::size_t expected = is_text ? 3 : column.info.type == ColumnType::kReal ? 2 : 1;
      EXPECT_TRUE(held == expected || (held == 0 && !is_text)) << table.name << "." << column.info.name;
    }
}

TEST(Columns, what_is_missing_or_not_finite_is_no_cell) {
  LayerRow row;
  row.grad_norm = std::numeric_limits<double>::infinity();
  std::set<std::string> there;
  for (const Column& column : result_tables()[2].columns)
    if (column.read(&row) != Cell()) there.insert(column.info.name);
  EXPECT_EQ(there, (std::set<std::string>{"step", "layer", "units"}));
}

TEST(Columns, every_column_is_documented_once) {
  for (const Table& table : result_tables()) {
    std::set<std::string> seen;
    for (const auto& [info, read] : table.columns) {
      EXPECT_TRUE(seen.insert(info.name).second) << info.name;
      EXPECT_EQ(info.unit.empty(), info.type == ColumnType::kText || info.type == ColumnType::kJson)
          << info.name;
      EXPECT_TRUE(info.meaning.ends_with('.')) << info.name;
      EXPECT_TRUE(info.definition.ends_with('.')) << info.name;
    }
  }
  EXPECT_EQ(key_columns().size(), 2u);
}

// What the store relies on.
TEST(Tables, runs_come_first_and_alone_have_one_row) {
  std::set<std::string> names;
  for (const Table& table : result_tables()) {
    EXPECT_EQ(table.has_one_row(), &table == &result_tables().front()) << table.name;
    EXPECT_TRUE(names.insert(table.name).second && names.insert(table.stored_name).second) << table.name;
    EXPECT_LE(table.keys, table.columns.size());
  }
  EXPECT_EQ(result_tables().front().columns.front().info.name, "status");  // Summary
}

TEST(Columns, statuses_have_names) {
  EXPECT_EQ(name_of(RunStatus::kOk), "ok");
  EXPECT_EQ(name_of(RunStatus::kDiverged), "diverged");
}

}  // namespace
}  // namespace deadrelu
