// What the store of a result directory holds, and how it is read. No other folder knows SQLite.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "probe/columns.h"
#include "sweep/planned_run.h"

namespace deadrelu {

inline constexpr const char* kStoreFile = "results.sqlite";

// Which sweep the store holds: written when a run of it starts, read by everything that only gets a
// directory.
struct StoreHeader {
  std::string name;
  std::string config;  // the resolved config (JSON)
  int engine_epoch = 0;
  std::vector<SweptColumn> swept;  // columns of `runs`
  std::uint64_t run_count = 0;     // runs of the whole sweep
  std::string directory = {};      // of the config file, absolute: where its relative paths start
  Shard shard = {};                // the part of the sweep that the store is for
  std::uint64_t shard_runs() const { return shard.size_before(run_count); }
};

// A file that runs were trained on.
struct InputFile {
  std::string name;    // as the config has it
  std::string sha256;  // hex
};

// A name as an SQL identifier; it may hold any character.
std::string quoted(const std::string& name);

// Whether a directory has a store of results.
bool has_store(const std::filesystem::path& directory);
// Plays back what a writer that was killed left in a rollback journal, which has to be done before anybody may read; not
// while somebody writes. Throws UserError(kInputOutput).
void roll_back(const std::filesystem::path& directory);
// Whether that store has nothing in it: whoever made it was stopped before the first write. REQUIRES: has_store.
bool is_empty_store(const std::filesystem::path& directory);

using OnColumns = std::function<void(std::span<const std::string> names)>;
using OnRow = std::function<void(std::span<const Cell> cells)>;

// Never changes the directory, and works beside a writer.
class StoreReader {
 public:
  // Throws UserError(kInputOutput) where there is no readable store.
  explicit StoreReader(const std::filesystem::path& directory, const Tables& tables = result_tables());
  ~StoreReader();

  const StoreHeader& header() const;
  bool recorded(std::uint64_t run_id) const;
  std::uint64_t recorded_count() const;  // runs of the header's sweep
  std::uint64_t diverged_count() const;
  std::vector<InputFile> input_files() const;  // by name
  // False where the sweep was changed and the command that changed it was cut off before it had placed the
  // recorded runs in the new sweep (running it again does): the tables may then lack runs that are recorded.
  bool places_complete() const;

  // Runs one read-only SQL statement over the views runs, metrics, … of all tables, whose columns are those of
  // the exported ones; median(x), which SQLite lacks, is there too. Throws UserError(kUsage) with SQLite's
  // sentence for a wrong statement and for one that would write.
  void query(const std::string& sql, const OnColumns& columns, const OnRow& row) const;
  void for_each_row(const std::string& sql, const OnRow& row) const {
    query(
        sql, [](const auto&) {}, row);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
