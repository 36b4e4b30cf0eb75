#include "store/result_store.h"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

using ResultStoreTest = StoreTest;

TEST_F(ResultStoreTest, a_written_run_is_recorded_and_still_is_after_reopening) {
  {
    ResultStore store(directory_, header_of(4));
    EXPECT_FALSE(store.recorded(id_of(0)));
    store.write(runs_of(0, 2));
    EXPECT_TRUE(store.recorded(id_of(0)));
    EXPECT_EQ(store.recorded_count(), 2u);
  }
  const ResultStore store(directory_, header_of(4));
  EXPECT_TRUE(store.recorded(id_of(1)));
  EXPECT_FALSE(store.recorded(id_of(2)));
  EXPECT_EQ(store.recorded_count(), 2u);
}

TEST_F(ResultStoreTest, a_failed_run_is_not_stored) {
  ResultStore store(directory_, header_of(2));
  auto runs = runs_of(0, 2);
  runs[0].failure = "no memory";
  store.write(runs);
  EXPECT_FALSE(store.recorded(id_of(0)));
  EXPECT_TRUE(store.recorded(id_of(1)));
}

TEST_F(ResultStoreTest, a_run_written_twice_is_there_once) {
  ResultStore store(directory_, header_of(2));
  store.write(runs_of(0, 2));
  store.write(runs_of(0, 2));
  const std::vector<FinishedRun> twice{run_of(5, 1), run_of(5, 1)};
  store.write(twice);
  EXPECT_EQ(store.recorded_count(), 3u);
  store.flush();
  EXPECT_EQ(query(StoreReader(directory_), "SELECT * FROM runs").size(), 2u);
}

TEST_F(ResultStoreTest, a_run_at_two_points_of_the_sweep_has_both_places) {
  ResultStore store(directory_, header_of(2));
  store.write(std::vector<FinishedRun>{run_of(0, 0)});
  store.place(run_of(0, 1).run);
  store.flush();
  EXPECT_EQ(StoreReader(directory_).recorded_count(), 2u);
}

TEST_F(ResultStoreTest, a_flushed_store_holds_no_pages_in_memory) {
  ResultStore store(directory_, header_of(5000));
  const sqlite3_int64 before = sqlite3_memory_used();
  store.write(runs_of(0, 5000));
  EXPECT_GT(sqlite3_memory_used(), before + 500'000);
  store.flush();
  EXPECT_LT(sqlite3_memory_used(), before + 100'000);
}

TEST_F(ResultStoreTest, many_runs_are_all_found_again) {
  constexpr std::uint64_t kRuns = 40'000;  // past the merging of the index
  {
    ResultStore store(directory_, header_of(kRuns));
    std::vector<FinishedRun> runs;
    for (std::uint64_t i = 0; i < kRuns; ++i) {
      runs.push_back(run_of(i));
      runs.back().record = {};
    }
    store.write(runs);
    EXPECT_EQ(store.recorded_count(), kRuns);
    for (std::uint64_t i = 0; i < kRuns; ++i) ASSERT_TRUE(store.recorded(id_of(i)));
    EXPECT_FALSE(store.recorded(id_of(kRuns)));
  }
  const StoreReader reader(directory_);
  for (std::uint64_t i = 0; i < kRuns; ++i) ASSERT_TRUE(reader.recorded(id_of(i)));
  EXPECT_FALSE(reader.recorded(id_of(kRuns)));
}

TEST_F(ResultStoreTest, kill_9_keeps_every_written_run_whole) {
  run_and_kill([&] {
    auto* store = new ResultStore(directory_, header_of(100));
    for (std::uint64_t i = 0; i < 50; i += 2) store->write(runs_of(i, i + 2));
  });
  {
    const ResultStore store(directory_, header_of(100));
    EXPECT_EQ(store.recorded_count(), 50u);
  }
  export_tables(directory_, {});
  EXPECT_EQ(lines(directory_ / "runs.csv").size(), 1u + 50);
  EXPECT_EQ(lines(directory_ / "metrics.csv").size(), 1u + 50 * 2);
  EXPECT_EQ(lines(directory_ / "layers.csv").size(), 1u + 50 * 4);
}

TEST_F(ResultStoreTest, kill_9_in_the_middle_of_writing_leaves_no_half_run) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto* store = new ResultStore(directory_, header_of(1u << 30));
    for (std::uint64_t i = 0;; i += 8) store->write(runs_of(i, i + 8));
  }
  usleep(150'000);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const ResultStore store(directory_, header_of(1u << 30));
  const StoreReader reader(directory_);
  EXPECT_GT(reader.recorded_count(), 0u);
  EXPECT_EQ(reader.recorded_count() % 8, 0u);
  EXPECT_EQ(reader.recorded_count(), store.recorded_count());
  EXPECT_TRUE(query(reader, "SELECT run_id FROM layers GROUP BY run_id HAVING count(*) <> 4").empty());
  EXPECT_EQ(query(reader, "SELECT DISTINCT run_id FROM metrics").size(), reader.recorded_count());
  EXPECT_EQ(query(reader, "PRAGMA table_info(run_results)").front().size(), 6u);
}

TEST_F(ResultStoreTest, a_second_writer_is_refused_and_the_next_one_is_not) {
  {
    const ResultStore store(directory_, header_of(2));
    expect_input_output_error(error_of([&] { ResultStore second(directory_, header_of(2)); }),
                              directory_.string() + " is being written by another process");
  }
  const ResultStore next(directory_, header_of(2));
}

TEST_F(ResultStoreTest, a_closed_store_leaves_one_file) {
  {
    ResultStore store(directory_, header_of(2));
    store.write(runs_of(0, 2));
  }
  const auto files = snapshot(directory_);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files.begin()->first, "results.sqlite");
}

TEST_F(ResultStoreTest, a_store_of_another_engine_epoch_is_refused) {
  { const ResultStore store(directory_, header_of(2)); }
  StoreHeader header = header_of(2);
  header.engine_epoch = 2;
  expect_input_output_error(error_of([&] { ResultStore store(directory_, header); }), "engine epoch 1");
}

TEST_F(ResultStoreTest, a_store_of_another_format_is_refused) {
  { const ResultStore store(directory_, header_of(2)); }
  SQLite::Database(directory_ / "results.sqlite", SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  expect_input_output_error(error_of([&] { ResultStore store(directory_, header_of(2)); }),
                            "format 99, of another version");
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }),
                            "format 99, of another version");
}

TEST_F(ResultStoreTest, a_truncated_store_is_refused) {
  {
    ResultStore store(directory_, header_of(200));
    store.write(runs_of(0, 200));
  }
  const auto file = directory_ / "results.sqlite";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  expect_input_output_error(error_of([&] { ResultStore store(directory_, header_of(200)); }), "damaged");
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "damaged");
}

TEST_F(ResultStoreTest, a_file_that_is_no_database_is_refused_and_kept) {
  std::filesystem::create_directories(directory_);
  const std::string text(5000, 'x');
  std::ofstream(directory_ / "results.sqlite") << text;
  expect_input_output_error(error_of([&] { ResultStore store(directory_, header_of(2)); }),
                            "no deadrelu store");
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "no deadrelu store");
  EXPECT_EQ(content(directory_ / "results.sqlite"), text);
  EXPECT_EQ(snapshot(directory_).size(), 1u);
}

TEST_F(ResultStoreTest, another_programs_database_is_refused_and_kept) {
  std::filesystem::create_directories(directory_);
  SQLite::Database(directory_ / "results.sqlite", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE t (a)");
  const auto before = snapshot(directory_);
  expect_input_output_error(error_of([&] { ResultStore store(directory_, header_of(2)); }),
                            "no deadrelu store");
  EXPECT_EQ(snapshot(directory_), before);
}

TEST_F(ResultStoreTest, a_directory_that_cannot_be_made_is_a_sentence) {
  std::ofstream(root_ / "file") << "x";
  expect_input_output_error(error_of([&] { ResultStore store(root_ / "file" / "below", header_of(2)); }),
                            "cannot be made");
  expect_input_output_error(error_of([&] { ResultStore store(root_ / "file", header_of(2)); }),
                            "cannot be made");
}

// The ids of runs.csv, as run numbers.
std::vector<std::uint64_t> exported_runs(const std::filesystem::path& directory) {
  export_tables(directory, {});
  std::vector<std::uint64_t> runs;
  for (const std::string& line : lines(directory / "runs.csv"))
    for (std::uint64_t i = 0; i < 10; ++i)
      if (line.starts_with(hex_id(id_of(i)))) runs.push_back(i);
  return runs;
}

// Walks a sweep of these runs, as the runner does.
void resume(const std::filesystem::path& directory, const StoreHeader& header,
            const std::vector<std::uint64_t>& runs) {
  ResultStore store(directory, header);
  for (std::uint64_t position = 0; position < runs.size(); ++position) {
    const FinishedRun run = run_of(runs[position], position);
    if (store.recorded(run.run.id)) {
      store.place(run.run);
    } else {
      store.write(std::vector<FinishedRun>{run});
    }
  }
  store.flush();
}

TEST_F(ResultStoreTest, a_sweep_may_grow_shrink_and_be_reordered) {
  using Runs = std::vector<std::uint64_t>;
  resume(directory_, header_of(4), {0, 1, 2, 3});
  EXPECT_EQ(exported_runs(directory_), (Runs{0, 1, 2, 3}));
  resume(directory_, header_of(6, "{\"a\": 2}"), {4, 0, 1, 2, 3, 5});
  EXPECT_EQ(exported_runs(directory_), (Runs{4, 0, 1, 2, 3, 5}));
  resume(directory_, header_of(4, "{\"a\": 3}"), {3, 2, 1, 0});
  EXPECT_EQ(exported_runs(directory_), (Runs{3, 2, 1, 0}));
  resume(directory_, header_of(2, "{\"a\": 4}"), {5, 1});
  EXPECT_EQ(exported_runs(directory_), (Runs{5, 1}));
  EXPECT_EQ(StoreReader(directory_).recorded_count(), 2u);
  EXPECT_EQ(ResultStore(directory_, header_of(2, "{\"a\": 4}")).recorded_count(), 6u);
}

TEST_F(ResultStoreTest, other_swept_columns_replace_the_former_ones) {
  resume(directory_, header_of(2), {0, 1});
  StoreHeader header = header_of(2, "{}");
  header.swept = {{"model.\"hidden\"", ColumnType::kText}, {"train.steps", ColumnType::kInteger}};
  {
    ResultStore store(directory_, header);
    PlannedRun run = run_of(1, 0).run;
    run.values = {std::string("[16,16]"), std::int64_t{7}};
    store.place(run);
    store.flush();
  }
  const StoreReader reader(directory_);
  EXPECT_EQ(reader.header().swept[0].path, "model.\"hidden\"");
  EXPECT_EQ(reader.header().swept[1].type, ColumnType::kInteger);
  const auto rows = query(reader, "SELECT \"model.\"\"hidden\"\"\", \"train.steps\" FROM runs");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0], (std::vector<Cell>{std::string("[16,16]"), std::int64_t{7}}));
}

TEST_F(ResultStoreTest, a_kill_between_a_new_sweep_and_its_places_refuses_exports_until_resumed) {
  resume(directory_, header_of(4), {0, 1, 2, 3});
  run_and_kill([&] {
    auto* store = new ResultStore(directory_, header_of(3, "{}"));
    store->place(run_of(2, 0).run);
  });
  expect_input_output_error(error_of([&] { export_tables(directory_, {}); }), "cut off");
  EXPECT_FALSE(StoreReader(directory_).places_complete());
  resume(directory_, header_of(3, "{}"), {2, 1, 0});
  EXPECT_EQ(exported_runs(directory_), (std::vector<std::uint64_t>{2, 1, 0}));
}

}  // namespace
}  // namespace deadrelu
