// The store of a result directory: DIR/results.sqlite, written as runs finish. The only folder that knows
// SQLite.
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
#include "sweep/shard.h"

namespace deadrelu {

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

// The writing side. Throws UserError(kInputOutput): no directory, disk full, a store of another engine epoch,
// a file that is no store, another process that is writing (the second says so and leaves).
class ResultStore {
 public:
  // Creates DIR and the store, or opens it and keeps every run that it holds. A header that differs from the
  // stored one replaces it; runs of the former sweep stay stored, and are exported again once place() has
  // named them.
  ResultStore(const std::filesystem::path& directory, const StoreHeader& header,
              const Tables& tables = result_tables());
  ~ResultStore();

  bool recorded(std::uint64_t run_id) const;
  std::uint64_t recorded_count() const;

  // Stores runs whole or not at all: each call is one committed transaction, so that a kill -9 loses nothing
  // that was handed over (a power cut may lose what came since the last flush). Runs that failed
  // (FinishedRun::failure) are not stored; runs that are recorded already only get their place.
  void write(std::span<const FinishedRun> runs);
  // A recorded run that belongs to the sweep of the header: its position and swept values. Cheap where known.
  void place(const PlannedRun& run);
  // What recorded runs were trained on; adding a name again changes its digest.
  std::vector<InputFile> input_files() const;
  void add_input_file(const InputFile& file);
  // Everything handed over is on disk when it returns. REQUIRES: after a change of the header, that the
  // recorded runs met so far are placed: from here on the tables count as those of the new sweep, and may be
  // exported.
  void flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The reading side: never changes the directory, and works beside a writer.
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
  // the exported ones. Throws UserError(kUsage) with SQLite's sentence for a wrong statement and
  // for one that would write.
  void query(const std::string& sql, const std::function<void(std::span<const std::string>)>& columns,
             const std::function<void(std::span<const Cell>)>& row) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
