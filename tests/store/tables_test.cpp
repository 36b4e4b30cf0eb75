// Whatever table the descriptor has, or has wrongly: everything that loops over it notices.
#include <nlohmann/json.hpp>

#include "cli/explain.h"
#include "store/record_check.h"
#include "store/schema.h"
#include "store/store_merge.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

std::string cause(const MetricsRow& row) {
  return row.step == 0 ? "" : row.step > 50 ? "late, \"so\"" : "early";
}

std::string kind(const MetricsRow&) { return "unit"; }

// The tables, and one more that shows the metrics in its own way: with text, by a key of two columns.
Tables with_events() {
  static const ColumnOf<MetricsRow> columns[] = {
      {{"event", "1", "The event's number.", "Counted."}, &MetricsRow::step},
      {{"kind", "", "What died.", "In a word."}, kind},
      {{"cause", "", "Why it died.", "In a word."}, cause},
      {{"size", "1", "How large it was.", "Measured."}, &MetricsRow::train_loss},
  };
  Tables tables = result_tables();
  tables.push_back(table_of<MetricsRow>("events", "event_rows", 2, columns, &RunRecord::metrics));
  return tables;
}

// The tables, one of which lacks its last column.
Tables without_a_column() {
  Tables tables = result_tables();
  tables[1].columns.pop_back();
  return tables;
}

class TablesTest : public StoreTest {
 protected:
  std::filesystem::path stored(const std::string& name, const std::vector<FinishedRun>& runs,
                               const Tables& tables) {
    ResultStore store(root_ / name, header_of(4), tables);
    store.write(runs);
    store.flush();
    return root_ / name;
  }
};

TEST_F(TablesTest, one_more_is_stored_seen_and_exported) {
  const Tables tables = with_events();
  const auto directory = stored("all", runs_of(0, 2), tables);
  const auto rows = query(StoreReader(directory, tables), "SELECT event, cause, size FROM events LIMIT 2");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (std::vector<Cell>{std::int64_t{0}, std::monostate(), 0.25}));
  EXPECT_EQ(rows[1], (std::vector<Cell>{std::int64_t{100}, std::string("late, \"so\""), 0.25}));

  const auto files = export_tables(directory, {true, true}, tables);
  EXPECT_TRUE(std::any_of(files.begin(), files.end(),
                          [](const auto& file) { return file.name == "events.csv" && file.rows == 4; }));
  EXPECT_EQ(lines(directory / "events.csv")[0], "run_id,event,kind,cause,size");
  EXPECT_EQ(lines(directory / "events.csv")[1], hex_id(id_of(0)) + ",0,unit,,0.25");
  EXPECT_EQ(lines(directory / "events.csv")[2], hex_id(id_of(0)) + ",100,unit,\"late, \"\"so\"\"\",0.25");
  EXPECT_EQ(nlohmann::json::parse(lines(directory / "events.jsonl")[1]).at("cause"), "late, \"so\"");
  const auto columns = nlohmann::json::parse(content(directory / "columns.json")).at("tables").at("events");
  EXPECT_EQ(columns.at(3).at("name"), "cause");
  EXPECT_EQ(columns.at(3).at("type"), "text");
}

TEST_F(TablesTest, one_more_is_explained) {
  const auto topics = find_topics(glossary(with_events()), "events.cause");
  ASSERT_EQ(topics.size(), 1u);
  EXPECT_EQ(topics[0].doc.meaning, "Why it died.");
  EXPECT_TRUE(find_topics(glossary(), "events.cause").empty());
  for (const Table& table : result_tables())
    for (const Column& column : table.columns)
      EXPECT_EQ(find_topics(glossary(), table.name + "." + column.info.name).size(), 1u) << column.info.name;
}

TEST_F(TablesTest, one_more_is_merged) {
  const Tables tables = with_events();
  const auto whole = stored("whole", runs_of(0, 4), tables);
  {
    StoreMerge merge(directory_, header_of(4), tables);
    merge.add(stored("first", runs_of(0, 3), tables));
    merge.add(stored("second", runs_of(2, 4), tables));
    EXPECT_EQ(merge.counts().twice, 1u);
    for (std::uint64_t i = 0; i < 4; ++i) merge.place(run_of(i).run);
    merge.commit();
  }
  export_tables(whole, {}, tables);
  export_tables(directory_, {}, tables);
  EXPECT_EQ(content(directory_ / "events.csv"), content(whole / "events.csv"));
  EXPECT_EQ(lines(whole / "events.csv").size(), 1u + 8);
}

// A run with one row in every table, so that any cell can be changed alone.
TEST_F(TablesTest, a_change_of_any_cell_is_found) {
  const Tables tables = with_events();
  FinishedRun run = full_run_of(0);
  run.record.metrics.resize(1);
  run.record.layers.resize(1);
  const auto right = stored("right", {run}, tables), changed = root_ / "changed";
  for (const Table& table : tables) {
    ASSERT_EQ(table.rows(run.record).count, 1u) << table.name;
    for (const Column& column : table.columns) {
      std::filesystem::remove_all(changed);
      std::filesystem::copy(right, changed);
      SQLite::Database(changed / kStoreFile, SQLite::OPEN_READWRITE)
          .exec("UPDATE " + table.stored_name + " SET " + quoted(column.info.name) + " = 77");
      RecordCheck check(changed, 1, tables);
      check.choose(1);
      const auto found = check.difference(run);
      ASSERT_TRUE(found) << table.name << ", " << column.info.name;
      EXPECT_TRUE(found->starts_with(table.name)) << *found;
      EXPECT_NE(found->find(column.info.name + " is "), std::string::npos) << *found;

      StoreMerge merge(root_ / "merged", header_of(4), tables);
      merge.add(right);
      merge.add(changed);
      ASSERT_EQ(merge.conflicts().size(), 1u) << table.name << ", " << column.info.name;
    }
  }
}

TEST_F(TablesTest, a_missing_row_of_any_table_is_found) {
  for (const Table& table : result_tables()) {
    if (table.has_one_row()) continue;
    const auto directory = stored(table.name, {full_run_of(0)}, result_tables());
    SQLite::Database(directory / kStoreFile, SQLite::OPEN_READWRITE)
        .exec("DELETE FROM " + table.stored_name + " WHERE run = 1");
    RecordCheck check(directory, 1);
    check.choose(1);
    EXPECT_EQ(check.difference(full_run_of(0)), table.name + ": one has more rows than the other");
  }
}

// A column that reads another field than it did.
TEST_F(TablesTest, a_broken_column_is_found) {
  const auto directory = stored("stored", runs_of(0, 1), result_tables());
  Tables broken = result_tables();
  ASSERT_EQ(broken[2].columns[3].info.name, "dead_fraction");
  broken[2].columns[3].read = broken[2].columns[4].read;
  RecordCheck check(directory, 1, broken);
  check.choose(1);
  EXPECT_EQ(check.difference(run_of(0)), "layers, step 0, layer 1: dead_fraction is missing and 0.25");
}

TEST_F(TablesTest, a_store_of_other_tables_is_refused_by_everything) {
  const auto ours = stored("ours", runs_of(0, 1), result_tables());
  const char* const part = "of another version of deadrelu";
  for (const Tables& tables : {with_events(), without_a_column()}) {
    expect_input_output_error(error_of([&] { ResultStore store(ours, header_of(4), tables); }), part);
    expect_input_output_error(error_of([&] { StoreReader reader(ours, tables); }), part);
    expect_input_output_error(error_of([&] { RecordCheck check(ours, 1, tables); }), part);
    expect_input_output_error(error_of([&] { export_tables(ours, {}, tables); }), part);
    expect_input_output_error(error_of([&] {
                                StoreMerge merge(root_ / "merged", header_of(4), tables);
                                merge.add(ours);
                              }),
                              part);
  }
}

TEST_F(TablesTest, the_format_follows_names_keys_and_types) {
  const auto ours = stored("ours", runs_of(0, 1), result_tables());
  const auto refused = [&](const auto& change) {
    Tables tables = result_tables();
    change(tables[1]);
    return error_of([&] { StoreReader reader(ours, tables); }).first == ExitCode::kInputOutput;
  };
  EXPECT_TRUE(refused([](Table& table) { table.name = "measures"; }));
  EXPECT_TRUE(refused([](Table& table) { table.stored_name = "measure_rows"; }));
  EXPECT_TRUE(refused([](Table& table) { table.keys = 2; }));
  EXPECT_TRUE(refused([](Table& table) { std::swap(table.columns[1], table.columns[2]); }));
  EXPECT_TRUE(refused([](Table& table) { table.columns[1].info.type = ColumnType::kInteger; }));
  EXPECT_TRUE(refused([](Table& table) { table.columns[1].info.name = "epochs"; }));
  Tables reworded = result_tables();
  reworded[1].columns[1].info.meaning = "In other words.";
  EXPECT_EQ(StoreReader(ours, reworded).recorded_count(), 1u);
}

TEST_F(TablesTest, the_summary_takes_the_columns_that_say_so) {
  Tables tables = result_tables();
  for (Column& column : tables[0].columns) column.info.summary = SummaryUse::kOmitted;
  tables[0].columns[1].info.summary = SummaryUse::kQuantity;
  ASSERT_EQ(tables[0].columns[1].info.name, "steps");
  const auto directory = stored("summed", runs_of(0, 2), tables);
  export_tables(directory, {}, tables);
  EXPECT_EQ(lines(directory / "summary.csv")[0],
            "train.optimizer.learning_rate,n,diverged,steps_mean,steps_std,steps_median,steps_q25,steps_q75,"
            "steps_low,steps_high,diverged_fraction,diverged_low,diverged_high");
  EXPECT_TRUE(lines(directory / "summary.csv")[1].starts_with("0.5,2,0,100.0,0.0,100.0,"));
}

}  // namespace
}  // namespace deadrelu
