#include "store/export.h"

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include <nlohmann/json.hpp>

#include "base/random.h"
#include "store/cells.h"
#include "store/output_file.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

using ExportTest = StoreTest;

std::string csv(const Cell& cell) {
  std::string text;
  append_csv_cell(text, cell);
  return text;
}

std::string json(const Cell& cell) {
  std::string text;
  append_json_cell(text, cell);
  return text;
}

TEST(Cells, texts_are_quoted_as_rfc_4180_says) {
  EXPECT_EQ(csv(std::string("plain text")), "plain text");
  EXPECT_EQ(csv(std::string("a,b")), "\"a,b\"");
  EXPECT_EQ(csv(std::string("say \"hi\"")), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv(std::string("two\nlines")), "\"two\nlines\"");
  EXPECT_EQ(csv(std::string("a\rb")), "\"a\rb\"");
  EXPECT_EQ(json(std::string("a\"\\\n\x01µ")), "\"a\\\"\\\\\\n\\u0001µ\"");
}

TEST(Cells, integers_have_no_point_and_reals_always_have_one) {
  EXPECT_EQ(csv(std::int64_t{-7}), "-7");
  EXPECT_EQ(csv(3.0), "3.0");
  EXPECT_EQ(csv(1e300), "1e+300");
  EXPECT_EQ(json(-0.0), "-0.0");
}

TEST(Cells, what_is_missing_or_not_finite_is_empty_or_null) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Cell& cell : {Cell(), Cell(kMissing), Cell(infinity), Cell(-infinity)}) {
    EXPECT_EQ(csv(cell), "");
    EXPECT_EQ(json(cell), "null");
  }
}

TEST(Cells, a_million_float32_values_read_back_to_the_same_bits) {
  for (std::uint64_t i = 0; i < 250'000; ++i) {
    for (const std::uint32_t bits : random_block(1, Purpose::kData, 0, i)) {
      const float value = std::bit_cast<float>(bits);
      if (!std::isfinite(value)) continue;
      std::string text;
      append_real(text, value);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(std::strtof(text.c_str(), nullptr)), bits) << text;
      const std::uint64_t wide = std::bit_cast<std::uint64_t>(static_cast<double>(value));
      ASSERT_EQ(std::bit_cast<std::uint64_t>(*parse_real(csv(static_cast<double>(value)))), wide);
    }
  }
}

TEST(Cells, random_doubles_read_back_to_the_same_bits_from_csv_and_json) {
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const auto words = random_block(2, Purpose::kData, 0, i);
    const std::uint64_t bits = (std::uint64_t{words[0]} << 32) | words[1];
    const double value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*parse_real(csv(value))), bits);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(nlohmann::json::parse(json(value)).get<double>()), bits);
  }
}

TEST_F(ExportTest, every_bit_of_a_real_comes_through_the_store) {
  FinishedRun run = run_of(0);
  const std::vector<double> values{-0.0, 1.0, 5e-324, 1.7976931348623157e308, 0.1, 1e-30, 4503599627370497.5,
                                   -3.0};
  run.record.metrics.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    MetricsRow row;
    row.step = static_cast<std::int64_t>(i);
    row.train_loss = values[i];
    row.test_loss = std::numeric_limits<double>::infinity();
    run.record.metrics.push_back(row);
  }
  ResultStore(directory_, header_of(1)).write(std::vector<FinishedRun>{run});
  const auto rows = query(StoreReader(directory_), "SELECT train_loss, test_loss FROM metrics");
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(rows[i][0])),
              std::bit_cast<std::uint64_t>(values[i]));
    EXPECT_EQ(rows[i][1], Cell());
  }
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells{""};
  for (const char c : line) {
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

TEST_F(ExportTest, runs_have_swept_values_and_outcomes) {
  FinishedRun diverged = run_of(1);
  diverged.record.outcome.status = RunStatus::kDiverged;
  diverged.record.outcome.diverged_step = 42;
  diverged.record.outcome.train_loss = std::numeric_limits<double>::quiet_NaN();
  ResultStore(directory_, header_of(2)).write(std::vector<FinishedRun>{run_of(0), diverged});
  export_tables(directory_, {});
  const auto text = lines(directory_ / "runs.csv");
  ASSERT_EQ(text.size(), 3u);
  std::vector<std::string> names{"run_id", "seed", "train.optimizer.learning_rate"};
  for (const Column& column : result_tables()[0].columns) names.push_back(column.info.name);
  ASSERT_EQ(cells_of(text[0]), names);
  const std::map<std::string, std::string> expected[] = {{{"run_id", hex_id(id_of(0))},
                                                          {"seed", "0"},
                                                          {"train.optimizer.learning_rate", "0.5"},
                                                          {"status", "ok"},
                                                          {"steps", "100"},
                                                          {"train_loss", "0.3333333333333333"},
                                                          {"born_dead", "0"}},
                                                         {{"run_id", hex_id(id_of(1))},
                                                          {"seed", "1"},
                                                          {"train.optimizer.learning_rate", "0.5"},
                                                          {"status", "diverged"},
                                                          {"steps", "100"},
                                                          {"diverged_step", "42"},
                                                          {"born_dead", "1"}}};
  for (std::size_t run = 0; run < 2; ++run) {
    const auto cells = cells_of(text[run + 1]);
    ASSERT_EQ(cells.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = expected[run].find(names[i]);
      EXPECT_EQ(cells[i], found == expected[run].end() ? "" : found->second) << names[i];
    }
  }
  EXPECT_EQ(StoreReader(directory_).diverged_count(), 1u);
}

// What the CSV cell of a JSON value says.
std::string cell_text(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? csv(value.get<double>()) : csv(value.get<std::int64_t>());
}

TEST_F(ExportTest, json_lines_carry_the_same_cells) {
  ResultStore(directory_, header_of(2)).write(runs_of(0, 2));
  export_tables(directory_, {true, true});
  for (const ExportedTable& table : exported_tables({})) {
    if (!std::filesystem::exists(directory_ / (table.name + ".csv"))) continue;  // no rows, or JSON alone
    const auto rows = lines(directory_ / (table.name + ".csv"));
    const auto objects = lines(directory_ / (table.name + ".jsonl"));
    ASSERT_EQ(objects.size() + 1, rows.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const auto object = nlohmann::ordered_json::parse(objects[i]);
      std::string names, cells;
      for (const auto& [name, value] : object.items()) {
        names += name + ",";
        cells += cell_text(value) + ",";
      }
      EXPECT_EQ(names, rows[0] + ",");
      EXPECT_EQ(cells, rows[i + 1] + ",");
    }
  }
}

TEST_F(ExportTest, bytes_do_not_depend_on_the_order_of_arrival) {
  const auto other = root_ / "other";
  ResultStore(directory_, header_of(6)).write(runs_of(0, 6));
  {
    ResultStore store(other, header_of(6));
    for (const std::uint64_t i : {5u, 0u, 3u, 4u, 2u, 1u}) {
      FinishedRun run = run_of(i);
      std::swap(run.record.layers.front(), run.record.layers.back());
      store.write(std::vector<FinishedRun>{run});
    }
  }
  const auto first = export_tables(directory_, {true, true}), second = export_tables(other, {true, true});
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(content(directory_ / first[i].name), content(other / first[i].name));
    EXPECT_EQ(first[i].sha256, second[i].sha256);
    EXPECT_EQ(first[i].sha256, sha256_of_file(directory_ / first[i].name));
  }
}

TEST_F(ExportTest, only_recorded_tables_are_written_and_stale_ones_go) {
  FinishedRun run = run_of(0);
  run.record.metrics.clear();
  run.record.layers.clear();
  ResultStore(directory_, header_of(1)).write(std::vector<FinishedRun>{run});
  for (const char* name : {"metrics.csv", "units.csv", "units.jsonl", "parameters.jsonl"})
    std::ofstream(directory_ / name) << "stale";
  export_tables(directory_, {});
  std::vector<std::string> names;
  for (const auto& [name, text] : snapshot(directory_)) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"columns.json", "results.sqlite", "runs.csv", "summary.csv"}));
}

TEST_F(ExportTest, parameters_are_a_line_a_snapshot) {
  FinishedRun run = run_of(0);
  LayerParameters hidden{2, 1, {{{0.1f, -2}, {0.5, 0}, {0.25}}}}, output{1, 2, {{{1e-30f, 3}, {}, {}}}};
  run.record.parameters = {{0, true, {{hidden, output}}}, {100, false, {{{1, 1, {{{0.1}, {}, {}}}}}}}};
  ResultStore(directory_, header_of(1)).write(std::vector<FinishedRun>{run});
  const auto files = export_tables(directory_, {});
  const auto text = lines(directory_ / "parameters.jsonl");
  const std::string start = "{\"run_id\": \"" + hex_id(id_of(0)) + "\", \"step\": ";
  ASSERT_EQ(text.size(), 2u);
  EXPECT_EQ(text[0],
            start +
                "0, \"layers\": [{\"weights\": [[0.1], [-2.0]], \"bias\": [0.5, 0.0], \"slope\": 0.25}, "
                "{\"weights\": [[1e-30, 3.0]]}]}");
  EXPECT_EQ(text[1], start + "100, \"layers\": [{\"weights\": [[0.1]]}]}");
  EXPECT_TRUE(nlohmann::json::accept(text[0]));
}

TEST_F(ExportTest, columns_json_describes_every_exported_column) {
  ResultStore(directory_, header_of(1)).write(std::vector<FinishedRun>{full_run_of(0)});
  export_tables(directory_, {true, true});
  const auto tables = nlohmann::json::parse(content(directory_ / "columns.json")).at("tables");
  EXPECT_EQ(tables.size(), result_tables().size() + 1);
  for (const auto& [table, columns] : tables.items()) {
    const auto row = nlohmann::ordered_json::parse(lines(directory_ / (table + ".jsonl"))[0]);
    std::string names, shown;
    for (const auto& [name, value] : row.items()) shown += name + ",";
    for (const auto& column : columns) {
      names += column.at("name").get<std::string>() + ",";
      for (const char* key : {"type", "meaning", "definition"})
        EXPECT_FALSE(column.at(key).get<std::string>().empty());
      EXPECT_TRUE(column.contains("unit"));
    }
    EXPECT_EQ(names, shown) << table;
  }
}

}  // namespace
}  // namespace deadrelu
