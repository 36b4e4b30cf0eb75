#include "store/store_merge.h"

#include <cmath>
#include <csignal>

#include <sys/wait.h>

#include <SQLiteCpp/Database.h>

#include "store/record_check.h"
#include "store_fixture.h"

namespace deadrelu {
namespace {

using namespace store_testing;

class StoreMergeTest : public StoreTest {
 protected:
  // A store of the runs from `from` up to `to`.
  std::filesystem::path part(const std::string& name, std::uint64_t from, std::uint64_t to) {
    ResultStore store(root_ / name, header_of(8));
    store.write(full_runs_of(from, to));
    store.flush();
    return root_ / name;
  }

  void place_all(StoreMerge& merge) {
    for (std::uint64_t i = 0; i < 8; ++i) merge.place(run_of(i).run);
  }
};

TEST_F(StoreMergeTest, parts_in_any_order_give_the_tables_of_the_whole) {
  const auto whole = part("whole", 0, 8);
  StoreMerge merge(directory_, header_of(8));
  for (const auto& [from, to] : {std::pair(5, 8), std::pair(0, 3), std::pair(2, 6)})
    merge.add(part("part" + std::to_string(from), static_cast<std::uint64_t>(from),
                   static_cast<std::uint64_t>(to)));
  EXPECT_EQ(merge.counts().stores, 3u);
  EXPECT_EQ(merge.counts().joined, 8u);
  EXPECT_EQ(merge.counts().twice, 2u);
  EXPECT_EQ(merge.counts().conflicts, 0u);
  place_all(merge);
  merge.commit();
  const auto expected = export_tables(whole, {});
  ASSERT_EQ(expected.size(), result_tables().size() + 2);  // and the summary, and columns.json
  export_tables(directory_, {});
  for (const ExportedFile& file : expected)
    EXPECT_EQ(content(directory_ / file.name), content(whole / file.name)) << file.name;
}

TEST_F(StoreMergeTest, without_a_commit_nothing_has_happened) {
  part("part", 0, 4);
  { StoreMerge merge(directory_, header_of(8)); }
  EXPECT_FALSE(std::filesystem::exists(directory_));
  {
    ResultStore store(directory_, header_of(8));
    store.write(runs_of(4, 6));
  }
  const auto before = snapshot(directory_);
  {
    StoreMerge merge(directory_, header_of(8));
    merge.add(root_ / "part");
    place_all(merge);
  }
  EXPECT_EQ(snapshot(directory_), before);
}

TEST_F(StoreMergeTest, a_difference_in_one_bit_is_named) {
  auto other = full_run_of(3);
  other.record.layers[2].dead_fraction = std::nextafter(0.25, 1);
  {
    ResultStore store(root_ / "other", header_of(8));
    store.write(std::vector{other});
  }
  StoreMerge merge(directory_, header_of(8));
  merge.add(part("part", 0, 8));
  merge.add(root_ / "other");
  ASSERT_EQ(merge.conflicts().size(), 1u);
  EXPECT_EQ(merge.conflicts()[0].what, "run " + hex_id(id_of(3)));
  EXPECT_NE(merge.conflicts()[0].sentence.find(
                "layers, step 100, layer 1: dead_fraction is 0.25 and 0.25000000000000006"),
            std::string::npos)
      << merge.conflicts()[0].sentence;
}

TEST_F(StoreMergeTest, files_of_other_content_are_a_conflict) {
  for (const char* name : {"a", "b"}) {
    ResultStore store(root_ / name, header_of(8));
    store.add_input_file({"data.csv", name});
  }
  StoreMerge merge(directory_, header_of(8));
  merge.add(root_ / "a");
  merge.add(root_ / "b");
  ASSERT_EQ(merge.conflicts().size(), 1u);
  EXPECT_EQ(merge.conflicts()[0].what, "data.csv");
}

// As on a network file system, where there is no write-ahead log.
TEST_F(StoreMergeTest, a_rollback_journal_of_a_killed_writer_is_played_back) {
  const auto killed = part("killed", 0, 8);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    SQLite::Database db(killed / "results.sqlite", SQLite::OPEN_READWRITE);
    db.exec("PRAGMA journal_mode = truncate");
    db.exec("PRAGMA cache_size = 1");
    db.exec("BEGIN");
    db.exec("UPDATE layer_rows SET dead_fraction = 0.5");
    db.exec("UPDATE metric_rows SET train_loss = 1");
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ASSERT_GT(std::filesystem::file_size(killed / "results.sqlite-journal"), 0u);
  StoreMerge merge(directory_, header_of(8));
  merge.add(part("whole", 0, 8));
  merge.add(killed);
  EXPECT_EQ(merge.counts().conflicts, 0u);
  EXPECT_EQ(merge.counts().twice, 8u);
}

TEST_F(StoreMergeTest, a_directory_that_is_written_is_refused) {
  const ResultStore writer(directory_, header_of(8));
  expect_input_output_error(error_of([&] { StoreMerge merge(directory_, header_of(8)); }),
                            "is being written by another process");
}

TEST_F(StoreMergeTest, a_record_check_finds_the_bit_that_differs) {
  const auto stored = part("stored", 0, 8);
  RecordCheck check(stored, 1);
  EXPECT_EQ(check.recorded_count(), 8u);
  const auto ids = check.choose(8);
  EXPECT_EQ(ids.size(), 8u);
  auto run = full_run_of(5);
  EXPECT_EQ(check.difference(run), std::nullopt);
  run.record.metrics[1].train_loss = std::nextafter(5.25, 6);
  ASSERT_TRUE(check.difference(run));
  EXPECT_NE(check.difference(run)->find("metrics, step 100: train_loss is"), std::string::npos);
  run.record.metrics.pop_back();
  EXPECT_EQ(check.difference(run), "metrics: one has more rows than the other");
}

}  // namespace
}  // namespace deadrelu
