// The store of a result directory, written as runs finish.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/store_reader.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Throws UserError(kInputOutput): no directory, disk full, a store of another engine epoch, a file that is no
// store, another process that is writing (the second says so and leaves).
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

}  // namespace deadrelu
