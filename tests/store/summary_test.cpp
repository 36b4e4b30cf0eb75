#include "store/summary.h"

#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

using SummaryTest = StoreTest;

// The summary's rows by column name, read back from JSON Lines' sibling: the CSV file.
std::vector<std::map<std::string, std::string>> summary_of(const std::filesystem::path& directory) {
  export_tables(directory, {});
  std::vector<std::vector<std::string>> table;
  for (const std::string& line : lines(directory / "summary.csv")) {
    std::istringstream stream(line + ",");
    auto& cells = table.emplace_back();
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  }
  std::vector<std::map<std::string, std::string>> rows;
  for (std::size_t i = 1; i < table.size(); ++i) {
    EXPECT_EQ(table[i].size(), table[0].size());
    for (auto& row = rows.emplace_back(); const std::string& name : table[0])
      row[name] = table[i][row.size()];
  }
  return rows;
}

FinishedRun with_loss(std::uint64_t i, std::uint64_t point, double loss) {
  FinishedRun run = run_of(i);
  run.run.point = point;
  run.run.values = {static_cast<double>(point)};
  run.record.outcome.train_loss = loss;
  return run;
}

TEST_F(SummaryTest, every_point_is_a_row_over_its_seeds) {
  std::vector<FinishedRun> runs{with_loss(0, 0, 1), with_loss(1, 0, 2), with_loss(2, 0, 4),
                                with_loss(3, 0, 8), with_loss(4, 1, 7), with_loss(5, 1, kMissing)};
  runs[5].record.outcome.status = RunStatus::kDiverged;
  runs[0].record.outcome.deaths = 3;
  runs[1].record.outcome.deaths = 4;
  ResultStore(directory_, header_of(6)).write(runs);
  auto rows = summary_of(directory_);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["train.optimizer.learning_rate"], "0.0");
  EXPECT_EQ(rows[0]["n"], "4");
  EXPECT_EQ(rows[0]["diverged"], "0");
  EXPECT_EQ(rows[0]["train_loss_mean"], "3.75");
  EXPECT_EQ(rows[0]["train_loss_median"], "3.0");
  EXPECT_EQ(rows[0]["train_loss_q25"], "1.75");
  EXPECT_EQ(rows[0]["train_loss_q75"], "5.0");
  EXPECT_NEAR(*parse_real(rows[0]["train_loss_std"]), 3.095695936834452, 1e-14);
  EXPECT_NEAR(*parse_real(rows[0]["train_loss_low"]), 3.75 - 3.18244630528371 * 3.095695936834452 / 2, 1e-13);
  EXPECT_EQ(rows[0]["deaths_mean"], "3.5");
  EXPECT_EQ(rows[0]["test_loss_mean"], "");
  EXPECT_EQ(rows[0]["born_dead_fraction"], "0.5");
  EXPECT_EQ(rows[0]["collapsed_fraction"], "");
  EXPECT_EQ(rows[0]["diverged_fraction"], "0.0");
  EXPECT_EQ(rows[0]["diverged_low"], "0.0");

  EXPECT_EQ(rows[1]["train.optimizer.learning_rate"], "1.0");
  EXPECT_EQ(rows[1]["n"], "2");
  EXPECT_EQ(rows[1]["diverged"], "1");
  EXPECT_EQ(rows[1]["diverged_fraction"], "0.5");
  EXPECT_EQ(rows[1]["train_loss_mean"], "7.0");
  EXPECT_EQ(rows[1]["train_loss_std"], "");
}

TEST_F(SummaryTest, an_empty_store_has_a_header_alone) {
  { const ResultStore store(directory_, header_of(6)); }
  EXPECT_TRUE(summary_of(directory_).empty());
  EXPECT_TRUE(lines(directory_ / "summary.csv")[0].starts_with(
      "train.optimizer.learning_rate,n,diverged,train_loss_initial_mean,"));
}

}  // namespace
}  // namespace deadrelu
