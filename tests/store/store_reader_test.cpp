#include "store/store_reader.h"

#include <csignal>

#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "store/cells.h"
#include "store/connection.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

using StoreReaderTest = StoreTest;

void read_everything(const std::filesystem::path& directory, std::uint64_t runs) {
  const StoreReader reader(directory);
  EXPECT_EQ(reader.header().name, "test");
  EXPECT_EQ(reader.recorded_count(), runs);
  EXPECT_EQ(reader.diverged_count(), 0u);
  EXPECT_TRUE(reader.recorded(id_of(0)));
  EXPECT_EQ(query(reader, "SELECT * FROM runs").size(), runs);
}

TEST_F(StoreReaderTest, reading_leaves_no_trace) {
  {
    ResultStore store(directory_, header_of(10));
    store.write(runs_of(0, 10));
  }
  const auto before = snapshot(directory_);
  read_everything(directory_, 10);
  EXPECT_EQ(snapshot(directory_), before);
}

TEST_F(StoreReaderTest, reading_after_a_kill_sees_every_run_and_leaves_no_trace) {
  run_and_kill([&] {
    auto* store = new ResultStore(directory_, header_of(10));
    store->write(runs_of(0, 10));
  });
  ASSERT_TRUE(std::filesystem::exists(directory_ / "results.sqlite-wal"));
  const auto before = snapshot(directory_);
  read_everything(directory_, 10);
  EXPECT_EQ(snapshot(directory_), before);
}

TEST_F(StoreReaderTest, a_log_without_a_page_that_a_killed_writer_left_is_no_hindrance) {
  run_and_kill([&] {
    auto* store = new ResultStore(directory_, header_of(10));
    store->write(runs_of(0, 10));
  });
  const std::string log = (directory_ / "results.sqlite-wal").string();
  std::string header(32, ' ');
  std::ifstream(log, std::ios::binary).read(header.data(), 32);
  { const ResultStore brings_in_order(directory_, header_of(10)); }
  ASSERT_FALSE(std::filesystem::exists(log));
  std::ofstream(directory_ / ".lock").flush();  // its holder is gone
  std::ofstream(directory_ / "results.sqlite-shm") << std::string(32768, '\0');
  for (const std::string& begun : {std::string(), header}) {
    std::ofstream(log, std::ios::binary) << begun;
    const auto before = snapshot(directory_);
    read_everything(directory_, 10);
    EXPECT_EQ(snapshot(directory_), before);
  }
  std::ofstream(log).flush();
  std::filesystem::remove(directory_ / "results.sqlite-shm");
  read_everything(directory_, 10);
}

TEST_F(StoreReaderTest, a_log_is_read_also_where_its_index_is_gone) {
  run_and_kill([&] {
    auto* store = new ResultStore(directory_, header_of(10));
    store->write(runs_of(0, 10));
  });
  ASSERT_GT(std::filesystem::file_size(directory_ / "results.sqlite-wal"), 32u);
  ASSERT_TRUE(std::filesystem::remove(directory_ / "results.sqlite-shm"));
  read_everything(directory_, 10);
}

TEST_F(StoreReaderTest, a_directory_without_write_permission_can_be_read) {
  {
    ResultStore store(directory_, header_of(10));
    store.write(runs_of(0, 10));
  }
  chmod(directory_.c_str(), 0555);
  chmod((directory_ / "results.sqlite").c_str(), 0444);
  read_everything(directory_, 10);
  chmod(directory_.c_str(), 0755);
}

TEST_F(StoreReaderTest, a_reader_works_beside_a_writer_and_keeps_its_view) {
  ResultStore store(directory_, header_of(10));
  store.write(runs_of(0, 4));
  const StoreReader reader(directory_);
  EXPECT_EQ(reader.recorded_count(), 4u);
  store.write(runs_of(4, 6));
  store.flush();
  EXPECT_EQ(reader.recorded_count(), 4u);
  EXPECT_EQ(StoreReader(directory_).recorded_count(), 6u);
}

TEST_F(StoreReaderTest, a_missing_store_is_a_sentence) {
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "no such directory");
  std::filesystem::create_directories(directory_);
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "holds no results");
  std::filesystem::create_directories(directory_ / "shards");
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "merge");
  std::ofstream(directory_ / "results.sqlite") << "";
  expect_input_output_error(error_of([&] { StoreReader reader(directory_); }), "empty");
}

TEST_F(StoreReaderTest, views_have_the_exported_columns_and_rows_in_canonical_order) {
  ResultStore store(directory_, header_of(4));
  for (const std::uint64_t i : {3u, 1u, 0u, 2u}) store.write(std::vector<FinishedRun>{full_run_of(i)});
  store.flush();
  export_tables(directory_, {});
  const StoreReader reader(directory_);
  for (const Table& table : result_tables()) {
    if (table.has_json()) continue;
    std::string text;
    reader.query(
        "SELECT * FROM " + table.name,
        [&](std::span<const std::string> names) {
          for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
          text += '\n';
        },
        [&](std::span<const Cell> row) {
          for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text += ',';
            append_csv_cell(text, row[i]);
          }
          text += '\n';
        });
    EXPECT_EQ(text, content(directory_ / (table.name + ".csv")));
  }
}

TEST_F(StoreReaderTest, a_join_of_tables_on_the_run_id_is_quick) {
  constexpr std::uint64_t kRuns = 3000;
  ResultStore store(directory_, header_of(kRuns));
  store.write(runs_of(0, kRuns));
  store.flush();
  // Every pair of rows compared would be 4·10⁷ formatted ids, half a minute.
  const StoreReader reader(directory_);
  for (const char* tables : {"layers JOIN runs USING (run_id)", "runs JOIN layers USING (run_id)"}) {
    const auto rows = query(reader, std::string("SELECT count(*) FROM ") + tables + " WHERE seed = 1");
    EXPECT_EQ(rows[0][0], Cell(std::int64_t{kRuns / 2 * 4}));
  }
  EXPECT_EQ(query(reader,
                  "SELECT r.run_id, max(l.units) FROM runs r JOIN layers l ON l.run_id = r.run_id GROUP BY 1")
                .size(),
            kRuns);
}

TEST_F(StoreReaderTest, queries_only_read) {
  ResultStore(directory_, header_of(2)).write(runs_of(0, 2));
  const StoreReader reader(directory_);
  const auto before = snapshot(directory_);
  for (const char* sql :
       {"DELETE FROM run_results", "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "DROP VIEW runs",
        "ATTACH 'attached.sqlite' AS other", "PRAGMA journal_mode = delete", "PRAGMA user_version = 7",
        "VACUUM INTO 'vacuumed.sqlite'", "COMMIT", "SELECT load_extension('x')", "SELECT 1; SELECT 2",
        "SELECT 1; ; DELETE FROM places", "SELECT nothing FROM runs", "SELEC 1", "", " -- nothing",
        "SELECT abs(-9223372036854775808)"}) {
    EXPECT_EQ(error_of([&] { query(reader, sql); }).first, ExitCode::kUsage) << sql;
  }
  EXPECT_EQ(snapshot(directory_), before);
  EXPECT_EQ(query(reader, "SELECT 1; -- one").size(), 1u);
  EXPECT_EQ(
      query(reader,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n;")
          .size(),
      5u);
}

TEST_F(StoreReaderTest, cells_have_their_types) {
  ResultStore(directory_, header_of(2)).write(runs_of(0, 2));
  const auto rows = query(StoreReader(directory_),
                          "SELECT run_id, seed, \"train.optimizer.learning_rate\", steps, diverged_step, "
                          "status, 9e999 FROM runs");
  ASSERT_EQ(rows.size(), 2u);
  const std::vector<Cell> expected{hex_id(id_of(1)),
                                   std::int64_t{1},
                                   0.5,
                                   std::int64_t{100},
                                   std::monostate(),
                                   std::string("ok"),
                                   std::numeric_limits<double>::infinity()};
  EXPECT_EQ(rows[1], expected);
}

TEST(SqliteError, a_full_disk_is_told_as_such) {
  expect_input_output_error(error_of([] { throw_sqlite_error("results.sqlite", SQLITE_FULL, "x", 0); }),
                            "results.sqlite: the disk is full");
  expect_input_output_error(error_of([] { throw_sqlite_error("f", SQLITE_IOERR_WRITE, "x", EDQUOT); }),
                            "the disk is full");
}

}  // namespace
}  // namespace deadrelu
